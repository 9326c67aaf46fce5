"""I8: what happened to each seat in parallel runs could have happened one after the other."""

import itertools
import os
import random
from collections import Counter

import pytest

from tests.concurrency.recorded import SKEW_S, record
from tests.proof.linearizable import FREE, NEVER, Cancel, Confirm, Hold, Look, Operation, Sweep, order_of, seat

ROUNDS = 12 if os.environ.get("TIKA_PROOF") == "whole" else 3
UNTIL = 100  # of a hold taken at 0


def history(*operations):
    return [Operation(*operation) for operation in operations]


def linearizable(operations, skew_s=5):
    return order_of(operations, seat(skew_s), FREE)[0]


GOOD = {
    "one after the other": [
        (0, 1, Hold("a", 0, UNTIL)), (2, 3, Confirm("a", 9)), (4, 5, Cancel("a")), (6, 7, Hold("b", 20, 120)),
        (8, 9, Look("HELD", "b")),
    ],
    "the later answer is of the earlier request": [
        (0, 9, Cancel("a")), (1, 8, Hold("a", 0, UNTIL)), (10, 11, Look("FREE")),
    ],
    "asked again": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("a", 7, UNTIL)), (4, 5, Look("HELD", "a"))],
    "lapsed, and the next has it": [
        (0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("b", UNTIL + 6, 200)), (4, 5, Confirm("a", UNTIL + 6, booked=False)),
    ],
    "swept": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Sweep(UNTIL + 6)), (4, 5, Look("FREE"))],
    "not swept yet": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Sweep(UNTIL + 6)), (4, 5, Look("HELD", "a"))],
    "nobody knows whether it was done, and it was": [
        (0, 1, Hold("a", 0, UNTIL)), (2, NEVER, Confirm("a", 9)), (4, 5, Look("BOOKED", "a")),
    ],
    "nobody knows whether it was done, and it was not": [
        (0, 1, Hold("a", 0, UNTIL)), (2, NEVER, Confirm("a", 9)), (4, 5, Look("HELD", "a")),
    ],
    "done long after its caller gave up": [
        (0, 1, Hold("a", 0, UNTIL)), (2, NEVER, Cancel("a")), (4, 5, Confirm("a", 9)), (6, 7, Hold("b", 20, 120)),
    ],
}  # fmt: skip

BROKEN = {
    "one seat held by two": [(0, 5, Hold("a", 0, UNTIL)), (1, 6, Hold("b", 0, UNTIL))],
    "held before it lapsed": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("b", UNTIL + 5, 200))],
    "confirmed after it lapsed": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Confirm("a", UNTIL))],
    "confirmed when another had it": [
        (0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("b", UNTIL + 6, 200)), (4, 5, Confirm("a", UNTIL - 1)),
    ],
    "refused though it stood": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Confirm("a", 9, booked=False))],
    "a booking that is gone": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Confirm("a", 9)), (4, 5, Look("FREE"))],
    "a booking swept away": [
        (0, 1, Hold("a", 0, UNTIL)), (2, 3, Confirm("a", 9)), (4, 5, Sweep(UNTIL + 9)), (6, 7, Hold("b", 200, 300)),
    ],
    "cancelled and still there": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Cancel("a")), (4, 5, Look("HELD", "a"))],
    "a hold that became longer": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("a", 9, UNTIL + 9))],
    "somebody whom nobody knows": [(0, 1, Hold("a", 0, UNTIL)), (2, 3, Look("HELD", "b"))],
    "done before it was asked": [
        (0, 1, Hold("a", 0, UNTIL)), (2, 3, Hold("b", 20, 120)), (4, NEVER, Cancel("a")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_could_have_happened_is_accepted(name):
    assert linearizable(history(*GOOD[name]))


@pytest.mark.parametrize("name", BROKEN)
def test_what_could_not_have_happened_is_rejected(name):
    assert not linearizable(history(*BROKEN[name]))


def test_the_search_finds_what_trying_every_order_finds():
    found = Counter()
    for number in range(300):
        dice = random.Random(number)
        operations = [_random_operation(dice) for _ in range(5)]
        expected = any(_can_be(order) for order in itertools.permutations(operations))
        assert linearizable(operations) == expected, operations
        found[expected] += 1
    assert min(found.values()) > 30


def _random_operation(dice):
    who, now, began = dice.choice("ab"), dice.choice([0, 50, UNTIL, UNTIL + 6]), dice.uniform(0, 10)
    what = dice.choice(
        [
            Hold(who, now, now + UNTIL),
            Hold(who, 0, UNTIL),
            Confirm(who, now),
            Cancel(who),
            Confirm(who, now, booked=False),
            Sweep(now),
        ]
    )
    return Operation(began, began + dice.uniform(0, 8), what)


def _can_be(order):
    """Nothing ended before what comes ahead of it began, and each was told what is possible."""
    if any(later.ended < earlier.began for earlier, later in itertools.combinations(order, 2)):
        return False
    states = {FREE}
    for operation in order:
        states = {after for state in states for after in seat(5)(state, operation.what)}
    return bool(states)


@pytest.mark.system
def test_the_history_of_every_seat_is_linearizable(system, record_property):
    histories = record(system, rounds=ROUNDS)

    kinds = Counter(type(each.what).__name__ for one in histories.values() for each in one)
    unknown = sum(each.ended == NEVER for one in histories.values() for each in one)
    record_property(
        "histories", {"seats": len(histories), "operations": kinds.total(), "whose end nobody knows": unknown}
    )
    for name, one in histories.items():
        well, longest = order_of(one, seat(SKEW_S), FREE)
        assert well, f"{name}: of {len(one)} operations no more than these {len(longest)} fit: {longest}"
    assert kinds["Hold"] > 20
    assert unknown


@pytest.mark.system
def test_the_history_of_a_design_that_looks_before_it_writes_is_not(system):
    """The twin that must lose: the claim's condition is taken out."""
    histories = record(system, rounds=2, design="counting")

    assert not all(order_of(one, seat(SKEW_S), FREE)[0] for one in histories.values())

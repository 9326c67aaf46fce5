"""Functions wait when others are in their way, and must have answered before Lambda ends them."""

import random
from datetime import timedelta

from tests.proof.faults import conflict, lost_race
from tests.proof.scenes import cases
from tests.proof.world import timeout_s
from tika.tables.writing import CONFLICT_TRIES


def test_the_longest_wait_leaves_half_of_its_time_to_a_function(world, monkeypatch):
    """Each transaction meets as many conflicts as are borne, and then a lost race; and chance waits its longest."""
    empty, waited, too_long = world.save(), {}, []
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    for case in (each for each in cases() if each.cold):  # one scene of each event
        world.restore(empty)
        scene = case.prepare(world)
        transactions = 0

        def in_the_way(call, apply):
            nonlocal transactions
            if call.operation != "TransactWriteItems":
                return apply()
            transactions += 1
            return lost_race(call) if transactions % CONFLICT_TRIES == 0 else conflict(call)

        world.on_call = in_the_way
        told = case.send(world, scene)

        waited[case.operation] = max(waited.get(case.operation, timedelta()), world.clock.now - told.at)
        if told.died or waited[case.operation] > timedelta(seconds=timeout_s(case.operation) / 2):
            too_long.append(str(case))
    assert too_long == [], waited
    assert waited["book_slot"] > timedelta(seconds=3)  # or it was not the worst that was tried

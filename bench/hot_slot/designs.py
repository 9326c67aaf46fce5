"""Four ways to sell the places of a slot, as steps on the simulated tables.

Each is what a careful person would write: all look before they write, so that a refusal costs a read, and all try
again after a conflict as Tika does. What differs is where the number of places lives.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from bench.day.constants import TIKA
from bench.hot_slot.rules import Answered, Clock, ConditionFailed, Conflict, Pace, Partition, Table
from tika.booking.seats import BLOCK, REMEMBER, REMEMBER_FOR_EACH, TRIES
from tika.sessions.sessions import KEEP_FOR
from tika.tables.writing import CONFLICT_TRIES

SEAT_BYTES = TIKA["seat_bytes"].value
PAUSE_S = 0.02  # tables.pause: 0 to 20 ms, 40 ms, 80 ms ...


class Crowded(Exception):
    """Other requests were in the way each time: the caller is told to come back in a second."""


class Crashed(Exception):
    """The function died between two writes."""


@dataclass
class Container:
    """What a copy of the function remembers between requests."""

    full_until: dict[int, float] = field(default_factory=dict)
    knows_until: dict[int, float] = field(default_factory=dict)


class Slot:
    """One session with one slot of places: rows, a number, and the partition that both would lie in."""

    def __init__(self, number: int, places: int, pace: Pace, clock: Clock):
        self.number, self.places, self.clock, self.lag_s = number, places, clock, pace.lag_s
        self.partition = Partition(pace)
        self.blocks = [
            list(range(first, min(first + BLOCK, places))) for first in range(0, places, BLOCK)
        ]  # free seats
        self._recent: deque[tuple[float, int]] = deque()  # sold so lately that a stale read may not show it
        self.left = places  # the number that the other designs keep
        self._left_before: deque[tuple[float, int]] = deque()
        self.booked = 0
        self.last_sold = 0.0

    def has_free(self) -> bool:
        return any(self.blocks)

    def units(self, block: int | None) -> float:
        """Read units of a stale look at the rows of a block, or of all."""
        blocks = self.blocks if block is None else self.blocks[block : block + 1]
        there = self.places if block is None else min(BLOCK, self.places - block * BLOCK)
        return max(1, math.ceil((there - sum(map(len, blocks))) * SEAT_BYTES / 4096)) / 2

    def seen_free(self, random: Random, block: int | None, *, consistent: bool) -> int | None:
        """A seat that a look shows free, at random; None where it shows none."""
        now = self.clock.now
        while self._recent and self._recent[0][0] < now - self.lag_s:
            self._recent.popleft()
        shown = [*self.blocks] if block is None else [self.blocks[block]]
        if not consistent:
            shown.append([seat for _, seat in self._recent if block in (None, seat // BLOCK)])
        index = int(random.random() * sum(map(len, shown)))
        for seats in shown:
            if index < len(seats):
                return seats[index]
            index -= len(seats)
        return None

    def sell(self, seat: int) -> Iterator[bool]:
        """For Table.transact: whether the seat is free, and then sell it."""
        block = self.blocks[seat // BLOCK]
        yield seat in block
        block.remove(seat)
        self._recent.append((self.clock.now, seat))
        self.book()
        yield True

    def count_down(self) -> Iterator[bool]:
        """For Table.transact: whether a place is left, and then take it and book."""
        yield self.left > 0
        self.take_one()
        self.book()
        yield True

    def take_one(self) -> None:
        self._left_before.append((self.clock.now, self.left))
        self.left -= 1

    def seen_left(self) -> int:
        """The number as a stale read shows it."""
        before = self._left_before
        while before and before[0][0] < self.clock.now - self.lag_s:
            before.popleft()
        return before[0][1] if before else self.left

    def book(self) -> None:
        self.booked += 1
        self.last_sold = self.clock.now


def tika(table: Table, slot: Slot, container: Container, crash: float) -> Answered[bool]:
    """seats._claim: whether a place was booked. Raises Crowded or Throttled. A crash loses nothing, and is left out."""
    clock, random = table.clock, table.random
    for attempt in range(TRIES):
        yield from table.read(None, 1)  # the account
        if container.knows_until.get(slot.number, 0) <= clock.now:
            yield from table.read(slot.partition, 0.5)  # the session
            container.knows_until[slot.number] = clock.now + KEEP_FOR.total_seconds()
        if container.full_until.get(slot.number, 0) > clock.now:
            return False
        consistent, seat = attempt > 0, None
        for block in (random.randrange(len(slot.blocks)), None) if slot.places > BLOCK else (None,):
            yield from table.read(slot.partition, slot.units(block) * (2 if consistent else 1))
            seat = slot.seen_free(random, block, consistent=consistent)
            if seat is not None:
                break
        if seat is None:
            remembered = max(REMEMBER, slot.places * REMEMBER_FOR_EACH)
            container.full_until[slot.number] = clock.now + remembered.total_seconds()
            return False
        try:
            yield from _transact(table, slot, (slot.number, seat), lambda seat=seat: slot.sell(seat))
        except ConditionFailed:
            yield random.uniform(0, PAUSE_S * 2**attempt)
        else:
            return True
    raise Crowded


def counter_in_transaction(table: Table, slot: Slot, container: Container, crash: float) -> Answered[bool]:
    """The number and the booking in one transaction: never wrong, and everybody writes the same item."""
    yield from table.read(None, 1)
    yield from table.read(slot.partition, 0.5)
    if slot.seen_left() <= 0:
        return False
    try:
        yield from _transact(table, slot, (slot.number, "left"), slot.count_down)
    except ConditionFailed:
        return False
    return True


def counter_then_booking(table: Table, slot: Slot, container: Container, crash: float) -> Answered[bool]:
    """The number first, by a condition, and the booking by a second write: whoever dies in between loses a place."""
    yield from table.read(None, 1)
    yield from table.read(slot.partition, 0.5)
    if slot.seen_left() <= 0:
        return False
    yield from table.write(slot.partition)
    if slot.left <= 0:
        table.used.failed_conditions += 1
        return False
    slot.take_one()
    if table.random.random() < crash:
        raise Crashed
    yield from table.write(None)
    slot.book()
    return True


def check_then_decrement(table: Table, slot: Slot, container: Container, crash: float) -> Answered[bool]:
    """Look at the number, book, count down without condition: whoever looked at the same moment books as well."""
    yield from table.read(None, 1)
    yield from table.read(slot.partition, 0.5)
    if slot.seen_left() <= 0:
        return False
    yield from table.write(None)
    slot.book()
    if table.random.random() < crash:
        raise Crashed
    yield from table.write(slot.partition)
    slot.take_one()
    return True


def _transact(table: Table, slot: Slot, item: object, holds) -> Answered[None]:
    """tables.transact: tries again after a conflict, a little later each time."""
    for attempt in range(CONFLICT_TRIES):
        try:
            yield from table.transact(slot.partition, item, holds())
        except Conflict:
            yield table.random.uniform(0, PAUSE_S * 2**attempt)
        else:
            return
    raise Crowded


DESIGNS = {
    "tika": tika,
    "counter in a transaction": counter_in_transaction,
    "counter, then booking": counter_then_booking,
    "check, then decrement": check_then_decrement,
}

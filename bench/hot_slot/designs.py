"""Four ways to sell the places of a slot, as steps on the simulated tables.

Each is what a careful person would write: all look before they write, so that a refusal costs a read, and all try
again after a conflict as Tika does. What differs is where the number of places lives.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.day.constants import TIKA
from bench.hot_slot.rules import Answered, Clock, ConditionFailed, Conflict, Pace, Partition, Table
from tika.seats import REMEMBER, TRIES
from tika.sessions import KEEP_FOR
from tika.tables import CONFLICT_TRIES

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
        self.free = list(range(places))
        self._at = {seat: seat for seat in range(places)}
        self._recent: deque[tuple[float, int]] = deque()  # sold so lately that a stale read may not show it
        self.left = places  # the number that the other designs keep
        self._left_before: deque[tuple[float, int]] = deque()
        self.booked = 0
        self.last_sold = 0.0

    def taken_rows(self) -> int:
        return self.places - len(self.free)

    def seen_free(self, choose: float, *, consistent: bool) -> int | None:
        """A seat that a read shows free, `choose` from 0 to 1 picking one of them; None where it shows none."""
        now = self.clock.now
        while self._recent and self._recent[0][0] < now - self.lag_s:
            self._recent.popleft()
        stale = [] if consistent else [seat for _, seat in self._recent]
        shown = len(self.free) + len(stale)
        if not shown:
            return None
        index = int(choose * shown)
        return self.free[index] if index < len(self.free) else stale[index - len(self.free)]

    def sell(self, seat: int) -> Iterator[bool]:
        """For Table.transact: whether the seat is free, and then sell it."""
        yield seat in self._at
        index, last = self._at.pop(seat), self.free[-1]
        self.free[index] = last
        self.free.pop()
        if last != seat:
            self._at[last] = index
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
        consistent = attempt > 0
        units = max(1, math.ceil(slot.taken_rows() * SEAT_BYTES / 4096)) * (1 if consistent else 0.5)
        yield from table.read(slot.partition, units)
        seat = slot.seen_free(random.random(), consistent=consistent)
        if seat is None:
            container.full_until[slot.number] = clock.now + REMEMBER.total_seconds()
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

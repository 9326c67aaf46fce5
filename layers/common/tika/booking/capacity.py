"""Changing how many places a session has, and withdrawing it.

A place is taken back as it is sold: by writing its seat row, under the condition under which a claim would. So a cut
and a claim decide between themselves who was first, and no container can sell a place that is gone. The numbers of
seats in the session row only ever grow.

Changes of one session exclude each other by its `change_id`, which every write of a change demands to find unchanged.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from tika.booking import seats
from tika.clock import epoch
from tika.refusals import Busy, Crowded, NoSuchSession, NoSuchSlot, SeatsInUse
from tika.sessions import sessions
from tika.tables.slots import Seat, SessionRow
from tika.tables.statuses import REMOVED
from tika.tables.writing import Cancelled, ConditionFailed, transact, update

if TYPE_CHECKING:
    from tika.sessions.publishing import SlotSeats

AT_ONCE = 24  # seats in a transaction: more would meet more claims on their way, and lose to them
WORK_FOR_S = 20  # API Gateway hangs up after 29
TRIES = 20  # looks at the seats of one slot before giving way to the crowd

DOSES = (1, 2)


def change(
    session_id: str, wanted: "Sequence[SlotSeats]", *, clock: Callable[[], datetime]
) -> tuple[sessions.Count, list[str]]:
    """Bring the slots named to the places wanted: all of them when raising, down to those in use when cutting.

    Repeatable, and a repetition carries on where an earlier one stopped. Gives back what there is now, and a sentence
    for each number that could not be reached. `clock` is looked at again for the counts, which come last.

    Raises NoSuchSession, NoSuchSlot, Crowded or Busy.
    """
    work = _begin(session_id, now=clock())
    numbers = {slot["slot"]: number for number, slot in enumerate(work.session.slots)}
    if not all(each.slot in numbers for each in wanted):
        raise NoSuchSlot
    short = []
    for each in wanted:
        for dose, places in zip(DOSES, (each.dose1, each.dose2), strict=True):
            reached = _bring(work, numbers[each.slot], dose, places)
            if reached > places:
                short.append(f"{each.slot}, dose {dose}: {reached} places remain, as they are held or booked.")
    counted = sessions.count(session_id, clock=clock)
    if counted is None:
        raise NoSuchSession
    return counted, short


def withdraw(session_id: str, *, now: datetime) -> None:
    """Take all places back and the session out of every search; repeatable.

    Raises NoSuchSession, SeatsInUse with how many are held or booked (nothing is taken then), Crowded or Busy.
    """
    try:
        work = _begin(session_id, now=now)
    except _Withdrawn:
        return
    _check_unused(work)
    try:
        for slot_no, slot in enumerate(work.session.slots):
            for dose in DOSES:
                known = work.seats(dose, slot_no)
                there = [no for no in range(slot[f"dose{dose}"]) if no not in known or known[no].status != REMOVED]
                if work.remove(dose, slot_no, there):
                    raise _Lost
    except _Lost:
        work.give_all_back()
        _check_unused(work)
        raise Crowded() from None  # whoever was quicker has gone again
    work.finish()


class _Withdrawn(NoSuchSession):
    pass


class _Lost(Exception):
    """Somebody claimed a place before it could be taken back."""


@dataclass(slots=True)
class _Work:
    """One change of one session, and every write that it makes."""

    change_id: str
    session: SessionRow
    now: datetime
    until: float  # time.monotonic

    def seats(self, dose: int, slot_no: int) -> dict[int, Seat]:
        """The seat rows of a slot by number, read consistently."""
        return {Seat.position(seat.sk)[2]: seat for seat in self._query(Seat.prefix(dose, slot_no))}

    def remove(self, dose: int, slot_no: int, numbers: Sequence[int]) -> list[int]:
        """Take these places back, those that are still free. Gives back the numbers of those that were lost."""

        def write(some: Sequence[int]) -> None:
            self._fenced(puts=[(self._removed(dose, slot_no, number), seats.free(self.now)) for number in some])

        return self._each(numbers, write, lambda cancelled: cancelled.puts)

    def give_back(self, rows: Sequence[Seat]) -> None:
        """Put removed places on sale again."""

        def write(some: Sequence[Seat]) -> None:
            self._fenced(deletes=[(row, Seat.status == REMOVED) for row in some])

        self._each(rows, write, lambda cancelled: cancelled.deletes)

    def give_all_back(self) -> None:
        """Put on sale again exactly what this change removed."""
        mine = [row for row in self.all_seats() if row.status == REMOVED and row.appointment_id == self.change_id]
        self.give_back(mine)

    def all_seats(self) -> Iterator[Seat]:
        return self._query(Seat.PREFIX)

    def _query(self, prefix: str) -> Iterator[Seat]:
        needed = ["kind", "pk", "sk", "status", "appointment_id", "hold_until"]
        return Seat.query(self.session.pk, Seat.sk.startswith(prefix), consistent_read=True, attributes_to_get=needed)

    def extend(self, dose: int, slot_no: int, number_of_seats: int) -> None:
        slots = [dict(slot) for slot in self.session.slots]
        slots[slot_no][f"dose{dose}"] = number_of_seats
        self._update(SessionRow.slots.set(slots))

    def finish(self) -> None:
        none = [[0, 0] for _ in self.session.slots]
        self._update(
            SessionRow.withdrawn_at.set(epoch(self.now)),
            SessionRow.free.set(none),
            SessionRow.capacity.set(none),
            SessionRow.district_key.remove(),
            SessionRow.pincode_key.remove(),
            SessionRow.center_key.remove(),
            SessionRow.date_session.remove(),
        )

    def _update(self, *actions) -> None:
        try:
            self.session = update(self.session, list(actions), SessionRow.change_id == self.change_id)
        except ConditionFailed:
            raise _overtaken() from None

    def _removed(self, dose: int, slot_no: int, number: int) -> Seat:
        key = Seat.sort_key(dose, slot_no, number)
        return Seat(self.session.pk, key, status=REMOVED, dose=dose, appointment_id=self.change_id)

    def _each[T](
        self, things: Sequence[T], write: Callable[[Sequence[T]], None], failed: Callable[[Cancelled], list[bool]]
    ) -> list[T]:
        """`write` all of `things`, some at once. Gives back those whose condition failed."""
        lost: list[T] = []
        for batch in batched(things, AT_ONCE, strict=False):
            some = list(batch)
            while some:
                if time.monotonic() > self.until:
                    raise Busy("Part of the change is done. Please send it again to go on.")
                try:
                    write(some)
                except Cancelled as cancelled:
                    lost += [thing for thing, bad in zip(some, failed(cancelled), strict=True) if bad]
                    some = [thing for thing, bad in zip(some, failed(cancelled), strict=True) if not bad]
                else:
                    break
        return lost

    def _fenced(self, *, deletes: Sequence = (), puts: Sequence = ()) -> None:
        """Write these only while no other change of the session has begun."""
        fence = (self.session, [SessionRow.change_id.set(self.change_id)], SessionRow.change_id == self.change_id)
        try:
            transact(deletes=deletes, puts=puts, updates=[fence])
        except Cancelled as cancelled:
            if cancelled.updates[0]:
                raise _overtaken() from None
            raise


def _overtaken() -> Crowded:
    return Crowded("Another change of this session has begun. Please look at it, and send yours again.", retry_after=5)


def _begin(session_id: str, *, now: datetime) -> _Work:
    change_id = str(uuid.uuid4())
    there = SessionRow.published_at.exists() & SessionRow.withdrawn_at.does_not_exist()
    row = SessionRow(SessionRow.key(session_id), SessionRow.SK)
    try:
        session = update(row, [SessionRow.change_id.set(change_id)], there)
    except ConditionFailed as failed:
        raise (_Withdrawn if failed.old else NoSuchSession) from None
    return _Work(change_id, session, now, time.monotonic() + WORK_FOR_S)


def _bring(work: _Work, slot_no: int, dose: int, wanted: int) -> int:
    """Bring the places of a slot and dose to `wanted`, or as near as those in use allow; gives back how many remain."""
    for _ in range(TRIES):
        known, there = work.seats(dose, slot_no), work.session.slots[slot_no][f"dose{dose}"]
        removed = [known[number] for number in sorted(known) if known[number].status == REMOVED]
        places = there - len(removed)
        if places < wanted:
            if removed:
                work.give_back(removed[: wanted - places])
            else:
                work.extend(dose, slot_no, wanted)
        elif places > wanted:
            free = [
                number
                for number in reversed(range(there))
                if number not in known or seats.is_free(known[number], now=work.now)
            ]
            if not free:
                return places
            work.remove(dose, slot_no, free[: places - wanted])
        else:
            return places
    raise Crowded()


def _check_unused(work: _Work) -> None:
    used = sum(row.status != REMOVED and not seats.is_free(row, now=work.now) for row in work.all_seats())
    if used == 1:
        raise SeatsInUse("1 place of this session is held or booked, so it cannot be withdrawn.")
    if used:
        raise SeatsInUse("{count} places of this session are held or booked, so it cannot be withdrawn.", count=used)

"""Every write that moves a seat. A seat is a row: selling it is one conditional write on that row.

Each operation reads, decides by pure rules, and writes seats and appointments in one transaction whose conditions say
what must still be true. Where they fail, somebody else was quicker or this very request was applied before: it reads
again and decides anew, so a repeated request meets its own earlier result.
"""

import random
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from tika.clock import epoch
from tika.eligibility import Session, Slot, check_booking, check_lapses, recent_lapses
from tika.people import registry
from tika.people.registry import Household
from tika.policy import Policy
from tika.refusals import (
    AlreadyBooked,
    Crowded,
    FullyBooked,
    HoldLapsed,
    Invalid,
    NoSuchBeneficiary,
    NotBooked,
)
from tika.sessions import sessions
from tika.snapshot import forgets
from tika.tables.citizens import Account, AppointmentRow
from tika.tables.rows import items
from tika.tables.slots import LAPSING_SHARDS, Seat, SessionRow
from tika.tables.statuses import BOOKED, CANCELLED, HELD, LAPSED
from tika.tables.writing import Cancelled, pause, transact

CLOCK_SKEW_S = 5  # clocks may differ: a hold is free for others this long after it lapsed, and never confirmed after
TRIES = 8
GIVEN_UP_AFTER_S = 60  # a hold cancelled later than this parked a place, and counts as one that lapsed
RELEASE_AT_ONCE = 50  # two rows each, and a transaction has at most 100
BLOCK = 100  # seats that a claim looks at first: a slot's partition reads out a slot of thousands 20 times a second
REMEMBER = timedelta(seconds=1)
REMEMBER_FOR_EACH = timedelta(milliseconds=10)  # place: looking at all of them costs that much more
REMEMBER_AT_MOST = 10_000  # slots


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: one dose for one to four people, in one slot of a session."""

    session_id: str
    slot: str
    dose: int
    people: tuple[str, ...]


def free(now: datetime) -> Condition:
    """The condition under which a seat row may be claimed."""
    return Seat.pk.does_not_exist() | ((Seat.status == HELD) & (Seat.hold_until < epoch(now) - CLOCK_SKEW_S))


def is_free(seat: Seat, *, now: datetime) -> bool:
    """What `free` says, of a row that was read."""
    return seat.status == HELD and seat.hold_until < epoch(now) - CLOCK_SKEW_S


def hold(account: str, order: Order, policy: Policy, *, now: datetime) -> list[AppointmentRow]:
    """Hold a place for each of the people, all or none. The same people asking again get the same hold, no longer.

    Raises what `_claim` raises.
    """
    return _claim(account, order, HELD, policy, now=now)


def schedule(account: str, order: Order, policy: Policy, *, now: datetime) -> list[AppointmentRow]:
    """Book a place for each of the people in one step, all or none. Raises what `_claim` raises, or HoldLapsed."""
    rows = _claim(account, order, BOOKED, policy, now=now)
    if rows[0].status == HELD:  # they held it before: scheduling confirms it
        return confirm(account, rows[0].appointment_id, now=now)
    return rows


def _claim(account: str, order: Order, status: str, policy: Policy, *, now: datetime) -> list[AppointmentRow]:
    """Raises NobodyRegistered, NoSuchBeneficiary, NoSuchSlot, AlreadyBooked, what check_booking raises, LapseCooldown,
    FullyBooked or Crowded.
    """
    if len(set(order.people)) < len(order.people):
        raise Invalid("somebody is listed twice.", field="beneficiaries")
    appointment_id = str(uuid.uuid4())
    secret_code = _secret_code() if status == BOOKED else None
    for attempt in range(TRIES):
        household = registry.load(account)
        people = [household.person(reference_id) for reference_id in order.people]
        session = sessions.load(order.session_id, now=now)
        slot = session.slot(order.slot)
        if standing := _standing(household, order, status, now=now):
            return standing
        lapses = {}
        for person in people:
            check_booking(registry.as_person(person), session, slot, order.dose, policy, now=now)
            lapses[person.reference_id] = _lapses(household, person.reference_id, now=now)
            check_lapses(lapses[person.reference_id], now=now)
        seat_numbers = _choose(session, slot, order.dose, len(people), now=now, consistent=attempt > 0)
        seats, rows = [], []
        for person, seat_no in zip(people, seat_numbers, strict=True):
            seat = Seat(
                SessionRow.key(session.session_id),
                Seat.sort_key(order.dose, slot.number, seat_no),
                status=status,
                dose=order.dose,
                appointment_id=appointment_id,
                account=account,
                reference_id=person.reference_id,
            )
            row = AppointmentRow(
                Account.key(account),
                AppointmentRow.sort_key(person.reference_id, order.dose),
                reference_id=person.reference_id,
                dose=order.dose,
                status=status,
                appointment_id=appointment_id,
                held_at=epoch(now),
                secret_code=secret_code,
                lapses=lapses[person.reference_id],
                **_place(session, slot, seat.sk),
            )
            if status == HELD:
                seat.hold_until = row.hold_until = epoch(now) + policy.hold_seconds
                seat.lapsing_shard = Seat.shard(random.randrange(LAPSING_SHARDS))
            seats.append(seat)
            rows.append(row)

        as_read = [_as_read(household.appointments.get((row.reference_id, order.dose)), now=now) for row in rows]
        try:
            transact(puts=[*((seat, free(now)) for seat in seats), *zip(rows, as_read, strict=True)])
        except Cancelled:
            pause(attempt)
        else:
            return rows
    raise Crowded()


def _standing(household: Household, order: Order, status: str, *, now: datetime) -> list[AppointmentRow]:
    """The appointments these people have for this dose if they are what the order asks for, and [] if nobody has one.

    Raises AlreadyBooked where they have another, or HoldLapsed where their hold lapsed only just now.
    """
    rows = [household.appointments.get((reference_id, order.dose)) for reference_id in order.people]
    if any(_lapsed_just_now(row, now=now) for row in rows if row):
        raise HoldLapsed(retry_after=CLOCK_SKEW_S + 1)
    standing = [row for row in rows if row and registry.stands(row, now=now)]
    if not standing:
        return []
    appointment_id = standing[0].appointment_id
    together = {row.reference_id for row in household.of(appointment_id) if registry.stands(row, now=now)}
    same_place = {(row.session_id, row.slot) for row in standing} == {(order.session_id, order.slot)}
    as_asked = status == BOOKED or all(row.status == HELD for row in standing)  # a hold never turns a booking back
    if same_place and as_asked and together == set(order.people):
        return standing
    raise AlreadyBooked(
        "Beneficiary {reference_id} already has an appointment for this dose.", reference_id=standing[0].reference_id
    )


def _lapsed_just_now(row: AppointmentRow, *, now: datetime) -> bool:
    """Lapsed for its owner, but not yet for a container whose clock is late: nobody may claim in these seconds."""
    return row.status == HELD and epoch(now) - CLOCK_SKEW_S <= row.hold_until <= epoch(now)


def _as_read(row: AppointmentRow | None, *, now: datetime) -> Condition:
    """The appointment is still as it was read and does not stand: none, or the same one cancelled or lapsed."""
    if row is None:
        return AppointmentRow.pk.does_not_exist()
    lapsed = (AppointmentRow.status == HELD) & (AppointmentRow.hold_until < epoch(now) - CLOCK_SKEW_S)
    idle = AppointmentRow.status.is_in(CANCELLED, LAPSED) | lapsed
    return (AppointmentRow.appointment_id == row.appointment_id) & _uncorrected(row) & idle


def _lapses(household: Household, reference_id: str, *, now: datetime) -> list[int]:
    """When holds of this person lapsed in the last hour, a hold that nobody swept yet included."""
    found = set()
    for dose in registry.DOSES:
        row = household.appointments.get((reference_id, dose))
        if row is not None:
            found.update(int(lapse) for lapse in row.lapses)
            if row.status == HELD and row.hold_until <= epoch(now):
                found.add(int(row.hold_until))
    return recent_lapses(sorted(found), now=now)


# Seats left in a slot and until when that may be believed. It only ever refuses: a seat is sold by its own row.
_left: dict[tuple[str, int, int, int], tuple[int, datetime]] = {}
forgets(_left.clear)


def _choose(session: Session, slot: Slot, dose: int, wanted: int, *, now: datetime, consistent: bool) -> list[int]:
    """As many free seat numbers as wanted, at random so that a crowd spreads. Raises FullyBooked.

    `consistent` after a lost race, or the same seats would look free again. In a large slot one block of seats is
    looked at, in which enough are free until nearly all are sold, and the whole slot only where they are not.
    """
    there = slot.seats[dose]
    key = (session.session_id, slot.number, dose, there)
    left, until = _left.get(key, (min(wanted, there), datetime.max.replace(tzinfo=UTC)))
    if left < wanted and now < until:
        raise FullyBooked
    looks = [range(there)]
    if there > BLOCK:
        first = random.randrange(0, there, BLOCK)
        looks.insert(0, range(there)[first : first + BLOCK])
    for seats in looks:
        taken = _taken(session, slot, dose, seats, now=now, consistent=consistent)
        open_seats = [number for number in seats if number not in taken]
        if len(open_seats) >= wanted:
            return random.sample(open_seats, wanted)
    if len(_left) >= REMEMBER_AT_MOST:
        _left.clear()
    _left[key] = (
        len(open_seats),
        now + max(REMEMBER, min(there * REMEMBER_FOR_EACH, _until_one_lapses(taken, now=now))),
    )
    raise FullyBooked


def _taken(
    session: Session, slot: Slot, dose: int, numbers: range, *, now: datetime, consistent: bool
) -> dict[int, int | None]:
    """Those of the seats `numbers` that nobody may claim, with the instant at which a held one lapses."""
    rows = items(
        Seat,
        SessionRow.key(session.session_id),
        range_key_condition=Seat.sk.between(
            *(Seat.sort_key(dose, slot.number, number) for number in (numbers[0], numbers[-1]))
        ),
        attributes_to_get=["sk", "status", "hold_until"],
        consistent_read=consistent,
    )
    found = {
        Seat.position(row["sk"]["S"])[2]: int(row["hold_until"]["N"]) if row["status"]["S"] == HELD else None
        for row in rows
    }
    lapsed_before = epoch(now) - CLOCK_SKEW_S  # as in `is_free`
    return {number: until for number, until in found.items() if until is None or until >= lapsed_before}


def _until_one_lapses(taken: dict[int, int | None], *, now: datetime) -> timedelta:
    lapses = [until for until in taken.values() if until is not None]
    return timedelta(seconds=min(lapses) + CLOCK_SKEW_S + 1 - epoch(now)) if lapses else timedelta.max


def _place(session: Session, slot: Slot, seat: str) -> dict[str, Any]:
    """The attributes of an appointment that say where and when it is.

    Without the centre's names in other languages, with which a row would exceed 1 KiB and cost twice as much to write.
    """
    center = {name: value for name, value in session.center.items() if name != "translations"}
    return {
        "session_id": session.session_id,
        "seat": seat,
        "slot": slot.label,
        "date": session.date.isoformat(),
        "vaccine": session.vaccine,
        "center": center,
    }


def _secret_code() -> str:
    return f"{secrets.randbelow(10_000):04d}"


def confirm(account: str, appointment_id: str, *, now: datetime) -> list[AppointmentRow]:
    """Turn the hold of an appointment into a booking; repeatable. Gives back the people's booked rows.

    Raises NoSuchAppointment, HoldLapsed, NotBooked (it was cancelled) or Crowded.
    """
    for attempt in range(TRIES):
        rows = _alive(registry.load(account).of(appointment_id), now=now)
        held = [row for row in rows if row.status == HELD]
        if not held:
            return rows
        secret_code = _secret_code()
        seat_held = (Seat.appointment_id == appointment_id) & (Seat.status == HELD) & (Seat.hold_until > epoch(now))
        sell = [Seat.status.set(BOOKED), Seat.hold_until.remove(), Seat.lapsing_shard.remove()]
        book = [
            AppointmentRow.status.set(BOOKED),
            AppointmentRow.secret_code.set(secret_code),
            AppointmentRow.hold_until.remove(),
        ]
        try:
            transact(
                updates=[
                    *((_seat_of(row), sell, seat_held) for row in held),
                    *((row, book, unmoved(row) & (AppointmentRow.hold_until > epoch(now))) for row in held),
                ]
            )
        except Cancelled as cancelled:
            if any(_taken_over(cancelled.updates[: len(held)], cancelled.updates[len(held) :])):
                raise HoldLapsed from None
            pause(attempt)
        else:
            for row in held:
                row.status, row.secret_code = BOOKED, secret_code
            return rows
    raise Crowded()


def _alive(rows: Sequence[AppointmentRow], *, now: datetime) -> list[AppointmentRow]:
    """Those that stand. Raises HoldLapsed where none does because they lapsed, NotBooked where all were cancelled."""
    standing = [row for row in rows if registry.stands(row, now=now)]
    if standing:
        return standing
    if any(row.status in (HELD, LAPSED) for row in rows):
        raise HoldLapsed
    raise NotBooked("this appointment was cancelled.")


def _seat_of(row: AppointmentRow) -> Seat:
    return Seat(SessionRow.key(row.session_id), row.seat)


def unmoved(row: AppointmentRow) -> Condition:
    """The appointment is still the one that was read, at the same seat and in the same state."""
    return (
        (AppointmentRow.appointment_id == row.appointment_id)
        & (AppointmentRow.seat == row.seat)
        & (AppointmentRow.session_id == row.session_id)
        & (AppointmentRow.status == row.status)
        & _uncorrected(row)
    )


def _uncorrected(row: AppointmentRow) -> Condition:
    """The year of birth by which this appointment was judged is still the person's: see corrections."""
    if row.correction is None:
        return AppointmentRow.correction.does_not_exist()
    return AppointmentRow.correction == row.correction


def _taken_over(seat_moved: Sequence[bool], row_moved: Sequence[bool]) -> list[bool]:
    """By person: whether the seat is another's and the appointment still says that it is held.

    The hold lapsed while this request was at it. Reading again would not show it, as its `now` is from before.
    """
    return [seat and not row for seat, row in zip(seat_moved, row_moved, strict=True)]


def cancel(account: str, appointment_id: str, people: Sequence[str] | None, *, now: datetime) -> int:
    """Give back the places of `people`, or of all where it is None; repeatable. Gives back how many were given back.

    Raises NoSuchAppointment, NoSuchBeneficiary (not one of this appointment) or Crowded.
    """
    tidied = False
    for attempt in range(TRIES):
        household = registry.load(account)
        rows = {row.reference_id: row for row in household.of(appointment_id)}
        if not set(people or ()) <= set(rows):
            raise NoSuchBeneficiary("not in this appointment.", field="beneficiariesToCancel")
        chosen = [rows[reference_id] for reference_id in (rows if people is None else dict.fromkeys(people))]
        lapsed = [row for row in chosen if row.status == HELD and not registry.stands(row, now=now)]
        if lapsed:
            for row in lapsed:
                _end_holds([(_seat_of(row), row, appointment_id, row.hold_until)], epoch(now) + 1)
            continue  # look again: where the clock is late, it may have been confirmed meanwhile
        given_back = [row for row in chosen if registry.stands(row, now=now)]
        if not given_back:
            return 0

        updates = []
        for row in given_back:
            end = [
                AppointmentRow.status.set(CANCELLED),
                AppointmentRow.lapses.set(_lapses_after_cancelling(household, row, now=now)),
                AppointmentRow.hold_until.remove(),
                AppointmentRow.secret_code.remove(),
            ]
            updates.append((row, end, unmoved(row)))
        mine = Seat.appointment_id == appointment_id
        try:
            transact(deletes=[(_seat_of(row), mine) for row in given_back], updates=updates)
        except Cancelled as cancelled:
            moved_on = zip(given_back, _taken_over(cancelled.deletes, cancelled.updates), strict=True)
            lost = [row for row, gone in moved_on if gone and row.status == HELD]
            if lost and not tidied:  # once: each time may wait for others as long as a try does
                tidied = True
                holds = [(_seat_of(row), row, appointment_id, row.hold_until) for row in lost]
                _end_holds(holds, int(max(row.hold_until for row in lost)) + 1)
            pause(attempt)
        else:
            return len(given_back)
    raise Crowded()


def _lapses_after_cancelling(household: Household, row: AppointmentRow, *, now: datetime) -> list[int]:
    """Who holds a place for minutes and cancels just before it lapses has parked it like somebody who lets it lapse."""
    parked = row.status == HELD and epoch(now) - row.held_at > GIVEN_UP_AFTER_S
    return _lapses(household, row.reference_id, now=now) + ([epoch(now)] if parked else [])


def reschedule(
    account: str, appointment_id: str, session_id: str, slot_label: str, policy: Policy, *, now: datetime
) -> list[AppointmentRow]:
    """Move all people of an appointment to another slot; repeatable. A hold stays a hold and lapses when it would have.

    The old place is given up only in the write that takes the new one. Gives back the rows, [] if they are there.
    Raises NoSuchAppointment, HoldLapsed, NotBooked, NoSuchSlot, what check_booking raises, FullyBooked or Crowded.
    """
    for attempt in range(TRIES):
        household = registry.load(account)
        rows = _alive(household.of(appointment_id), now=now)
        if all((row.session_id, row.slot) == (session_id, slot_label) for row in rows):
            return []
        session = sessions.load(session_id, now=now)
        slot = session.slot(slot_label)
        for row in rows:
            person = registry.as_person(household.person(row.reference_id))
            check_booking(person, session, slot, int(row.dose), policy, now=now)
        seat_numbers = _choose(session, slot, int(rows[0].dose), len(rows), now=now, consistent=attempt > 0)
        seats = [
            Seat(
                SessionRow.key(session.session_id),
                Seat.sort_key(int(row.dose), slot.number, seat_no),
                status=row.status,
                dose=row.dose,
                appointment_id=appointment_id,
                account=account,
                reference_id=row.reference_id,
                hold_until=row.hold_until,
                lapsing_shard=Seat.shard(random.randrange(LAPSING_SHARDS)) if row.status == HELD else None,
            )
            for row, seat_no in zip(rows, seat_numbers, strict=True)
        ]

        updates = []
        for row, seat in zip(rows, seats, strict=True):
            still = unmoved(row)
            if row.status == HELD:
                still &= AppointmentRow.hold_until > epoch(now)
            place = _place(session, slot, seat.sk)
            updates.append((row, [getattr(AppointmentRow, name).set(value) for name, value in place.items()], still))
        mine = Seat.appointment_id == appointment_id
        try:
            transact(
                deletes=[(_seat_of(row), mine) for row in rows],
                puts=[(seat, free(now)) for seat in seats],
                updates=updates,
            )
        except Cancelled as cancelled:
            if any(_taken_over(cancelled.deletes, cancelled.updates)):
                raise HoldLapsed from None
            pause(attempt)
        else:
            for row, seat in zip(rows, seats, strict=True):
                for name, value in _place(session, slot, seat.sk).items():
                    setattr(row, name, value)
            return rows
    raise Crowded()


def lapsed(shard: int, *, now: datetime) -> Iterator[list[Seat]]:
    """The seats of one shard of the `lapsing` index whose holds have lapsed, longest ago first, in batches."""
    found = Seat.lapsing.query(
        Seat.shard(shard), Seat.hold_until < epoch(now) - CLOCK_SKEW_S, page_size=20 * RELEASE_AT_ONCE
    )
    yield from (list(batch) for batch in batched(found, RELEASE_AT_ONCE, strict=False))


def release(seats: Sequence[Seat], *, now: datetime) -> int:
    """Tidy a batch of `lapsed` seats and their appointments in one transaction. Gives back how many seats it freed.

    Somebody who let two holds lapse one after the other has two seats and one appointment, and a transaction may name
    a row once: their second seat goes into another.
    """
    before = epoch(now) - CLOCK_SKEW_S
    return sum(
        _end_holds([(seat, _appointment_of(seat), seat.appointment_id, seat.hold_until) for seat in some], before)
        for some in _each_person_once(seats)
    )


def _each_person_once(seats: Sequence[Seat]) -> list[list[Seat]]:
    batches: list[list[Seat]] = []
    turns = Counter[tuple[str, int]]()
    for seat in seats:
        person = seat.reference_id, int(seat.dose)
        if turns[person] == len(batches):
            batches.append([])
        batches[turns[person]].append(seat)
        turns[person] += 1
    return batches


def _end_holds(holds: Sequence[tuple[Seat, AppointmentRow, str, float]], before: int) -> int:
    """End holds (seat, appointment, its id, when it lapsed) lapsed before `before`. Gives back how many seats it freed.

    The two sides may have drifted apart by lapsing: the seat may be another's by now, the person may hold elsewhere.
    So each side is tidied only where it is still the same stale appointment, and one that moved on is left out.
    """
    deletes = [(seat, _stale(Seat, appointment_id, before)) for seat, _, appointment_id, _ in holds]
    updates = [
        (row, _lapse(hold_until), _stale(AppointmentRow, appointment_id, before))
        for _, row, appointment_id, hold_until in holds
    ]
    while deletes or updates:
        try:
            transact(deletes=deletes, updates=updates)
        except Cancelled as cancelled:  # at least one has moved on, so this ends
            deletes = [side for side, moved in zip(deletes, cancelled.deletes, strict=True) if not moved]
            updates = [side for side, moved in zip(updates, cancelled.updates, strict=True) if not moved]
        else:
            return len(deletes)
    return 0


def _appointment_of(seat: Seat) -> AppointmentRow:
    return AppointmentRow(Account.key(seat.account), AppointmentRow.sort_key(seat.reference_id, int(seat.dose)))


def _lapse(hold_until: float) -> list[Action]:
    """The lapse is counted in the write that ends the hold, so it counts once."""
    return [
        AppointmentRow.status.set(LAPSED),
        AppointmentRow.lapses.set(AppointmentRow.lapses.append([hold_until])),
        AppointmentRow.hold_until.remove(),
    ]


def _stale(row: type[Seat | AppointmentRow], appointment_id: str, before: int) -> Condition:
    return (row.appointment_id == appointment_id) & (row.status == HELD) & (row.hold_until < before)

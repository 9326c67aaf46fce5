"""Vaccination sessions: published, looked up to book in, and counted. `search` finds them, `capacity` changes them."""

import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tika import eligibility
from tika.clock import epoch, iso
from tika.eligibility import Session
from tika.refusals import CapacityDiffers, NoSuchSlot, SessionDiffers
from tika.snapshot import forgets
from tika.tables.rows import items
from tika.tables.slots import Freshness, Seat, SessionRow
from tika.tables.statuses import HELD, REMOVED
from tika.tables.writing import ConditionFailed, create, update

if TYPE_CHECKING:
    from tika.sessions.publishing import Publication  # which only those who publish need

KEEP_FOR = timedelta(seconds=5)  # how long a container may sell by what it knows of a session
KEEP_AT_MOST = 500

_kept: OrderedDict[str, tuple[datetime, Session]] = OrderedDict()
forgets(_kept.clear)


# --- one session -----------------------------------------------------------------------------------------------------


def load(session_id: str, *, now: datetime) -> Session:
    """The session, at most KEEP_FOR old. Raises NoSuchSlot where it does not exist or was withdrawn.

    Selling by an old look is safe: a place that was taken back since is a seat row that no claim gets past.
    """
    known = _kept.get(session_id)
    if known and timedelta(0) <= now - known[0] < KEEP_FOR:
        return known[1]
    try:
        row = SessionRow.get(SessionRow.key(session_id), SessionRow.SK)
    except SessionRow.DoesNotExist:
        raise NoSuchSlot from None
    if row.withdrawn_at is not None:
        raise NoSuchSlot
    session = _session(row)
    _kept[session_id] = now, session
    _kept.move_to_end(session_id)
    while len(_kept) > KEEP_AT_MOST:
        _kept.popitem(last=False)
    return session


def _session(row: SessionRow) -> Session:
    day = date.fromisoformat(row.date)
    return Session(
        session_id=row.session_id,
        date=day,
        vaccine=row.vaccine,
        min_age=int(row.min_age),
        max_age=None if row.max_age is None else int(row.max_age),
        center=row.center,
        slots=tuple(
            eligibility.Slot(
                number=number,
                label=slot["slot"],
                begins=eligibility.begins(day, slot["slot"]),
                seats={1: slot["dose1"], 2: slot["dose2"]},
            )
            for number, slot in enumerate(row.slots)
        ),
    )


# --- publishing ------------------------------------------------------------------------------------------------------


def publish(publication: "Publication", *, now: datetime) -> SessionRow:
    """Publish a session that was checked (publishing.check): one conditional write, so never half of it.

    The same content again gives the same row back. Raises SessionDiffers, which names what is different, or
    CapacityDiffers.
    """
    row = _row(publication, now=now)
    if not create(row):
        before = SessionRow.get(row.pk, row.sk, consistent_read=True)
        _check_same(before, row)
        return before
    return row


def _row(publication: "Publication", *, now: datetime) -> SessionRow:
    center, seats = publication.center(), [[slot.dose1, slot.dose2] for slot in publication.slots]
    day = publication.date.isoformat()
    return SessionRow(
        SessionRow.key(publication.session_id),
        SessionRow.SK,
        session_id=publication.session_id,
        date=day,
        vaccine=publication.vaccine,
        min_age=publication.min_age_limit,
        max_age=publication.max_age_limit,
        center=center,
        slots=[slot.model_dump() for slot in publication.slots],
        free=seats,
        capacity=seats,
        counted_at=round(now.timestamp(), 3),
        published_at=epoch(now),
        district_key=str(publication.district_id),
        pincode_key=str(publication.pincode),
        center_key=str(publication.center_id),
        date_session=SessionRow.by_date(day, publication.session_id),
    )


def _check_same(before: SessionRow, row: SessionRow) -> None:
    if before.withdrawn_at is not None:
        raise SessionDiffers("this session was withdrawn. Publish it anew under another id.")
    names = ("date", "vaccine", "min_age", "max_age")
    different = [name for name in names if getattr(before, name) != getattr(row, name)]
    different += sorted(key for key in before.center | row.center if before.center.get(key) != row.center.get(key))
    if [slot["slot"] for slot in before.slots] != [slot["slot"] for slot in row.slots]:
        different.append("slots")
    if different:
        raise SessionDiffers("already published with another {fields}.", fields=", ".join(different))
    if before.capacity != row.capacity:
        raise CapacityDiffers


def places_of(slots: list[dict[str, Any]], capacity: list[list[int]]) -> list[dict[str, Any]]:
    """[{"slot", "dose1", "dose2"}]: the places that there are, taken or not."""
    return [
        {"slot": slot["slot"], "dose1": dose1, "dose2": dose2}
        for slot, (dose1, dose2) in zip(slots, capacity, strict=True)
    ]


# --- counts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """Places by slot, each as [dose 1, dose 2]: those there are, and those that nobody holds or has booked."""

    slots: list[dict[str, Any]]
    capacity: list[list[int]]
    free: list[list[int]]


COUNTS_AT_MOST = 3


def count(session_id: str, *, clock: Callable[[], datetime]) -> Count | None:
    """Derive the counts of a session from its seat rows and store them; None where there is no such session.

    Counts never go back in time, and a lost or doubled call cannot make them drift: each starts afresh, and is stored
    only where nobody stored another since it started. Counts that are unchanged are not written again, so a count that
    was stored is followed by another: one made meanwhile may have found nothing to write and left ours, which is
    older, to stand. Seats that go on changing set off a count of their own, so a few are enough. `clock` is looked at
    before each, as a count is true for that moment.
    """
    for _ in range(COUNTS_AT_MOST):
        counted, stored = _count(session_id, now=clock())
        if not stored:
            break
    return counted


def _count(session_id: str, *, now: datetime) -> tuple[Count | None, bool]:
    """The counts, and whether they had changed and were stored. `now` is the clock before this call."""
    session, taken, removed = None, {}, {}
    # The session first, as SESSION sorts behind SEAT: what it says of the last count is older than what the seats say.
    rows = items(
        SessionRow,
        SessionRow.key(session_id),
        attributes_to_get=["kind", "sk", "status", "hold_until", "slots", "capacity", "free", "counted_at"],
        consistent_read=True,
        scan_index_forward=False,
    )
    for item in rows:
        if item["kind"]["S"] == "SESSION":
            session = item
            continue
        dose, slot_no, _ = Seat.position(item["sk"]["S"])
        if item["status"]["S"] == REMOVED:
            removed[slot_no, dose] = removed.get((slot_no, dose), 0) + 1
        elif item["status"]["S"] != HELD or int(item["hold_until"]["N"]) > epoch(now):
            taken[slot_no, dose] = taken.get((slot_no, dose), 0) + 1
    if session is None:
        return None, False
    slots = json.loads(session["slots"]["S"])
    capacity = [
        [slot[f"dose{dose}"] - removed.get((slot_no, dose), 0) for dose in (1, 2)] for slot_no, slot in enumerate(slots)
    ]
    free = [
        [max(0, there - taken.get((slot_no, dose), 0)) for dose, there in enumerate(both, 1)]
        for slot_no, both in enumerate(capacity)
    ]
    changed = (json.loads(session["capacity"]["S"]), json.loads(session["free"]["S"])) != (capacity, free)
    if changed:
        _store(session_id, capacity, free, now=now, before=float(session["counted_at"]["N"]))
    return Count(slots, capacity, free), changed


def _store(session_id: str, capacity: list[list[int]], free: list[list[int]], *, now: datetime, before: float) -> None:
    """Store counts that followed those of `before`. Clocks may differ: a late one stores a moment after `before`."""
    actions = [
        SessionRow.capacity.set(capacity),
        SessionRow.free.set(free),
        SessionRow.counted_at.set(round(max(now.timestamp(), before + 0.001), 3)),
    ]
    with suppress(ConditionFailed):  # somebody stored another meanwhile: ours may be the older
        update(SessionRow(SessionRow.key(session_id), SessionRow.SK), actions, SessionRow.counted_at == before)


def note_freshness(lag_s: float, *, now: datetime) -> None:
    """Remember that the counts were up to date `now`, for sales made up to `lag_s` seconds before."""
    counted_at = epoch(now)
    actions = [
        Freshness.kind.set(Freshness),
        Freshness.counted_at.set(counted_at),
        Freshness.lag_s.set(round(lag_s, 1)),
    ]
    never_back = Freshness.counted_at.does_not_exist() | (Freshness.counted_at <= counted_at)
    with suppress(ConditionFailed):  # a later count is noted already
        update(Freshness(Freshness.PK, Freshness.SK), actions, never_back)


def freshness() -> dict[str, Any]:
    """{"counted_at": instant or None, "lag_seconds": seconds or None}: how fresh availability is."""
    try:
        row = Freshness.get(Freshness.PK, Freshness.SK)
    except Freshness.DoesNotExist:
        return {"counted_at": None, "lag_seconds": None}
    return {"counted_at": iso(row.counted_at), "lag_seconds": row.lag_s}

"""Vaccination sessions: published, looked up, changed, withdrawn, counted and found."""

from collections import OrderedDict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import PutError

from tika import eligibility
from tika.clock import epoch
from tika.eligibility import Session
from tika.refusals import NoSuchSlot, SessionDiffers
from tika.tables import SessionRow

if TYPE_CHECKING:
    from tika.publishing import Publication  # which only those who publish need

KEEP_FOR = timedelta(seconds=5)  # how long a container may sell by what it knows of a session
KEEP_AT_MOST = 500

_kept: OrderedDict[str, tuple[datetime, Session]] = OrderedDict()


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

    The same content again gives the same row back. Raises SessionDiffers, which names what is different.
    """
    row = _row(publication, now=now)
    try:
        row.save(condition=SessionRow.pk.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
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
        counted_at=epoch(now),
        published_at=epoch(now),
        district_key=str(publication.district_id),
        pincode_key=str(publication.pincode),
        center_key=str(publication.center_id),
        date_session=SessionRow.by_date(day, publication.session_id),
    )


def _check_same(before: SessionRow, row: SessionRow) -> None:
    if before.withdrawn_at is not None:
        raise SessionDiffers("session_id: this session was withdrawn. Publish it anew under another id.")
    names = ("date", "vaccine", "min_age", "max_age")
    different = [name for name in names if getattr(before, name) != getattr(row, name)]
    different += sorted(key for key in before.center | row.center if before.center.get(key) != row.center.get(key))
    if [slot["slot"] for slot in before.slots] != [slot["slot"] for slot in row.slots]:
        different.append("slots")
    if different:
        raise SessionDiffers(f"session_id: already published with another {', '.join(different)}.")
    if before.capacity != row.capacity:
        raise SessionDiffers("slots: already published with other numbers of places, which PATCH changes.")


def places_of(row: SessionRow) -> list[dict[str, Any]]:
    """[{"slot", "dose1", "dose2"}]: the places that there are, taken or not."""
    return [
        {"slot": slot["slot"], "dose1": dose1, "dose2": dose2}
        for slot, (dose1, dose2) in zip(row.slots, row.capacity, strict=True)
    ]

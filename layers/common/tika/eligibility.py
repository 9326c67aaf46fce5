"""Who may be registered and who may book what: pure rules over values and `now`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tika.refusals import (
    AlreadyBooked,
    DoseNotDue,
    LapseCooldown,
    NoSuchSlot,
    OutsideAges,
    RegistrationNotOpen,
    SlotBegun,
    TooYoungForPhase,
)

if TYPE_CHECKING:
    from tika.policy import Policy  # which reads a parameter store; these rules touch nothing

IST = timezone(timedelta(hours=5, minutes=30), "IST")  # India has one time zone and no summer time

LAPSES_ALLOWED = 3  # holds left to lapse within LAPSE_WINDOW, after which a person waits
LAPSE_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that was given."""

    vaccine: str
    date: date


@dataclass(frozen=True, slots=True)
class Person:
    reference_id: str
    birth_year: int
    doses: tuple[Dose, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a session: `label` like "09:00AM-11:00AM", `begins` aware, and the number of its seats by dose."""

    number: int
    label: str
    begins: datetime
    seats: dict[int, int]


@dataclass(frozen=True, slots=True)
class Session:
    """`center` is the centre as published (see sessions.Center); `max_age` None means no upper limit."""

    session_id: str
    date: date
    vaccine: str
    min_age: int
    max_age: int | None
    center: dict[str, Any]
    slots: tuple[Slot, ...]

    def slot(self, label: str) -> Slot:
        """Raises NoSuchSlot."""
        for slot in self.slots:
            if slot.label == label:
                return slot
        raise NoSuchSlot


def begins(day: date, label: str) -> datetime:
    """When the slot `label` ("09:00AM-11:00AM") of `day` begins. Raises ValueError for any other form."""
    start, _, end = label.partition("-")
    first, last = (datetime.strptime(part, "%I:%M%p") for part in (start, end))  # noqa: DTZ007 a time of day has no zone
    if len(start) != 7 or len(end) != 7 or first >= last:
        raise ValueError("a slot is written like 09:00AM-11:00AM")
    return datetime.combine(day, first.time(), IST)


def check_registration(birth_year: int, policy: "Policy", *, now: datetime) -> None:
    """Ages are counted by year of birth, as the national programme counted them.

    Raises RegistrationNotOpen or TooYoungForPhase.
    """
    if now < policy.opens_at:
        opens, wait = policy.opens_at.astimezone(IST), policy.opens_at - now
        raise RegistrationNotOpen(
            "Registration opens on {day} at {time} IST.",
            day=f"{opens:%d-%m-%Y}",
            time=f"{opens:%H:%M}",
            retry_after=int(wait.total_seconds()) + 1,
        )
    check_phase_age(birth_year, policy, now=now)


def check_phase_age(birth_year: int, policy: "Policy", *, now: datetime) -> None:
    """Raises TooYoungForPhase."""
    if now.astimezone(IST).year - birth_year < policy.min_age:
        raise TooYoungForPhase("this phase is for ages {min_age} and over.", min_age=policy.min_age)


def check_booking(person: Person, session: Session, slot: Slot, dose: int, policy: "Policy", *, now: datetime) -> None:
    """Raises SlotBegun, OutsideAges, AlreadyBooked (the dose was given) or DoseNotDue."""
    check_slot(slot, now=now)
    check_age(person, session)
    check_dose(person, session, dose, policy)


def check_slot(slot: Slot, *, now: datetime) -> None:
    if slot.begins <= now:
        raise SlotBegun


def check_age(person: Person, session: Session) -> None:
    age = session.date.year - person.birth_year
    if age < session.min_age:
        raise OutsideAges("This session is for ages {min_age} and over.", min_age=session.min_age)
    if session.max_age is not None and age > session.max_age:
        raise OutsideAges("This session is for ages up to {max_age}.", max_age=session.max_age)


def check_dose(person: Person, session: Session, dose: int, policy: "Policy") -> None:
    """The second dose follows the first with the same vaccine after its gap in days (policy)."""
    if len(person.doses) >= dose:
        raise AlreadyBooked("This beneficiary has already had this dose.")
    if dose == 1:
        return
    if not person.doses:
        raise DoseNotDue("the second dose can be booked after the first was given.", field="dose")
    first = person.doses[0]
    if first.vaccine != session.vaccine:
        raise DoseNotDue(
            "the first dose was {vaccine}, so the second must be as well.", field="dose", vaccine=first.vaccine
        )
    due = first.date + timedelta(days=policy.dose_gap_days[first.vaccine])
    if session.date < due:
        raise DoseNotDue("the second dose is due from {day}.", field="dose", day=f"{due:%d-%m-%Y}")


def check_lapses(lapses: Sequence[int], *, now: datetime) -> None:
    """`lapses`: when holds of this person lapsed, in epoch seconds. Raises LapseCooldown while too many are recent."""
    recent = recent_lapses(lapses, now=now)
    if len(recent) >= LAPSES_ALLOWED:
        oldest = datetime.fromtimestamp(recent[-LAPSES_ALLOWED], tz=now.tzinfo)
        raise LapseCooldown(retry_after=int((oldest + LAPSE_WINDOW - now).total_seconds()) + 1)


def recent_lapses(lapses: Sequence[int], *, now: datetime) -> list[int]:
    """Those within LAPSE_WINDOW, oldest first."""
    since = (now - LAPSE_WINDOW).timestamp()
    return sorted(int(lapse) for lapse in lapses if lapse > since)

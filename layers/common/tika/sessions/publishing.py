"""What may be published: the fields of a session and the rules they obey.

Pure, and the same for the API and for the bulk command, so that a file is either accepted or explained before anything
of it is sent. Field names are those of the public answers.
"""

import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, StringConstraints

from tika.api import Command, Day, Uuid, text_like, whole_number
from tika.eligibility import IST
from tika.fields import EMPTY, Unfit
from tika.languages import LANGUAGES
from tika.refusals import Invalid
from tika.sessions import places

MAX_SLOTS = 12  # of a day
MAX_SEATS = 9999  # of one slot and dose: seat numbers have four digits
DAYS_AHEAD = 90
MAX_TRANSLATIONS_BYTES = 6_000  # every search of the district carries them

_JOINERS = "\u200c\u200d"  # invisible, but Indian scripts need them
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


# --- fields ----------------------------------------------------------------------------------------------------------


def _text(value: str) -> str:
    value = unicodedata.normalize("NFC", value).strip()
    if any(char not in _JOINERS and unicodedata.category(char) in _UNPRINTABLE for char in value):
        raise Unfit("control characters are not allowed.")
    if value.startswith(_FORMULA):
        raise Unfit("this must not begin with = + - or @.")
    return value


_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _filled(value: str) -> str:
    if not value:
        raise Unfit(EMPTY)
    return value


@cache
def minutes(time: str) -> int:
    """Minutes of the day of "09:00AM", "12:00AM" being midnight, or of "09:00:00"."""
    hour, minute = int(time[:2]), int(time[3:5])
    if time.endswith("M"):
        hour = hour % 12 + (12 if time.endswith("PM") else 0)
    return hour * 60 + minute


Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(_text), AfterValidator(_filled)]
Address = Annotated[str, StringConstraints(max_length=200), AfterValidator(_text), AfterValidator(_filled)]
Block = Annotated[str, StringConstraints(max_length=60), AfterValidator(_text)]
HourOfDay = text_like("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", "a time is written HH:MM:SS.")
_HALF = "(0[1-9]|1[0-2]):[0-5][0-9](AM|PM)"
SlotLabel = text_like(f"{_HALF}-{_HALF}", "a slot is written like 09:00AM-11:00AM.")
Seats = whole_number(0, MAX_SEATS)
Language = text_like("|".join(LANGUAGES), "these are not the two letters of a language that we know.")


class SlotSeats(Command):
    """A slot and how many places it has for each dose."""

    slot: SlotLabel
    dose1: Seats
    dose2: Seats


Slots = Annotated[list[SlotSeats], Field(min_length=1, max_length=MAX_SLOTS)]


class Translation(Command):
    """The centre in another language."""

    name: Name
    address: Annotated[str, StringConstraints(max_length=200), AfterValidator(_text)] = ""


class Publication(Command):
    """A session as its centre publishes it. `session_id` is the publisher's own, which makes sending it again safe."""

    session_id: Uuid
    date: Day  # a datetime.date once parsed
    vaccine: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    min_age_limit: whole_number(0, 120)
    max_age_limit: whole_number(0, 120) | None = None
    center_id: whole_number(1, 10**9)
    name: Name
    address: Address
    block_name: Block = ""
    district_id: whole_number(0, 99_999)
    pincode: whole_number(100_000, 999_999)
    # All of India, its southernmost island included.
    lat: Annotated[float, Field(ge=6.5, le=37.6, allow_inf_nan=False)]
    long: Annotated[float, Field(ge=68.0, le=97.6, allow_inf_nan=False)]
    opens: Annotated[HourOfDay, Field(alias="from")]
    closes: Annotated[HourOfDay, Field(alias="to")]
    fee_type: Literal["Free", "Paid"]  # a government centre is free
    fee: text_like("[0-9]{1,5}", "rupees of up to five digits are needed.") = "0"  # rupees
    slots: Slots
    translations: Annotated[dict[Language, Translation], Field(default_factory=dict)]

    def center(self) -> dict[str, Any]:
        """The centre as answers show it, and appointments remember it."""
        district = places.district(self.district_id)
        center = {
            "center_id": self.center_id,
            "name": self.name,
            "address": self.address,
            "block_name": self.block_name,
            "state_name": district.state_name,
            "state_id": district.state_id,
            "district_name": district.district_name,
            "district_id": district.district_id,
            "pincode": self.pincode,
            "lat": self.lat,
            "long": self.long,
            "from": self.opens,
            "to": self.closes,
            "fee_type": self.fee_type,
            "fee": str(int(self.fee)),
        }
        if self.translations:
            center["translations"] = {
                language: {"name": told.name, "address": told.address} for language, told in self.translations.items()
            }
        return center


class Change(Command):
    """New numbers of places, for the slots that are to change."""

    slots: Slots


# --- rules -----------------------------------------------------------------------------------------------------------


class Vaccines(Protocol):
    """What the policy says of vaccines, each by name: the most a dose may cost in rupees, and the gap in days."""

    fee_ceiling_rupees: dict[str, int]
    dose_gap_days: dict[str, int]


def check(session: Publication, vaccines: Vaccines, *, now: datetime) -> None:
    """Raises Invalid, which names the first field that breaks a rule."""
    for problem in problems(session, vaccines, now=now):
        raise problem


def problems(session: Publication, vaccines: Vaccines, *, now: datetime) -> Iterator[Invalid]:
    """A refusal, which names the field, for each rule that is broken."""
    yield from _of_place(session)
    yield from _of_day(session, now=now)
    yield from _of_ages(session)
    yield from _of_fee(session, vaccines)
    yield from _of_slots(session)


def _of_place(session: Publication) -> Iterator[Invalid]:
    try:
        places.district(session.district_id)
    except Invalid as refusal:
        yield refusal
    told = sum(len((text.name + text.address).encode()) for text in session.translations.values())
    if told > MAX_TRANSLATIONS_BYTES:
        yield Invalid("more than {most} bytes.", field="translations", most=MAX_TRANSLATIONS_BYTES)


def _of_day(session: Publication, *, now: datetime) -> Iterator[Invalid]:
    today = now.astimezone(IST).date()
    if session.date < today:
        yield Invalid("this day is in the past.", field="date")
    if session.date > today + timedelta(days=DAYS_AHEAD):
        yield Invalid("more than {days} days ahead.", field="date", days=DAYS_AHEAD)


def _of_ages(session: Publication) -> Iterator[Invalid]:
    if session.max_age_limit is not None and session.max_age_limit < session.min_age_limit:
        yield Invalid("below min_age_limit.", field="max_age_limit")


def _of_fee(session: Publication, vaccines: Vaccines) -> Iterator[Invalid]:
    known = sorted(vaccines.fee_ceiling_rupees.keys() & vaccines.dose_gap_days.keys())
    if session.vaccine not in known:
        yield Invalid("not one of {allowed}.", field="vaccine", allowed=", ".join(known))
        return
    fee, ceiling = int(session.fee), vaccines.fee_ceiling_rupees[session.vaccine]
    if session.fee_type == "Free" and fee:
        yield Invalid("a free centre asks no fee.", field="fee")
    if session.fee_type == "Paid" and not fee:
        yield Invalid("a paid centre names its fee in rupees.", field="fee")
    if fee > ceiling:
        yield Invalid(
            "more than {most} rupees, the most allowed for {vaccine}.",
            field="fee",
            most=ceiling,
            vaccine=session.vaccine,
        )


def _of_slots(session: Publication) -> Iterator[Invalid]:
    opens, closes = minutes(session.opens), minutes(session.closes)
    if opens >= closes:
        yield Invalid("the centre closes before it opens.", field="to")
    free_from = opens
    for number, slot in enumerate(session.slots):
        field = f"slots.{number}.slot"
        first, last = (minutes(part) for part in slot.slot.split("-"))
        if first >= last:
            yield Invalid("it ends before it begins.", field=field)
        elif first < opens or last > closes:
            yield Invalid("outside the opening hours of the centre.", field=field)
        elif first < free_from:
            yield Invalid("slots must be in order and must not overlap.", field=field)
        free_from = max(free_from, last)
    if not any(slot.dose1 or slot.dose2 for slot in session.slots):
        yield Invalid("not a single place.", field="slots")


def check_change(change: Change) -> None:
    """Raises Invalid."""
    labels = [slot.slot for slot in change.slots]
    if len(set(labels)) < len(labels):
        raise Invalid("a slot is listed twice.", field="slots")

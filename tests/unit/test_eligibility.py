"""Who may register and who may book what."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.concurrency.crowd import POLICY
from tika import eligibility, policy
from tika.eligibility import IST, Dose, Person, Session, Slot
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

RULES = policy.parse(json.dumps(POLICY | {"dose_gap_days": {"COVISHIELD": 84, "COVAXIN": 28, "SPUTNIK V": 21}}))
OPENING = datetime(2021, 4, 28, 10, 30, tzinfo=UTC)  # 16:00 in India
DAY = date(2021, 7, 26)


def a_session(vaccine="COVISHIELD", *, day=DAY, ages=(18, None)):
    slot = Slot(0, "09:00AM-11:00AM", eligibility.begins(day, "09:00AM-11:00AM"), {1: 5, 2: 5})
    return Session("s", day, vaccine, *ages, {}, (slot,))


def test_registration_opens_at_its_instant_and_not_before():
    eligibility.check_registration(1990, RULES, now=OPENING)

    with pytest.raises(RegistrationNotOpen) as refused:
        eligibility.check_registration(1990, RULES, now=OPENING - timedelta(hours=2))
    assert refused.value.error == "Registration opens on 28-04-2021 at 16:00 IST."
    assert refused.value.retry_after == 7201


def test_the_year_is_that_of_india():
    """At 18:30 UTC on the last of December it is next year in India, and everybody a year older."""
    midnight = datetime(2021, 12, 31, 18, 30, tzinfo=UTC)

    eligibility.check_registration(2004, RULES, now=midnight)
    with pytest.raises(TooYoungForPhase) as refused:
        eligibility.check_registration(2004, RULES, now=midnight - timedelta(seconds=1))
    assert refused.value.error == "birth_year: this phase is for ages 18 and over."


@pytest.mark.parametrize(
    ("ages", "birth_year", "refusal"),
    [
        ((18, 44), 2003, None),
        ((18, 44), 2004, "This session is for ages 18 and over."),
        ((18, 44), 1977, None),
        ((18, 44), 1976, "This session is for ages up to 44."),
        ((45, None), 1976, None),
        ((45, None), 1901, None),
        ((45, None), 1977, "This session is for ages 45 and over."),
    ],
)
def test_ages_are_counted_by_year_of_birth(ages, birth_year, refusal):
    person, session = Person("r", birth_year), a_session(ages=ages)

    if refusal is None:
        eligibility.check_age(person, session)
    else:
        with pytest.raises(OutsideAges) as refused:
            eligibility.check_age(person, session)
        assert refused.value.error == refusal


@pytest.mark.parametrize(("vaccine", "gap"), [("COVISHIELD", 84), ("COVAXIN", 28), ("SPUTNIK V", 21)])
def test_the_second_dose_is_due_on_the_day_its_gap_is_over(vaccine, gap):
    session = a_session(vaccine)
    on_the_day = Person("r", 1990, (Dose(vaccine, DAY - timedelta(days=gap)),))
    a_day_early = Person("r", 1990, (Dose(vaccine, DAY - timedelta(days=gap - 1)),))

    eligibility.check_dose(on_the_day, session, 2, RULES)
    with pytest.raises(DoseNotDue, match="due from 27-07-2021"):
        eligibility.check_dose(a_day_early, session, 2, RULES)


def test_doses_come_in_order_and_of_one_vaccine():
    none, first = Person("r", 1990), Person("r", 1990, (Dose("COVAXIN", date(2021, 3, 1)),))
    both = Person("r", 1990, first.doses * 2)

    eligibility.check_dose(none, a_session(), 1, RULES)
    had_it = "This beneficiary has already had this dose."
    for person, vaccine, dose, refusal, sentence in (
        (none, "COVAXIN", 2, DoseNotDue, "dose: the second dose can be booked after the first was given."),
        (first, "COVISHIELD", 2, DoseNotDue, "dose: the first dose was COVAXIN, so the second must be as well."),
        (first, "COVAXIN", 1, AlreadyBooked, had_it),
        (both, "COVAXIN", 2, AlreadyBooked, had_it),
    ):
        with pytest.raises(refusal) as refused:
            eligibility.check_dose(person, a_session(vaccine), dose, RULES)
        assert refused.value.error == sentence


def test_a_slot_is_sold_until_the_second_before_it_begins():
    [slot] = a_session().slots
    begins = datetime(2021, 7, 26, 9, tzinfo=IST)

    assert slot.begins == begins
    eligibility.check_slot(slot, now=begins - timedelta(seconds=1))
    with pytest.raises(SlotBegun):
        eligibility.check_slot(slot, now=begins)


def test_a_session_has_only_the_slots_that_it_names():
    assert a_session().slot("09:00AM-11:00AM").number == 0
    with pytest.raises(NoSuchSlot):
        a_session().slot("09:00AM-11:00")


@pytest.mark.parametrize(
    "label", ["", "9:00AM-11:00AM", "09:00AM", "11:00AM-09:00AM", "09:00AM-09:00AM", "09:00-11:00", "13:00PM-02:00PM"]
)
def test_what_is_no_slot_has_no_beginning(label):
    with pytest.raises(ValueError, match=r"^a slot is written like 09:00AM-11:00AM$|format|match"):
        eligibility.begins(DAY, label)


@pytest.mark.parametrize(
    ("label", "hour"),
    [("12:00AM-01:00AM", 0), ("12:00PM-01:00PM", 12), ("11:30PM-11:59PM", 23), ("09:00AM-12:00PM", 9)],
)
def test_noon_and_midnight_are_told_apart(label, hour):
    assert eligibility.begins(DAY, label).hour == hour


def test_three_lapses_within_an_hour_are_one_too_many():
    now = OPENING
    minutes_ago = [int((now - timedelta(minutes=minutes)).timestamp()) for minutes in (59, 30, 1)]

    eligibility.check_lapses(minutes_ago[1:], now=now)
    with pytest.raises(LapseCooldown) as refused:
        eligibility.check_lapses(minutes_ago, now=now)
    assert refused.value.retry_after == 61
    eligibility.check_lapses(minutes_ago, now=now + timedelta(seconds=61))


def test_a_lapse_an_hour_ago_does_not_count_any_more():
    now = OPENING
    an_hour_ago = int((now - timedelta(hours=1)).timestamp())

    assert eligibility.recent_lapses([an_hour_ago, an_hour_ago + 1], now=now) == [an_hour_ago + 1]

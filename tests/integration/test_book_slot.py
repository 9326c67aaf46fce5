"""POST /appointment/hold and /appointment/schedule."""

import json
import random
import re
from datetime import timedelta

import pytest

from tests.conftest import MORNING, NOONTIME, new_container


def test_the_last_seat_goes_to_one_of_two(hold, a_session, a_citizen):
    session = a_session(seats=1)

    first, second = hold(a_citizen(), session), hold(a_citizen(), session)

    assert (first.status, second.status, second.code) == (200, 409, "APPOIN0040")


def test_a_hold_lasts_five_minutes_and_says_until_when(hold, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()

    answer = hold(citizen, session)

    assert answer.json["hold_until"] == "2021-05-03T06:35:00Z"
    [seat] = stored.seats(session)
    assert (seat.status, seat.appointment_id) == ("HELD", answer.json["appointment_id"])
    assert stored.appointment(citizen).status == "HELD"


def test_the_same_hold_again_is_the_same_answer_and_no_longer(hold, a_session, a_citizen, at, stored):
    citizen, session = a_citizen(people=2), a_session()
    first = hold(citizen, session)
    at.advance(minutes=4)

    again = hold(citizen, session, beneficiaries=citizen.people[::-1])

    assert again.json == first.json
    assert len(stored.seats(session)) == 2


def test_a_hold_asked_again_when_all_is_sold_out_is_still_found(hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session(seats=1)
    first = hold(citizen, session)
    assert hold(a_citizen(), session).status == 409  # this container knows now that nothing is left

    assert hold(citizen, session).json == first.json


def test_a_family_is_held_together_or_not_at_all(hold, a_session, a_citizen, stored):
    session = a_session(seats=3)
    family = a_citizen(people=4)

    answer = hold(family, session)

    assert (answer.status, answer.code) == (409, "APPOIN0040")
    assert stored.seats(session) == []
    assert hold(a_citizen(people=3), session).status == 200


def test_refusing_a_family_does_not_refuse_one_person(hold, a_session, a_citizen):
    session = a_session(seats=1)
    assert hold(a_citizen(people=2), session).status == 409

    assert hold(a_citizen(), session).status == 200


def test_a_second_appointment_for_the_same_dose_is_refused(hold, schedule, a_session, a_citizen):
    citizen, here, there = a_citizen(), a_session(), a_session()
    assert schedule(citizen, here).status == 200

    for answer in (hold(citizen, there), schedule(citizen, there), schedule(citizen, here, slot=NOONTIME)):
        assert (answer.status, answer.code) == (400, "APPOIN0022")
        assert answer.json["error"] == f"Beneficiary {citizen.people[0]} already has an appointment for this dose."


def test_part_of_a_family_that_is_held_cannot_be_held_again_alone(hold, a_session, a_citizen):
    family, session = a_citizen(people=2), a_session()
    hold(family, session)

    alone = hold(family, session, beneficiaries=family.people[:1])

    assert alone.code == "APPOIN0022"


def test_scheduling_books_in_one_step_and_again_gives_the_same_number(schedule, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()

    first, again = schedule(citizen, session), schedule(citizen, session)

    assert first.status == 200
    assert again.json == first.json
    [seat] = stored.seats(session)
    assert seat.status == "BOOKED"
    assert seat.lapsing_shard is None


def test_scheduling_what_one_holds_books_it(hold, schedule, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session)

    booked = schedule(citizen, session)

    assert booked.json["appointment_confirmation_no"] == held.json["appointment_id"]
    assert [seat.status for seat in stored.seats(session)] == ["BOOKED"]


def test_a_hold_never_turns_a_booking_back(hold, schedule, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()
    schedule(citizen, session)

    assert hold(citizen, session).code == "APPOIN0022"
    assert stored.appointment(citizen).status == "BOOKED"


def test_a_lapsed_seat_is_free_for_the_next_though_nothing_swept(hold, confirm, a_session, a_citizen, at, stored):
    session, late, quick = a_session(seats=1), a_citizen(), a_citizen()
    lapsed = hold(late, session).json["appointment_id"]
    at.advance(minutes=5, seconds=6)

    taken = hold(quick, session)

    assert taken.status == 200
    assert stored.seats(session)[0].appointment_id == taken.json["appointment_id"]
    refused = confirm(late, lapsed)
    assert (refused.status, refused.code) == (409, "TIKA0001")


def test_a_hold_that_lapsed_just_now_is_not_yet_free_for_a_clock_that_is_late(hold, a_session, a_citizen, at):
    session = a_session(seats=1)
    hold(a_citizen(), session)
    at.advance(minutes=5, seconds=5)
    new_container()

    assert hold(a_citizen(), session).code == "APPOIN0040"


def test_one_whose_hold_lapsed_just_now_is_told_to_wait_a_moment(hold, a_session, a_citizen, at):
    citizen, session = a_citizen(), a_session()
    hold(citizen, session)
    at.advance(minutes=5, seconds=2)

    answer = hold(citizen, session)

    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "TIKA0001", "6")


@pytest.mark.parametrize(("seconds", "code"), [(299, ""), (300, "TIKA0001"), (305, "TIKA0001"), (306, "")])
def test_an_own_hold_is_met_again_then_waited_for_and_then_claimed_anew(
    seconds, code, hold, a_session, a_citizen, at, calls
):
    citizen, session = a_citizen(), a_session()
    first = hold(citizen, session).json["appointment_id"]
    at.advance(seconds=seconds)
    writes = len(calls.of("TransactWriteItems"))

    answer = hold(citizen, session)

    assert answer.code == code
    assert (answer.json.get("appointment_id") == first) is (seconds == 299)
    assert len(calls.of("TransactWriteItems")) == writes + (seconds == 306)


def test_a_place_given_back_is_sold_a_second_later_by_a_container_that_saw_it_taken(
    hold, schedule, cancel, a_session, a_citizen, at
):
    first, second, session = a_citizen(), a_citizen(), a_session(seats=1)
    booked = schedule(first, session).json["appointment_confirmation_no"]
    assert hold(second, session).code == "APPOIN0040"
    cancel(first, booked)
    at.advance(seconds=1)

    assert hold(second, session).status == 200


def test_after_three_lapsed_holds_in_an_hour_a_person_waits(hold, a_session, a_citizen, at):
    citizen, session = a_citizen(), a_session()
    for _ in range(3):
        assert hold(citizen, session).status == 200
        at.advance(minutes=6)

    refused = hold(citizen, session)

    assert (refused.status, refused.code) == (429, "TIKA0006")
    at.advance(seconds=int(refused.headers["Retry-After"]))
    assert hold(citizen, session).status == 200


def test_cancelling_just_before_the_lapse_does_not_evade_the_wait(hold, cancel, a_session, a_citizen, at):
    citizen, session = a_citizen(), a_session()
    for _ in range(3):
        held = hold(citizen, session).json["appointment_id"]
        at.advance(minutes=4, seconds=59)
        assert cancel(citizen, held).status == 204

    assert hold(citizen, session).code == "TIKA0006"


def test_changing_ones_mind_at_once_counts_for_nothing(hold, cancel, a_session, a_citizen, at):
    citizen, session = a_citizen(), a_session()
    for _ in range(4):
        held = hold(citizen, session)
        assert held.status == 200
        at.advance(seconds=30)
        cancel(citizen, held.json["appointment_id"])


def test_a_slot_that_has_begun_is_not_sold(hold, a_session, a_citizen, at):
    session = a_session()
    at.advance(hours=21)  # 09:00 in India on the day

    assert hold(a_citizen(), session).code == "TIKA0011"
    assert hold(a_citizen(), session, slot=NOONTIME).status == 200


def test_ages_are_those_of_the_session(hold, a_session, a_citizen):
    session = a_session(min_age_limit=45, max_age_limit=60)

    answers = [hold(a_citizen(birth_year=year), session).code for year in (1977, 1976, 1961, 1960)]

    assert answers == ["TIKA0010", "", "", "TIKA0010"]


def test_the_second_dose_follows_the_first_with_the_same_vaccine_after_its_gap(hold, a_session, a_citizen, stored):
    citizen = a_citizen()
    covaxin, covishield = a_session(vaccine="COVAXIN"), a_session(vaccine="COVISHIELD")
    assert hold(citizen, covaxin, dose=2).code == "APPOIN0025"  # no first dose

    stored.give_dose(citizen, "COVAXIN", "2021-04-07")  # 28 days before the 5th, a day too late for the 4th
    too_early, other_vaccine = hold(citizen, covaxin, dose=2), hold(citizen, covishield, dose=2)
    in_time = hold(citizen, a_session(vaccine="COVAXIN", days=2), dose=2)

    assert too_early.code == "APPOIN0025"
    assert "05-05-2021" in too_early.json["error"]
    assert other_vaccine.code == "APPOIN0025"
    assert in_time.status == 200


def test_a_dose_that_was_given_is_not_booked_again(hold, a_session, a_citizen, stored):
    citizen = a_citizen()
    stored.give_dose(citizen, "COVISHIELD", "2021-01-20")

    assert hold(citizen, a_session()).code == "APPOIN0022"


def test_a_slot_without_seats_for_the_dose_is_full(hold, a_session, a_citizen):
    session = a_session(slots=[{"slot": MORNING, "dose1": 0, "dose2": 5}])

    assert hold(a_citizen(), session).code == "APPOIN0040"


@pytest.mark.parametrize("slot", ["", "09:00AM", "09:00AM-11:30AM", "SEAT#1#00#0001", "०९:००AM-११:००AM"])
def test_a_slot_that_the_session_does_not_have_is_refused(hold, a_session, a_citizen, slot):
    answer = hold(a_citizen(), a_session(), slot=slot)

    assert (answer.status, answer.code) == (400, "APPOIN0015")


def test_a_dose_may_come_as_text_and_people_as_numbers(hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session()

    first = hold(citizen, session, dose="1", beneficiaries=[int(one) for one in citizen.people])

    assert first.status == 200
    assert hold(citizen, session, dose=1).json == first.json


def test_a_session_that_does_not_exist_is_refused(hold, a_citizen):
    assert hold(a_citizen(), "7d9a1f1e-5f1b-4c63-9c1e-0a5d1c9e4b11").code == "APPOIN0015"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dose": "3"}, "dose"),
        ({"dose": "one"}, "dose"),
        ({"dose": " 1"}, "dose"),
        ({"dose": "१"}, "dose"),
        ({"dose": -1}, "dose"),
        ({"dose": 1.5}, "dose"),
        ({"dose": True}, "dose"),
        ({"dose": 3}, "dose"),
        ({"dose": ...}, "dose"),
        ({"session_id": 7}, "session_id"),
        ({"session_id": "x#SEAT"}, "session_id"),
        ({"slot": None}, "slot"),
        ({"slot": "9" * 21}, "slot"),
        ({"beneficiaries": []}, "beneficiaries"),
        ({"beneficiaries": "21363181496731"}, "beneficiaries"),
        ({"beneficiaries": [2136318149673]}, "beneficiaries.0"),
        ({"beneficiaries": ["2136318149673#"]}, "beneficiaries.0"),
        ({"beneficiaries": ["२१३६३१८१४९६७३१"]}, "beneficiaries.0"),
        ({"beneficiaries": ["21363181496731"] * 5}, "beneficiaries"),
        ({"beneficiaries": ["21363181496731"] * 2}, "beneficiaries"),
        ({"beneficiaries": ["21363181496731", 21363181496731]}, "beneficiaries"),
    ],
)
def test_a_field_that_is_wrong_is_named(hold, a_citizen, changes, field):
    answer = hold(a_citizen(), "7d9a1f1e-5f1b-4c63-9c1e-0a5d1c9e4b11", **changes)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}: ")


def test_a_whole_number_may_be_written_with_a_decimal_point(hold, a_session, a_citizen):
    assert hold(a_citizen(), a_session(), dose=1.0).status == 200
    assert hold(a_citizen(), a_session(), dose=1.5).json["error"].startswith("dose: ")


def test_null_stands_for_a_field_that_is_not_given(call, a_citizen, schedule, a_session, people):
    citizen = a_citizen()
    booked = schedule(citizen, a_session()).json["appointment_confirmation_no"]
    body = {"appointment_id": booked, "beneficiariesToCancel": None}

    assert call("cancel_slot", "cancel", body=body, token=citizen.token).status == 204
    assert people(citizen)[0]["appointments"] == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"hold"',
        "[" * 100_000,
        '{"a":' * 3_000,
        "\ud800",
    ],
)
def test_a_body_that_is_not_an_object_is_refused(call, a_citizen, body):
    answer = call("book_slot", "hold", body=body, token=a_citizen().token)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("body: ")


def test_a_body_that_is_huge_is_refused(call, a_citizen):
    answer = call("book_slot", "hold", body=json.dumps({"slot": "x" * 20_000}), token=a_citizen().token)

    assert answer.json["error"] == "body: more than 16384 bytes."


def test_somebody_elses_people_are_unknown(hold, a_session, a_citizen, stored):
    session, other = a_session(), a_citizen()

    answer = hold(a_citizen(), session, beneficiaries=other.people)

    assert (answer.status, answer.code) == (400, "TIKA0009")
    assert stored.seats(session) == []


def test_an_account_without_people_is_told_so(hold, a_session, a_citizen):
    answer = hold(a_citizen(people=0), a_session(), beneficiaries=["21363181496731"])

    assert (answer.status, answer.code) == (400, "APPOIN0001")


def test_without_a_token_nothing_is_looked_at(call):
    answer = call("book_slot", "hold", body="{")

    assert (answer.status, answer.text) == (401, "Unauthenticated access!")


def test_a_booking_is_told_by_a_text_that_holds_no_person(schedule, a_session, a_citizen, aws):
    citizen = a_citizen()
    number = schedule(citizen, a_session()).json["appointment_confirmation_no"]

    [message] = aws.client("sqs").receive_message(QueueUrl=aws.queue, MaxNumberOfMessages=10)["Messages"]

    told = json.loads(message["Body"])
    assert (told["kind"], told["appointment_id"]) == ("booking", number)
    assert citizen.caller.mobile not in message["Body"]
    assert citizen.people[0] not in message["Body"]


def test_a_claim_in_a_large_slot_looks_at_one_block_of_its_seats(hold, a_session, a_citizen, calls):
    session = a_session(seats=1_000)

    assert hold(a_citizen(), session).status == 200
    looks = seat_looks(calls)
    assert len(looks) == 1
    assert looks[0][1] - looks[0][0] == 99


def test_scheduling_gives_a_secret_code_and_holding_none(hold, schedule, a_session, a_citizen, stored):
    booked, held, session = a_citizen(people=2), a_citizen(), a_session()
    schedule(booked, session)
    hold(held, session)

    first, second = (stored.appointment(booked, person=person).secret_code for person in (0, 1))
    assert re.fullmatch(r"[0-9]{4}", first)
    assert second == first
    assert stored.appointment(held).secret_code is None


def test_claims_in_a_large_slot_spread_over_all_its_blocks(hold, a_session, a_citizen, calls, monkeypatch):
    monkeypatch.setattr("tika.booking.seats.BLOCK", 30)
    random.seed(1)
    session = a_session(seats=90)

    for _ in range(12):
        hold(a_citizen(), session)

    assert set(seat_looks(calls)) == {(0, 29), (30, 59), (60, 89)}


def test_a_slot_of_one_block_is_looked_at_once(hold, a_session, a_citizen, calls, monkeypatch):
    monkeypatch.setattr("tika.booking.seats.BLOCK", 2)
    session = a_session(seats=2)

    assert [hold(a_citizen(), session).status for _ in range(3)] == [200, 200, 409]
    assert seat_looks(calls) == [(0, 1)] * 3


def test_a_claim_looks_at_the_whole_slot_where_its_block_is_taken(hold, a_session, a_citizen, calls, monkeypatch):
    monkeypatch.setattr("tika.booking.seats.BLOCK", 2)
    session, citizens = a_session(seats=5), [a_citizen() for _ in range(6)]

    assert [hold(citizen, session).status for citizen in citizens] == [200] * 5 + [409]
    assert (0, 4) in seat_looks(calls)


def test_an_appointment_carries_its_centre_without_its_names_in_other_languages(hold, a_session, a_citizen, stored):
    """With them its row would cost twice as much to write."""
    citizen = a_citizen()

    assert hold(citizen, a_session(translations={"hi": {"name": "जिला अस्पताल"}})).status == 200

    center = stored.appointment(citizen).center
    assert "name" in center
    assert "translations" not in center


def test_a_large_slot_is_remembered_as_full_for_longer(hold, a_session, a_citizen, calls, at, monkeypatch):
    monkeypatch.setattr("tika.booking.seats.REMEMBER_FOR_EACH", timedelta(seconds=10))
    session, citizens = a_session(seats=2), [a_citizen() for _ in range(5)]
    assert [hold(citizen, session).status for citizen in citizens[:3]] == [200, 200, 409]

    looks = len(seat_looks(calls))
    at.advance(seconds=19)
    assert hold(citizens[3], session).status == 409
    assert len(seat_looks(calls)) == looks
    at.advance(seconds=2)
    assert hold(citizens[3], session).status == 409
    assert len(seat_looks(calls)) == looks + 1


def test_a_full_slot_is_remembered_until_a_hold_in_it_lapses_and_no_longer(
    hold, a_session, a_citizen, calls, at, monkeypatch
):
    monkeypatch.setattr("tika.booking.seats.REMEMBER_FOR_EACH", timedelta(hours=1))
    session, citizens = a_session(seats=1), [a_citizen() for _ in range(2)]
    assert [hold(citizen, session).status for citizen in citizens] == [200, 409]

    looks = len(seat_looks(calls))
    at.advance(seconds=300 + 5)
    assert hold(citizens[1], session).status == 409
    assert len(seat_looks(calls)) == looks
    at.advance(seconds=1)
    assert hold(citizens[1], session).status == 200


def seat_looks(calls):
    """(first, last) seat number of each query of seats."""
    values = [request["ExpressionAttributeValues"].values() for request in calls.of("Query")]
    ranges = [[value["S"] for value in found if value["S"].startswith("SEAT#")] for found in values]
    return [tuple(int(key.rpartition("#")[2]) for key in sorted(keys)) for keys in ranges if keys]

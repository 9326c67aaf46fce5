"""POST /appointment/reschedule."""

import pytest

from tests.conftest import MORNING, NOONTIME


def test_the_place_moves_and_the_old_one_is_free(schedule, reschedule, a_session, a_citizen, people, stored):
    citizen, here, there = a_citizen(people=2), a_session(), a_session(days=2)
    booked = schedule(citizen, here).json["appointment_confirmation_no"]
    code = people(citizen)[0]["appointments"][0]["secret_code"]

    answer = reschedule(citizen, booked, there, NOONTIME)

    assert (answer.status, answer.text) == (204, "")
    assert stored.seats(here) == []
    assert {seat.status for seat in stored.seats(there)} == {"BOOKED"}
    for person in people(citizen):
        [appointment] = person["appointments"]
        assert (appointment["appointment_id"], appointment["session_id"]) == (booked, there)
        assert (appointment["date"], appointment["slot"]) == ("05-05-2021", NOONTIME)
        assert appointment["secret_code"] == code


def test_the_old_place_survives_when_the_new_slot_is_full(schedule, reschedule, a_session, a_citizen, stored):
    citizen, here, there = a_citizen(), a_session(), a_session(seats=1)
    booked = schedule(citizen, here).json["appointment_confirmation_no"]
    schedule(a_citizen(), there)

    answer = reschedule(citizen, booked, there)

    assert (answer.status, answer.code) == (409, "APPOIN0040")
    assert [seat.appointment_id for seat in stored.seats(here)] == [booked]
    assert stored.appointment(citizen).session_id == here


def test_rescheduling_again_is_no_error_and_moves_nothing(schedule, reschedule, a_session, a_citizen, stored):
    citizen, here, there = a_citizen(), a_session(), a_session()
    booked = schedule(citizen, here).json["appointment_confirmation_no"]
    reschedule(citizen, booked, there)
    before = stored.everything()

    assert reschedule(citizen, booked, there).status == 204
    assert stored.everything() == before


def test_a_moved_hold_lapses_when_it_would_have(hold, reschedule, confirm, a_session, a_citizen, at, stored):
    citizen, here, there = a_citizen(), a_session(), a_session()
    held = hold(citizen, here).json["appointment_id"]
    until = stored.seats(here)[0].hold_until
    at.advance(minutes=4)

    assert reschedule(citizen, held, there).status == 204

    [seat] = stored.seats(there)
    assert (seat.status, seat.hold_until) == ("HELD", until)
    at.advance(minutes=1)
    assert confirm(citizen, held).code == "TIKA0001"


def test_a_moved_hold_is_swept_and_counts_as_a_lapse(hold, reschedule, sweep, a_session, a_citizen, at, stored):
    citizen, there = a_citizen(people=2), a_session()
    held = hold(citizen, a_session()).json["appointment_id"]
    reschedule(citizen, held, there)
    at.advance(minutes=6)

    assert sweep()["released"] == 2
    assert stored.seats(there) == []
    rows = [stored.appointment(citizen, person=person) for person in (0, 1)]
    assert [(row.status, len(row.lapses)) for row in rows] == [("LAPSED", 1)] * 2


def test_a_moved_booking_is_none_of_the_sweeps_business(schedule, reschedule, a_session, a_citizen, stored):
    citizen, there = a_citizen(), a_session()
    reschedule(citizen, schedule(citizen, a_session()).json["appointment_confirmation_no"], there)

    [seat] = stored.seats(there)
    assert (seat.lapsing_shard, seat.hold_until) == (None, None)


def test_a_lapsed_hold_cannot_be_moved(hold, reschedule, a_session, a_citizen, at, stored):
    citizen, there = a_citizen(), a_session()
    held = hold(citizen, a_session()).json["appointment_id"]
    at.advance(minutes=5)

    assert reschedule(citizen, held, there).code == "TIKA0001"
    assert stored.seats(there) == []


def test_a_cancelled_appointment_cannot_be_moved(schedule, cancel, reschedule, a_session, a_citizen):
    citizen = a_citizen()
    booked = schedule(citizen, a_session()).json["appointment_confirmation_no"]
    cancel(citizen, booked)

    answer = reschedule(citizen, booked, a_session())

    assert answer.code == "TIKA0016"
    assert answer.json["error"] == "appointment_id: this appointment was cancelled."


def test_the_new_session_must_suit_the_person(schedule, reschedule, a_session, a_citizen, stored):
    citizen, here = a_citizen(), a_session()
    booked = schedule(citizen, here).json["appointment_confirmation_no"]

    assert reschedule(citizen, booked, a_session(min_age_limit=45)).code == "TIKA0010"
    assert reschedule(citizen, booked, here, "01:00PM-03:00PM").code == "APPOIN0015"
    assert len(stored.seats(here)) == 1


def test_a_second_dose_is_not_moved_to_before_it_is_due(schedule, reschedule, a_session, a_citizen, stored):
    citizen = a_citizen()
    stored.give_dose(citizen, "COVAXIN", "2021-04-07")  # 28 days before the 5th
    booked = schedule(citizen, a_session(vaccine="COVAXIN", days=3), dose=2).json["appointment_confirmation_no"]
    too_early, in_time = a_session(vaccine="COVAXIN"), a_session(vaccine="COVAXIN", days=2)

    assert reschedule(citizen, booked, too_early).code == "APPOIN0025"
    assert reschedule(citizen, booked, in_time).status == 204


def test_within_one_session_only_the_slot_changes(schedule, reschedule, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session(seats=1)
    booked = schedule(citizen, session).json["appointment_confirmation_no"]

    assert reschedule(citizen, booked, session, NOONTIME).status == 204
    assert [seat.sk for seat in stored.seats(session)] == ["SEAT#1#01#0000"]


def test_somebody_elses_appointment_is_unknown(schedule, reschedule, a_session, a_citizen, stored):
    there = a_session()
    booked = schedule(a_citizen(), a_session()).json["appointment_confirmation_no"]

    assert reschedule(a_citizen(), booked, there).code == "TIKA0008"
    assert stored.seats(there) == []


@pytest.mark.parametrize("field", ["appointment_id", "session_id", "slot"])
def test_a_missing_field_is_named(call, a_citizen, field):
    answer = call("reschedule_slot", "reschedule", body={field: ...}, token=a_citizen().token)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}: ")
    assert MORNING not in answer.text

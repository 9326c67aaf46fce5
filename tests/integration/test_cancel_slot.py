"""POST /appointment/cancel."""

from datetime import timedelta

import pytest

from tests import roles
from tests.conftest import new_container
from tika.booking import seats


def test_a_cancelled_place_is_free_for_the_next(schedule, cancel, a_session, a_citizen, people):
    citizen, session = a_citizen(), a_session(seats=1)
    booked = schedule(citizen, session).json["appointment_confirmation_no"]

    answer = cancel(citizen, booked)

    assert (answer.status, answer.text) == (204, "")
    assert people(citizen)[0]["appointments"] == []
    assert schedule(a_citizen(), session).status == 200


def test_a_family_that_names_all_its_people_cancels_for_all(schedule, cancel, a_session, a_citizen, stored):
    family, session = a_citizen(people=3), a_session()
    booked = schedule(family, session).json["appointment_confirmation_no"]

    assert cancel(family, booked, family.people).status == 204
    assert stored.seats(session) == []


def test_one_of_a_family_cancels_and_the_others_keep_their_places(schedule, cancel, a_session, a_citizen, people):
    family, session = a_citizen(people=3), a_session()
    booked = schedule(family, session).json["appointment_confirmation_no"]

    cancel(family, booked, family.people[:1])

    standing = {person["beneficiary_reference_id"]: person["appointments"] for person in people(family)}
    assert [bool(standing[reference_id]) for reference_id in family.people] == [False, True, True]


def test_cancelling_again_is_no_error_and_takes_nothing_from_others(
    schedule, cancel, a_session, a_citizen, counts, stored
):
    citizen, other, session = a_citizen(), a_citizen(), a_session(seats=1)
    booked = schedule(citizen, session).json["appointment_confirmation_no"]
    cancel(citizen, booked)
    schedule(other, session)
    counts()

    assert cancel(citizen, booked).status == 204
    assert counts()["SeatGivenBack"] == 0
    assert [seat.reference_id for seat in stored.seats(session)] == other.people


def test_after_cancelling_the_person_may_book_elsewhere(schedule, cancel, a_session, a_citizen):
    citizen = a_citizen()
    cancel(citizen, schedule(citizen, a_session()).json["appointment_confirmation_no"])

    assert schedule(citizen, a_session()).status == 200


def test_cancelling_a_lapsed_hold_does_not_touch_the_seats_new_owner(hold, cancel, a_session, a_citizen, at, stored):
    late, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    lapsed = hold(late, session).json["appointment_id"]
    at.advance(minutes=6)
    hold(quick, session)

    assert cancel(late, lapsed).status == 204
    assert [seat.reference_id for seat in stored.seats(session)] == quick.people
    assert stored.appointment(late).status == "LAPSED"
    assert len(stored.appointment(late).lapses) == 1


def test_cancelling_a_lapsed_hold_frees_the_seat_at_once(hold, cancel, a_session, a_citizen, at, stored):
    citizen, session = a_citizen(), a_session(seats=1)
    lapsed = hold(citizen, session).json["appointment_id"]
    at.advance(minutes=5, seconds=1)

    assert cancel(citizen, lapsed).status == 204
    assert stored.seats(session) == []
    new_container()
    assert hold(a_citizen(), session).status == 200


def test_a_hold_confirmed_by_a_late_clock_while_it_is_cancelled_is_given_back(
    calls, hold, cancel, a_session, a_citizen, at, stored
):
    """This container's clock says that the hold has lapsed, while that of another still lets it be confirmed."""
    citizen, session = a_citizen(), a_session(seats=1)
    held = hold(citizen, session).json["appointment_id"]
    at.advance(minutes=5, seconds=2)

    def plan(apply):
        with roles.nobody():
            seats.confirm(citizen.account, held, now=at.now - timedelta(seconds=4))
        return apply()

    calls.plans["TransactWriteItems"].append(plan)

    assert cancel(citizen, held).status == 204
    assert stored.appointment(citizen).status == "CANCELLED"
    assert stored.seats(session) == []


def test_somebody_elses_appointment_is_unknown(schedule, cancel, a_session, a_citizen, stored):
    session = a_session()
    booked = schedule(a_citizen(), session).json["appointment_confirmation_no"]

    answer = cancel(a_citizen(), booked)

    assert (answer.status, answer.code) == (400, "TIKA0008")
    assert len(stored.seats(session)) == 1


def test_somebody_elses_people_cannot_be_cancelled(schedule, cancel, a_session, a_citizen, stored):
    citizen, other, session = a_citizen(), a_citizen(), a_session()
    booked = schedule(citizen, session).json["appointment_confirmation_no"]

    answer = cancel(citizen, booked, [*citizen.people, *other.people])

    assert (answer.status, answer.code) == (400, "TIKA0009")
    assert answer.json["error"] == "beneficiariesToCancel: not in this appointment."
    assert len(stored.seats(session)) == 1


@pytest.mark.parametrize("people", [[], "21363181496731", [7], ["x"], {}, ["21363181496731"] * 5])
def test_a_bad_list_of_people_is_named(call, a_citizen, people):
    answer = call("cancel_slot", "cancel", body={"beneficiariesToCancel": people}, token=a_citizen().token)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("beneficiariesToCancel")

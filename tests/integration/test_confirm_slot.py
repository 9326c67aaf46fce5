"""POST /appointment/confirm."""

import pytest

from tika.tables.slots import Seat, SessionRow


def test_a_hold_becomes_a_booking_with_a_secret_code_for_its_owner_only(hold, confirm, people, a_session, a_citizen):
    citizen, session = a_citizen(people=2), a_session()
    held = hold(citizen, session).json["appointment_id"]
    assert "secret_code" not in people(citizen)[0]["appointments"][0]

    answer = confirm(citizen, held)

    assert (answer.status, answer.json) == (200, {"appointment_confirmation_no": held})
    first, second = (person["appointments"][0] for person in people(citizen))
    assert (first["status"], first["slot"]) == ("BOOKED", "09:00AM-11:00AM")
    assert first["secret_code"] == second["secret_code"]
    assert len(first["secret_code"]) == 4
    assert "hold_until" not in first


def test_the_secret_codes_are_drawn_from_all_four_digit_numbers(
    hold, confirm, people, a_session, a_citizen, monkeypatch
):
    citizen = a_citizen()
    held = hold(citizen, a_session()).json["appointment_id"]
    asked = []
    monkeypatch.setattr("tika.booking.seats.secrets.randbelow", lambda below: asked.append(below) or 42)

    confirm(citizen, held)

    assert asked == [10_000]
    assert people(citizen)[0]["appointments"][0]["secret_code"] == "0042"


def test_confirming_again_is_the_same_answer_and_the_same_code(hold, confirm, people, a_session, a_citizen, at):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    first, before = confirm(citizen, held), people(citizen)
    at.advance(hours=1)

    assert confirm(citizen, held).json == first.json
    assert people(citizen) == before


def test_a_hold_is_confirmed_up_to_its_last_second_and_not_after(hold, confirm, a_session, a_citizen, at):
    in_time, late, session = a_citizen(), a_citizen(), a_session()
    first, second = (hold(citizen, session).json["appointment_id"] for citizen in (in_time, late))

    at.advance(minutes=4, seconds=59)
    assert confirm(in_time, first).status == 200
    at.advance(seconds=1)
    refused = confirm(late, second)

    assert (refused.status, refused.code) == (409, "TIKA0001")


def test_somebody_elses_appointment_is_unknown(hold, confirm, a_session, a_citizen, stored):
    session = a_session()
    held = hold(a_citizen(), session).json["appointment_id"]

    answer = confirm(a_citizen(), held)

    assert (answer.status, answer.code) == (400, "TIKA0008")
    assert stored.seats(session)[0].status == "HELD"


def test_what_was_cancelled_cannot_be_confirmed(hold, cancel, confirm, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    cancel(citizen, held)

    assert confirm(citizen, held).code == "TIKA0016"
    assert stored.seats(session) == []


def test_a_seat_that_is_not_the_holders_any_more_is_not_sold(hold, confirm, a_session, a_citizen, stored):
    """The row decides, whatever the appointment says: a seat that went to another did so after the hold had lapsed."""
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    [seat] = stored.seats(session)
    seat.update(actions=[Seat.appointment_id.set("another")])

    answer = confirm(citizen, held)

    assert (answer.status, answer.code) == (409, "TIKA0001")
    assert Seat.get(SessionRow.key(session), seat.sk).status == "HELD"
    assert stored.appointment(citizen).status == "HELD"


@pytest.mark.parametrize("value", [..., None, 7, "", "x", "2f0c8a34-1d2e-4a77-8f6b-6f9d5b1f3c2", "#" * 36])
def test_a_bad_appointment_id_is_named(call, a_citizen, value):
    answer = call("confirm_slot", "confirm", body={"appointment_id": value}, token=a_citizen().token)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("appointment_id: ")

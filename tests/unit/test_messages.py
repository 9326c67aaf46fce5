"""What text messages say, and what of them waits in the queue."""

import pytest

from tests.spies import queued
from tika import keys
from tika.tables.citizens import AppointmentRow
from tika.tables.statuses import BOOKED, HELD
from tika.texts import envelope, messages

SESSION = "6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50"
APPOINTMENT = "9b5c2f0e-7d41-4a8c-b1de-5a0f6c3e2d17"


def an_appointment(*, name="District General Hospital", status=BOOKED, reference_id="21363181496731", seat=4):
    return AppointmentRow(
        "ACCOUNT#a",
        f"APPOINTMENT#{reference_id}#1",
        reference_id=reference_id,
        dose=1,
        status=status,
        appointment_id=APPOINTMENT,
        session_id=SESSION,
        seat=f"SEAT#1#00#{seat:04d}",
        slot="09:00AM-11:00AM",
        date="2021-05-04",
        center={"name": name},
        secret_code="0042",
    )


# --- the texts -------------------------------------------------------------------------------------------------------


def test_the_text_of_a_code_is_to_the_letter_what_phones_have_learned_to_read():
    assert messages.otp_text("459831", "CoWIN", 180) == (
        "Your OTP to register/access CoWIN is 459831. It will be valid for 3 minutes. - CoWIN"
    )


@pytest.mark.parametrize(
    ("seconds", "says"), [(60, "1 minute."), (120, "2 minutes."), (599, "9 minutes."), (30, "1 min")]
)
def test_the_text_of_a_code_says_whole_minutes(seconds, says):
    assert f"valid for {says}" in messages.otp_text("000000", "Tika", seconds)


def test_the_text_of_a_booking_names_centre_date_slot_and_secret_code_in_one_segment():
    text = messages.booking_text(an_appointment(), "CoWIN")

    assert text == (
        "Vaccination booked: District General Hospital, 04-05-2021, 09:00AM-11:00AM. Secret code 0042. - CoWIN"
    )
    assert len(text) <= 160


def test_the_longest_name_of_a_centre_costs_at_most_two_latin_segments_and_three_indian_ones():
    latin = messages.booking_text(an_appointment(name="W" * 500), "CoWIN")
    indian = messages.booking_text(an_appointment(name="ज" * 500), "CoWIN")

    assert len(latin) <= 2 * 153
    assert len(indian) <= 3 * 67


def test_a_name_cannot_pose_as_another_message():
    text = messages.booking_text(an_appointment(name="PHC\r\nYour OTP is 111111\u2028\x1b[2J\u202eevil"), "CoWIN")

    assert text.startswith("Vaccination booked: PHC Your OTP is 111111 [2J evil, 04-05-2021")
    assert text.isprintable()


@pytest.mark.parametrize(
    "name", ["जिला सामान्य अस्पताल", "কলকাতা মেডিক্যাল কলেজ", "ഗവ. മെഡിക്കൽ കോളേജ്", "క్\u200cషేమ", "ශ්\u200dරී"]
)
def test_names_in_indian_scripts_stay_whole_joiners_included(name):
    assert messages.one_line(name, 60) == name


def test_a_long_name_is_cut_and_says_so():
    assert messages.one_line("Primary Health Centre", 15) == "Primary Health."
    assert messages.one_line("Primary Health Centre", 21) == "Primary Health Centre"


def test_a_centre_without_a_name_still_gets_a_text():
    row = an_appointment()
    row.center = None

    assert "04-05-2021" in messages.booking_text(row, "CoWIN")


# --- the queue -------------------------------------------------------------------------------------------------------


def test_a_booking_is_queued_by_its_keys_and_without_a_person(aws):
    messages.send_booking("a" * 64, [an_appointment()])

    assert queued(aws) == [
        {
            "kind": "booking",
            "account": "a" * 64,
            "appointment_id": APPOINTMENT,
            "place": f"{SESSION}#SEAT#1#00#0004",
        }
    ]


def test_a_family_gets_one_text(aws):
    family = [an_appointment(reference_id=f"{n:014d}", seat=n) for n in (3, 1, 2)]

    messages.send_booking("a" * 64, family)

    [message] = queued(aws)
    assert message["place"].endswith("#0001")


@pytest.mark.parametrize("rows", [[], [an_appointment(status=HELD)]], ids=["nobody", "a hold"])
def test_nothing_is_queued_for_what_is_not_booked(aws, rows):
    messages.send_booking("a" * 64, rows)

    assert queued(aws) == []


@pytest.mark.parametrize("code", ["ServiceUnavailable", "AccessDenied"])
def test_a_queue_that_fails_does_not_undo_the_booking_and_is_reported(aws, calls, logged, code):
    calls.refuse("SendMessage", code)

    messages.send_booking("a" * 64, [an_appointment()])

    assert "booking text not queued" in logged.getvalue()


# --- the envelope ----------------------------------------------------------------------------------------------------


def test_what_is_sealed_can_be_unsealed_and_not_read(aws):
    sealed = envelope.seal({"mobile": "9876543210", "text": "कूट 459831"})

    assert envelope.unseal(sealed) == {"mobile": "9876543210", "text": "कूट 459831"}
    assert "9876543210" not in sealed
    assert "459831" not in sealed


def test_the_same_thing_sealed_twice_looks_different(aws):
    assert envelope.seal({"mobile": "9876543210"}) != envelope.seal({"mobile": "9876543210"})


def test_what_was_sealed_with_another_pepper_or_changed_on_the_way_is_refused(aws, monkeypatch):
    sealed = envelope.seal({"mobile": "9876543210"})
    changed = sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:]

    with pytest.raises(ValueError, match="not sealed here"):
        envelope.unseal(changed)
    with monkeypatch.context() as patched:
        patched.setattr(keys, "pepper", lambda: b"another pepper")
        with pytest.raises(ValueError, match="not sealed here"):
            envelope.unseal(sealed)


@pytest.mark.parametrize("thing", ["", "gAAAAA", "ключ", None, 7, [], {}], ids=repr)
def test_what_is_not_sealed_at_all_is_refused(aws, thing):
    with pytest.raises(ValueError, match="not sealed here"):
        envelope.unseal(thing)

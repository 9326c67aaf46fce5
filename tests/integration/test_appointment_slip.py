"""GET /appointment/appointmentslip/download."""

from io import BytesIO

import pypdf
import pytest

from tika import policy
from tika.booking import seats
from tika.people import registry
from tika.refusals import NoSuchAppointment, NotBooked
from tika.tables.citizens import AppointmentRow

SLOT = "09:00AM-11:00AM"


@pytest.fixture
def a_hold(call, at):
    """`a_hold(citizen)`: all the citizen's people hold a place together; gives back their rows."""
    session_id = call("publish_session", "publish").json["session_id"]

    def hold(citizen) -> list[AppointmentRow]:
        order = seats.Order(session_id, SLOT, 1, tuple(citizen.people))
        return seats.hold(citizen.account, order, policy.current(), now=at.now)

    return hold


@pytest.fixture
def a_booking(a_hold, at):
    """`a_booking(citizen)`: the same, booked."""

    def book(citizen) -> list[AppointmentRow]:
        return seats.confirm(citizen.account, a_hold(citizen)[0].appointment_id, now=at.now)

    return book


@pytest.fixture
def download(call):
    """`download(citizen, appointment_id)`"""

    def get(citizen, appointment_id, **more):
        return call(
            "appointment_slip", "download", query={"appointment_id": appointment_id}, token=citizen.token, **more
        )

    return get


def text_of(pdf: bytes) -> str:
    (page,) = pypdf.PdfReader(BytesIO(pdf)).pages
    return " ".join(page.extract_text().split())


def test_a_booked_appointment_gives_a_slip_for_all_its_people(a_citizen, a_booking, download):
    citizen = a_citizen(people=3)
    booked = a_booking(citizen)

    answer = download(citizen, booked[0].appointment_id)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="appointment-slip.pdf"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    text = text_of(answer.binary)
    people = registry.load(citizen.account).people
    for fact in (
        "Tuesday, 4 May 2021 Time 9:00 AM to 11:00 AM Dose 1 Vaccine COVISHIELD",
        "District General Hospital Sadar Bazaar, Satara Satara, Satara, Maharashtra, PIN 415001",
        f"Secret code {booked[0].secret_code}",
        f"Appointment {booked[0].appointment_id}",
        "Issued on 3 May 2021 at 12:00 PM",
        *(
            f"{person.name} 1990 {reference_id} PAN Card ********{person.photo_id_last4}"
            for reference_id, person in people.items()
        ),
    ):
        assert fact in text


def test_somebody_who_cancelled_is_not_on_the_slip_of_the_others(a_citizen, a_booking, download, at):
    citizen = a_citizen(people=2)
    gone, stays = a_booking(citizen)
    seats.cancel(citizen.account, gone.appointment_id, [gone.reference_id], now=at.now)

    text = text_of(download(citizen, stays.appointment_id).binary)

    assert stays.reference_id in text
    assert gone.reference_id not in text


def test_a_hold_has_no_slip_until_it_is_confirmed(a_citizen, a_hold, download, at):
    citizen = a_citizen()
    appointment_id = a_hold(citizen)[0].appointment_id

    before = download(citizen, appointment_id)
    seats.confirm(citizen.account, appointment_id, now=at.now)
    after = download(citizen, appointment_id)

    assert (before.status, before.code, after.status) == (400, NotBooked.code, 200)
    assert "must be confirmed first" in before.json["error"]


def test_a_cancelled_appointment_has_no_slip(a_citizen, a_booking, download, at):
    citizen = a_citizen()
    appointment_id = a_booking(citizen)[0].appointment_id
    seats.cancel(citizen.account, appointment_id, None, now=at.now)

    assert download(citizen, appointment_id).code == NotBooked.code


def test_the_appointment_of_somebody_else_is_as_unknown_as_one_that_never_was(a_citizen, a_booking, download):
    citizen, other = a_citizen(), a_citizen()
    appointment_id = a_booking(other)[0].appointment_id

    theirs = download(citizen, appointment_id)
    nobodys = download(citizen, "00000000-0000-4000-8000-000000000000")

    assert (theirs.status, theirs.code) == (400, NoSuchAppointment.code)
    assert theirs.json == nobodys.json
    assert theirs.binary == b""


@pytest.mark.parametrize("appointment_id", [..., "", "1", "٠b6f2c1e-7d3a-4c55-9e1b-2f8a6d4c9b10", ["a", "b"]])
def test_an_appointment_id_that_is_none_is_refused_by_name(a_citizen, download, appointment_id):
    answer = download(a_citizen(), appointment_id)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("appointment_id: ")


def test_without_a_token_there_is_no_slip(call):
    answer = call("appointment_slip", "download")

    assert (answer.status, answer.text) == (401, "Unauthenticated access!")


def test_nothing_personal_is_logged(a_citizen, a_booking, download, capsys):
    citizen = a_citizen()
    row = a_booking(citizen)[0]
    capsys.readouterr()

    download(citizen, row.appointment_id)

    logged = "".join(capsys.readouterr())
    assert "SlipDownloaded" in logged
    for secret in ("Asha", row.reference_id, row.secret_code, row.appointment_id, citizen.caller.mobile):
        assert secret not in logged

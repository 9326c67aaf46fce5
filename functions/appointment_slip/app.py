"""GET /appointment/appointmentslip/download: the slip of a booked appointment, as a PDF to print or to show."""

from datetime import date

from aws_lambda_powertools.event_handler.api_gateway import Response
from slip import Slip, SlipPerson, render

from tika.api import CORS, NO_STORE, Query, Uuid, entrypoint, new_app, query
from tika.clock import utc_now
from tika.people import choices, registry
from tika.people.registry import Household
from tika.refusals import NotBooked
from tika.signin.bearer import caller
from tika.tables.citizens import PersonRow
from tika.tables.statuses import BOOKED
from tika.telemetry import count

app = new_app()


class Download(Query):
    appointment_id: Uuid


@app.get("/api/v2/appointment/appointmentslip/download")
def appointment_slip():
    who = caller(app)
    appointment_id = query(app, Download).appointment_id
    slip = _slip(registry.load(who.account), appointment_id)
    pdf = render(slip, now=utc_now())
    count("SlipDownloaded")
    headers = {**CORS, "Cache-Control": NO_STORE, "Content-Disposition": 'attachment; filename="appointment-slip.pdf"'}
    return Response(200, "application/pdf", pdf, headers)


def _slip(household: Household, appointment_id: str) -> Slip:
    """Raises NoSuchAppointment or NotBooked."""
    booked = [row for row in household.of(appointment_id) if row.status == BOOKED]
    if not booked:
        raise NotBooked("only a booked appointment has a slip; a held place must be confirmed first.")
    place = booked[0]  # all of one appointment are in the same slot and have one secret code
    people = [household.person(row.reference_id) for row in booked]
    people.sort(key=lambda person: (person.registered_at, person.reference_id))  # as in the list of beneficiaries
    return Slip(
        center_name=place.center["name"],
        address=place.center["address"],
        block=place.center["block_name"],
        district=place.center["district_name"],
        state=place.center["state_name"],
        pincode=str(place.center["pincode"]),
        date=date.fromisoformat(place.date),
        slot=place.slot,
        dose=int(place.dose),
        vaccine=place.vaccine,
        secret_code=place.secret_code,
        appointment_id=appointment_id,
        people=tuple(_person(person) for person in people),
    )


def _person(row: PersonRow) -> SlipPerson:
    return SlipPerson(
        name=row.name,
        birth_year=int(row.birth_year),
        reference_id=row.reference_id,
        photo_id_type=choices.PHOTO_ID_TYPES[int(row.photo_id_type)],
        photo_id_number=f"********{row.photo_id_last4}",
    )


lambda_handler = entrypoint(app)

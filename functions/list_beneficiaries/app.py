"""GET /appointment/beneficiaries: the people of the caller's mobile number, their doses and appointments."""

from datetime import date
from typing import Any

from tika.api import entrypoint, new_app, reply
from tika.clock import iso, utc_now
from tika.people import choices, registry
from tika.refusals import NobodyRegistered
from tika.signin.bearer import caller
from tika.tables.citizens import AppointmentRow, PersonRow
from tika.tables.statuses import BOOKED, HELD

app = new_app()

STATUS_BY_DOSES = ("Not Vaccinated", "Partially Vaccinated", "Vaccinated")
CENTER_FIELDS = (
    "center_id", "name", "address", "state_name", "district_name", "block_name", "pincode", "from", "to",
    "fee_type", "fee",
)  # fmt: skip


@app.get("/api/v2/appointment/beneficiaries")
def list_beneficiaries():
    who, now = caller(app), utc_now()
    household = registry.load(who.account)
    if not household.people:
        raise NobodyRegistered
    standing: dict[str, list[AppointmentRow]] = {}
    for row in household.appointments.values():
        if registry.stands(row, now=now):
            standing.setdefault(row.reference_id, []).append(row)
    people = sorted(household.people.values(), key=lambda person: (person.registered_at, person.reference_id))
    shown = [_person(person, who.mobile, standing.get(person.reference_id, [])) for person in people]
    return reply(200, {"beneficiaries": shown})


def _person(person: PersonRow, mobile: str, appointments: list[AppointmentRow]) -> dict[str, Any]:
    doses = person.doses
    dates = [f"{date.fromisoformat(dose['date']):%d-%m-%Y}" for dose in doses] + ["", ""]
    return {
        "beneficiary_reference_id": person.reference_id,
        "name": person.name,
        "birth_year": str(person.birth_year),
        "gender": choices.GENDERS.get(person.gender_id, ""),
        "mobile_number": f"******{mobile[-4:]}",
        "photo_id_type": choices.PHOTO_ID_TYPES[int(person.photo_id_type)],
        "photo_id_number": f"********{person.photo_id_last4}",
        "comorbidity_ind": "Y" if person.comorbidity else "N",
        "vaccination_status": STATUS_BY_DOSES[min(len(doses), 2)],
        "vaccine": doses[0]["vaccine"] if doses else "",
        "dose1_date": dates[0],
        "dose2_date": dates[1],
        "appointments": [_appointment(row) for row in sorted(appointments, key=lambda row: row.dose)],
    }


def _appointment(row: AppointmentRow) -> dict[str, Any]:
    return {
        **{name: row.center[name] for name in CENTER_FIELDS},
        "lat": int(row.center["lat"]),  # as in searches
        "long": int(row.center["long"]),
        "place": [row.center["lat"], row.center["long"]],
        "dose": row.dose,
        "vaccine": row.vaccine,
        "appointment_id": row.appointment_id,
        "session_id": row.session_id,
        "date": f"{date.fromisoformat(row.date):%d-%m-%Y}",
        "slot": row.slot,
        "status": row.status,
        **({"hold_until": iso(row.hold_until)} if row.status == HELD else {}),
        **({"secret_code": row.secret_code} if row.status == BOOKED else {}),
    }


lambda_handler = entrypoint(app)

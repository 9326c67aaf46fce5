"""A citizen's journey through the client generated from the protected specification: `python journey.py URL SESSION`.

Runs in an environment of its own, since the client needs pydantic 1. SESSION is the session to book, as JSON with
`district_id`, `pincode`, `date` and `session_id`. Prints what it met as JSON; an answer that the client's models cannot
parse ends it with the error.
"""

import hashlib
import importlib.util
import json
import random
import re
import sys
import time
from asyncio import new_event_loop, set_event_loop
from typing import IO, Any

import httpx
from pydantic import BaseModel

TIMEOUT_S = 30


def load_client() -> Any:
    """The generated package, whose models forget to define a name that its other modules use when they load."""
    package = importlib.util.find_spec("cowin_api")
    assert package
    assert package.submodule_search_locations
    spec = importlib.util.spec_from_file_location(
        "cowin_api.models", f"{package.submodule_search_locations[0]}/models.py"
    )
    assert spec
    assert spec.loader
    models = importlib.util.module_from_spec(spec)
    sys.modules["cowin_api.models"] = models
    spec.loader.exec_module(models)
    models.IO = IO
    import cowin_api

    for model in vars(models).values():  # which the package means to do and does not
        if isinstance(model, type) and issubclass(model, BaseModel):
            model.update_forward_refs(**vars(models))
    return cowin_api


cowin_api = load_client()

from cowin_api import models as m
from cowin_api.exceptions import UnexpectedResponse
from pydantic import parse_obj_as


def refused(call: Any, *arguments: Any) -> tuple[int, str]:
    """Status and body of an answer that the client takes for an error."""
    try:
        call(*arguments)
    except UnexpectedResponse as answer:
        return answer.status_code or 0, answer.content.decode()
    raise AssertionError(f"{call.__name__} was not refused")


def newest_code(site: httpx.Client, mobile: str) -> str:
    for _ in range(TIMEOUT_S * 10):
        for message in site.get("/dev/messages", params={"mobile": mobile}).json():
            if found := re.search(r"OTP to register/access CoWIN is (\d{6})\.", message["text"]):
                return found[1]
        time.sleep(0.1)
    raise AssertionError("no code came")


def journey(url: str, session: dict[str, Any]) -> dict[str, Any]:
    set_event_loop(new_event_loop())
    site = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)
    client = cowin_api.ApiClient(host=f"{url}/api", timeout=TIMEOUT_S, trust_env=False)
    apis = cowin_api.SyncApis(client)
    users, people = apis.user_authentication_ap_is_api, apis.beneficiary_registration_ap_is_api
    places, bookings = apis.metadata_ap_is_api, apis.vaccination_appointment_ap_is_api
    district, pincode, date = str(session["district_id"]), str(session["pincode"]), session["date"]

    # Lists, which the client's own models parse as they arrive.
    states = places.states().states
    maharashtra = next(int(state.state_id) for state in states if state.state_name == "Maharashtra")
    districts = places.districts(str(maharashtra))
    types, genders = places.id_types().types, places.genders().genders

    # The search, parsed with the models that the specification has for it.
    search = apis.appointment_availability_ap_is_api
    found = [
        parse_obj_as(list[m.SessionResponseSchema], search.public_find_by_district(district, date)["sessions"]),
        parse_obj_as(list[m.SessionResponseSchema], search.public_find_by_pin(pincode, date)["sessions"]),
    ]
    calendars = [
        parse_obj_as(list[m.SessionCalendarEntrySchema], search.public_calendar_by_district(district, date)["centers"]),
        parse_obj_as(list[m.SessionCalendarEntrySchema], search.public_calendar_by_pin(pincode, date)["centers"]),
    ]

    # Signing in.
    unsigned = refused(bookings.beneficiaries)
    mobile = f"9{random.randrange(10**9):09}"
    txn_id = users.public_generate_otp(m.InlineObject(mobile=mobile)).txn_id
    digest = hashlib.sha256(newest_code(site, mobile).encode()).hexdigest()
    wrong = refused(users.public_confirm_otp, m.InlineObject1(otp="0" * 64, txnId=txn_id))
    token = users.public_confirm_otp(m.InlineObject1(otp=digest, txnId=txn_id)).token

    async def signed(request: Any, call_next: Any) -> Any:
        request.headers["authorization"] = f"Bearer {token}"
        return await call_next(request)

    client.add_middleware(signed)

    # Registering, booking, moving and cancelling. The client sends whole numbers as 1.0.
    nobody = refused(bookings.beneficiaries)
    reference = people.beneficiary_registration_for_partner_applications(
        m.InlineObject4(
            name="Rajesh Pawar",
            birth_year="1960",
            gender_id=1,
            photo_id_type=8,
            photo_id_number=f"K{random.randrange(10**7):07}",
            comorbidity_ind="N",
            consent_version="1",
        )
    ).beneficiary_reference_id
    slots = next(one.slots for one in found[0] if str(one.session_id) == session["session_id"])
    wish = {"session_id": session["session_id"], "slot": slots[0], "beneficiaries": [reference]}
    appointment = bookings.schedule(m.InlineObject6(dose=1, **wish))["appointment_confirmation_no"]
    again = refused(bookings.schedule, m.InlineObject6(dose=1, **{**wish, "slot": slots[1]}))
    moved = refused(
        bookings.reschedule_appointment,
        m.InlineObject7(appointment_id=appointment, session_id=session["session_id"], slot=slots[1]),
    )
    (person,) = bookings.beneficiaries()["beneficiaries"]
    # The models know no empty vaccine, though that is what the protocol sends before the first dose.
    parsed = m.BenefeiciaryResponseSchema.parse_obj({**person, "vaccine": person["vaccine"] or "COVISHIELD"})
    signed_in = bookings.find_by_pin(pincode, date)["sessions"]
    slip = site.get(
        "/api/v2/appointment/appointmentslip/download",
        params={"appointment_id": appointment},
        headers={"Authorization": f"Bearer {token}"},
    )
    standing = refused(people.delete_beneficiary, m.InlineObject5(beneficiary_reference_id=reference))
    cancelled = refused(bookings.cancel_appointment, m.InlineObject8(appointment_id=appointment))
    deleted = refused(people.delete_beneficiary, m.InlineObject5(beneficiary_reference_id=reference))

    return {
        "states": len(states),
        "districts": len(districts.districts),
        "id_types": sorted(int(kind.id) for kind in types),
        "genders": [gender.gender for gender in genders],
        "found": [session["session_id"] in {str(one.session_id) for one in sessions} for sessions in found],
        "calendars": [
            session["session_id"] in {str(one.session_id) for center in centers for one in center.sessions}
            for centers in calendars
        ],
        "found_signed_in": session["session_id"] in {one["session_id"] for one in signed_in},
        "unsigned": unsigned,
        "wrong_code": wrong,
        "nobody": nobody,
        "reference": reference,
        "again": again,
        "moved": moved,
        "slot": [appointment.slot for appointment in parsed.appointments or []],
        "slots": slots,
        "slip": [slip.status_code, slip.headers["content-type"], slip.content[:5].decode("latin-1")],
        "standing": standing,
        "cancelled": cancelled,
        "deleted": deleted,
    }


if __name__ == "__main__":
    print(json.dumps(journey(sys.argv[1], json.loads(sys.argv[2]))))

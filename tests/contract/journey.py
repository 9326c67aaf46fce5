"""A journey through the client generated from the protected specification: `python journey.py URL SESSION FULL`.

Runs in an environment of its own, since the client needs pydantic 1. SESSION is the session to book, as JSON with
`district_id`, `pincode`, `lat`, `long`, `date` and `session_id`; FULL is the id of another that has one place. Prints a
line of JSON for each step that was gone; a step that fails ends the journey with the error.
"""

import hashlib
import importlib.util
import json
import random
import re
import sys
import time
from asyncio import new_event_loop, set_event_loop
from collections.abc import Callable
from typing import IO, Any

import httpx
from fastapi.openapi.models import OAuthFlowPassword
from pydantic import BaseModel, ValidationError

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
from cowin_api.auth import AuthMiddleware, AuthState
from cowin_api.exceptions import UnexpectedResponse
from pydantic import parse_obj_as


def main(url: str, session: dict[str, Any], full: str) -> None:
    set_event_loop(new_event_loop())
    site = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)
    inbox = Inbox(site)
    look_around(client_of(url), session)
    sign_in_publicly(client_of(url), inbox)
    client = client_of(url)
    sign_in(client, inbox)
    people = register(client)
    search_signed_in(client, session)
    book(client, session, full, people)


def client_of(url: str) -> Any:
    return cowin_api.ApiClient(host=f"{url}/api", timeout=TIMEOUT_S, trust_env=False)


def gone(step: str, **met: Any) -> None:
    print(json.dumps({"step": step, **met}), flush=True)


# --- what the client needs help with ---------------------------------------------------------------------------------


def without_content(call: Callable[..., None], *arguments: Any) -> int:
    """The status of an answer without a body: the client takes 204 for an error. Any other error is one."""
    try:
        call(*arguments)
    except UnexpectedResponse as answer:
        if answer.status_code != 204 or answer.content:
            raise
        return 204
    raise AssertionError(f"{call.__name__} was answered, but not with 204")


def refused(call: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Status and code of a refusal, which the client's own model reads; of a plain one, status and text."""
    try:
        call(*arguments)
    except UnexpectedResponse as answer:
        if answer.headers["content-type"].startswith("text/plain"):
            return [answer.status_code, answer.content.decode()]
        refusal = m.InlineResponse400.parse_obj(answer.structured())
        assert refusal.error
        return [answer.status_code, refusal.error_code]
    raise AssertionError(f"{call.__name__} was not refused")


def give_token(client: Any, token: str) -> None:
    """By the client's own means, which write "bearer" in small letters."""
    client.add_middleware(AuthMiddleware(AuthState(access_token=token), OAuthFlowPassword(tokenUrl="none")))


def download(client: Any, call: Callable[..., Any], *arguments: Any) -> Any:
    """The answer to a download, taken on its way: the client reads every answer as JSON, and a PDF is none."""
    answers = []

    async def keep(request: Any, call_next: Any) -> Any:
        answers.append(await call_next(request))
        return answers[-1]

    client.add_middleware(keep)
    try:
        call(*arguments)
    except ValueError:
        return answers[-1]
    raise AssertionError("the download was JSON")


class Inbox:
    """The text messages of the running system."""

    def __init__(self, site: httpx.Client) -> None:
        self._site = site

    def digest(self, mobile: str) -> str:
        """The newest code sent to `mobile`, as the protocol wants it."""
        for _ in range(TIMEOUT_S * 10):
            for message in self._site.get("/dev/messages", params={"mobile": mobile}).json():
                if found := re.search(r"OTP to register/access CoWIN is ([0-9]{6})\.", message["text"]):
                    return hashlib.sha256(found[1].encode()).hexdigest()
            time.sleep(0.1)
        raise AssertionError("no code came")


def a_mobile() -> str:
    return f"98{random.randrange(10**8):08}"


# --- the journey -----------------------------------------------------------------------------------------------------


def look_around(client: Any, session: dict[str, Any]) -> None:
    apis = cowin_api.SyncApis(client)
    places, search = apis.metadata_ap_is_api, apis.appointment_availability_ap_is_api

    states = places.states("hi_IN").states
    (state,) = (int(state.state_id) for state in states if state.state_name == "Maharashtra")
    districts = places.districts(str(state)).districts
    gone(
        "lists",
        states=len(states),
        states_l=sum(bool(state.state_name_l) for state in states),
        districts={int(district.district_id): district.district_name for district in districts},
        id_types=sorted(int(kind.id) for kind in places.id_types().types),
        genders=[gender.gender for gender in places.genders().genders],
    )

    days = search.public_find_by_district, search.public_find_by_pin
    weeks = search.public_calendar_by_district, search.public_calendar_by_pin
    gone("public search", **everywhere(days, weeks, session))
    near = places.find_by_lat_long(session["lat"], session["long"])["centers"]
    gone("near", centers=[center["center_id"] for center in near])

    bookings = apis.vaccination_appointment_ap_is_api
    gone("not signed in", refused=refused(bookings.beneficiaries))


type Finders = tuple[Callable[..., Any], Callable[..., Any]]  # by district and by PIN


def everywhere(days: Finders, weeks: Finders, session: dict[str, Any], **more: Any) -> dict[str, Any]:
    district, pin = str(session["district_id"]), str(session["pincode"])
    return {
        "day by district": by_day(days[0], district, session, **more),
        "day by pin": by_day(days[1], pin, session, **more),
        "week by district": by_week(weeks[0], district, session, **more),
        "week by pin": by_week(weeks[1], pin, session, **more),
    }


def by_day(find: Callable[..., Any], key: str, session: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The session as the client's model reads it from a search of one day."""
    found = parse_obj_as(list[m.SessionResponseSchema], find(key, session["date"], **more)["sessions"])
    (one,) = (one for one in found if str(one.session_id) == session["session_id"])
    return {"fee": one.fee, "capacity": one.available_capacity, "slots": one.slots, "fee_type": one.fee_type}


def by_week(find: Callable[..., Any], key: str, session: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same from a search of seven days, which lists centres."""
    centers = parse_obj_as(list[m.SessionCalendarEntrySchema], find(key, session["date"], **more)["centers"])
    ((center, one),) = (
        (center, one) for center in centers for one in center.sessions if str(one.session_id) == session["session_id"]
    )
    (fee,) = (fee.fee for fee in center.vaccine_fees or [] if fee.vaccine == one.vaccine)
    return {"fee": fee, "capacity": one.available_capacity, "slots": one.slots, "fee_type": center.fee_type}


def sign_in_publicly(client: Any, inbox: Inbox) -> None:
    apis, mobile = cowin_api.SyncApis(client), a_mobile()
    users = apis.user_authentication_ap_is_api

    txn_id = users.public_generate_otp(m.InlineObject(mobile=mobile)).txn_id
    too_soon = refused(users.public_generate_otp, m.InlineObject(mobile=mobile))
    digest = inbox.digest(mobile)
    wrong = refused(users.public_confirm_otp, m.InlineObject1(otp="0" * 64, txnId=txn_id))
    give_token(client, users.public_confirm_otp(m.InlineObject1(otp=digest, txnId=txn_id)).token)
    nobody = refused(apis.vaccination_appointment_ap_is_api.beneficiaries)
    gone("signed in publicly", too_soon=too_soon, wrong=wrong, nobody=nobody)


def sign_in(client: Any, inbox: Inbox) -> None:
    users, mobile = cowin_api.SyncApis(client).authentication_ap_is_api, a_mobile()

    txn_id = users.generate_otp(m.InlineObject2(mobile=mobile)).txn_id
    answer = users.confirm_otp(m.InlineObject3(otp=inbox.digest(mobile), txnId=txn_id))
    give_token(client, answer.token)
    gone("signed in", is_new_account=answer.is_new_account)


def register(client: Any) -> list[str]:
    apis = cowin_api.SyncApis(client)
    new = apis.beneficiary_registration_ap_is_api.beneficiary_registration_for_partner_applications
    needed = {"birth_year": "1960", "photo_id_type": 8, "consent_version": "1"}

    # The client sends whole numbers as 1.0, and null for what it is not given.
    people = [
        new(m.InlineObject4(name=name, photo_id_number=f"K{random.randrange(10**7):07}", **needed, **more))
        for name, more in {"Rajesh Pawar": {"gender_id": 1, "comorbidity_ind": "Y"}, "सुनीता पवार": {}}.items()
    ]
    references = [person.beneficiary_reference_id for person in people]
    listed, unread = household(apis)
    gone(
        "registered",
        references=references,
        listed=sorted(person["beneficiary_reference_id"] for person in listed),
        genders=sorted(person["gender"] for person in listed),
        comorbidity=sorted(person["comorbidity_ind"] for person in listed),
        unread=unread,
    )
    return references


def household(apis: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The people as answered, and the fields that the client's model cannot read."""
    people = apis.vaccination_appointment_ap_is_api.beneficiaries()["beneficiaries"]
    unread = set()
    for person in people:
        try:
            m.BenefeiciaryResponseSchema.parse_obj(person)
        except ValidationError as error:
            unread.update(".".join(map(str, problem["loc"])) for problem in error.errors())
    return people, sorted(unread)


def search_signed_in(client: Any, session: dict[str, Any]) -> None:
    search = cowin_api.SyncApis(client).vaccination_appointment_ap_is_api
    days, weeks = (search.find_by_district, search.find_by_pin), (search.calendar_by_district, search.calendar_by_pin)
    another = search.find_by_pin(str(session["pincode"]), session["date"], vaccine="COVAXIN")["sessions"]
    gone("search", **everywhere(days, weeks, session, vaccine=session["vaccine"]), another_vaccine=another)


def book(client: Any, session: dict[str, Any], full: str, people: list[str]) -> None:
    apis = cowin_api.SyncApis(client)
    bookings, registry = apis.vaccination_appointment_ap_is_api, apis.beneficiary_registration_ap_is_api
    first, second = session["slots"][0]["slot"], session["slots"][1]["slot"]

    wish = {"dose": 1, "session_id": session["session_id"], "slot": first, "beneficiaries": people}
    too_full = refused(bookings.schedule, m.InlineObject6(**{**wish, "session_id": full}))
    appointment = bookings.schedule(m.InlineObject6(**wish))["appointment_confirmation_no"]
    again = refused(bookings.schedule, m.InlineObject6(**{**wish, "slot": second}))
    gone("booked", too_full=too_full, again=again, appointments=appointments(apis), appointment=appointment)

    there = {"appointment_id": appointment, "session_id": session["session_id"], "slot": second}
    moved = without_content(bookings.reschedule_appointment, m.InlineObject7(**there))
    gone("rescheduled", status=moved, appointments=appointments(apis))

    slip = download(client, apis.certificate_ap_is_api.download_appointment_slip, appointment)
    gone("slip", status=slip.status_code, kind=slip.headers["content-type"], begins=slip.content[:5].decode("latin-1"))

    delete = [m.InlineObject5(beneficiary_reference_id=reference) for reference in people]
    standing = refused(registry.delete_beneficiary, delete[0])
    one = m.InlineObject8(appointment_id=appointment, beneficiariesToCancel=people[:1])
    some = without_content(bookings.cancel_appointment, one)
    left = appointments(apis)
    rest = without_content(bookings.cancel_appointment, m.InlineObject8(appointment_id=appointment))
    gone("cancelled", standing=standing, statuses=[some, rest], left=left, appointments=appointments(apis))

    gone("deleted", statuses=[without_content(registry.delete_beneficiary, person) for person in delete])


def appointments(apis: Any) -> list[dict[str, Any]]:
    """All appointments as the client's model reads them."""
    people, _ = household(apis)
    return [
        json.loads(m.AppointmentResponseSchema.parse_obj(appointment).json())
        for person in people
        for appointment in person["appointments"]
    ]


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])

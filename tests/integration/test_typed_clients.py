"""Clients that were generated from the protocol's specifications read every answer (docs/decisions/0014).

The models are as theirs are in Java, C# or Go: a field at the top of an answer that they do not know stops them, in a
row it does not, and each number and text is of the kind that it was declared to be. What is ours alone has models too.
"""

import hashlib
import json
import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ops import openapi
from tests.conftest import Answer, call_handler
from tests.spies import queued
from tika.texts import envelope

ROUTES = {route.id: route for route in openapi.routes()}
NO_JSON = {
    "post_registration_beneficiary_update", "post_registration_beneficiary_delete", "post_appointment_reschedule",
    "post_appointment_cancel", "get_appointment_appointmentslip_download", "delete_admin_sessions_by_session_id",
}  # fmt: skip


# --- what they know --------------------------------------------------------------------------------------------------


class Top(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


Day = Annotated[str, Field(pattern="^[0-9]{2}-[0-9]{2}-[0-9]{4}$")]
DayOrNone = Annotated[str, Field(pattern="^([0-9]{2}-[0-9]{2}-[0-9]{4})?$")]


class CodeSent(Top):
    txnId: str


class Token(Top):
    token: str


class SignedIn(Top):
    token: str
    isNewAccount: Literal["Y", "N"]


class State(Row):
    state_id: int
    state_name: str
    state_name_l: str


class States(Top):
    states: list[State]
    ttl: int


class District(Row):
    state_id: int
    district_id: int
    district_name: str
    district_name_l: str


class Districts(Top):
    districts: list[District]
    ttl: int


class PhotoIdType(Row):
    type: str
    type_l: str
    id: int


class PhotoIdTypes(Top):
    types: list[PhotoIdType]
    ttl: int


class Gender(Row):
    gender: str
    id: int


class Genders(Top):
    genders: list[Gender]
    ttl: int


class Place(Row):
    center_id: int
    name: str
    address: str
    state_name: str
    district_name: str
    block_name: str
    pincode: int
    lat: int
    long: int
    opens: str = Field(alias="from")
    closes: str = Field(alias="to")
    fee_type: Literal["Free", "Paid"]


class SlotPlaces(Row):
    slot: str
    dose1: int
    dose2: int


class Session(Row):
    session_id: str
    date: Day
    available_capacity: int
    available_capacity_dose1: int
    available_capacity_dose2: int
    min_age_limit: int
    max_age_limit: int | None = None
    allow_all_age: bool
    vaccine: str
    slots: list[str]
    slot_capacity: list[SlotPlaces]
    place: list[float]


class SessionOfDay(Place, Session):
    name_l: str
    fee: str


class Sessions(Top):
    sessions: list[SessionOfDay]


class Fee(Row):
    vaccine: str
    fee: str


class Center(Place):
    name_l: str
    sessions: list[Session]
    vaccine_fees: list[Fee] = []


class Centers(Top):
    centers: list[Center]


class OneCenter(Top):
    centers: Center


class CenterNearby(Row):
    center_id: int
    name: str
    district_name: str
    state_name: str
    location: str
    pincode: str
    block_name: str
    lat: str
    long: str


class CentersNearby(Top):
    centers: list[CenterNearby]
    ttl: int


class Registered(Top):
    beneficiary_reference_id: str


class Appointment(Place):
    dose: int
    appointment_id: str
    session_id: str
    date: Day
    slot: str


class Beneficiary(Row):
    beneficiary_reference_id: str
    name: str
    birth_year: str
    gender: str
    mobile_number: str
    photo_id_type: str
    photo_id_number: str
    comorbidity_ind: Literal["Y", "N"]
    vaccination_status: Literal["Not Vaccinated", "Partially Vaccinated", "Vaccinated"]
    vaccine: str
    dose1_date: DayOrNone
    dose2_date: DayOrNone
    appointments: list[Appointment]


class Beneficiaries(Top):
    beneficiaries: list[Beneficiary]


class Booked(Top):
    appointment_confirmation_no: str


class Held(Top):
    appointment_id: str
    hold_until: str


class Published(Top):
    session_id: str
    slots: list[SlotPlaces]


class Changed(Published):
    message: str


class Vaccine(Row):
    vaccine: str
    fee_ceiling: int
    dose_gap_days: int


class Counts(Row):
    counted_at: str | None
    lag_seconds: float | None


class Status(Top):
    open: bool
    opens_at: str
    phase: str
    min_age: int
    vaccines: list[Vaccine]
    now: str
    counts: Counts


READ_AS: dict[str, type[Top]] = {
    **dict.fromkeys(["post_auth_public_generateOTP", "post_auth_generateMobileOTP", "post_auth_generateOTP"], CodeSent),
    "post_auth_public_confirmOTP": Token,
    "post_auth_validateMobileOtp": SignedIn,
    "post_auth_confirmOTP": SignedIn,
    "get_admin_location_states": States,
    "get_admin_location_districts_by_state_id": Districts,
    "get_registration_beneficiary_idTypes": PhotoIdTypes,
    "get_registration_beneficiary_genders": Genders,
    **{
        f"get_appointment_sessions_{public}{search}": shape
        for public in ("public_", "")
        for search, shape in {
            "findByPin": Sessions,
            "findByDistrict": Sessions,
            "calendarByPin": Centers,
            "calendarByDistrict": Centers,
        }.items()
    },
    "get_appointment_sessions_public_calendarByCenter": OneCenter,
    "get_appointment_centers_public_findByLatLong": CentersNearby,
    "get_appointment_centers_findByLatLong": CentersNearby,
    "post_registration_beneficiary_new": Registered,
    "get_appointment_beneficiaries": Beneficiaries,
    "post_appointment_hold": Held,
    "post_appointment_schedule": Booked,
    "post_appointment_confirm": Booked,
    "post_admin_sessions": Published,
    "patch_admin_sessions_by_session_id": Changed,
    "get_status": Status,
}


def test_there_is_a_class_for_every_answer():
    assert READ_AS.keys() == ROUTES.keys() - NO_JSON


def unread(answers: dict[str, str]) -> dict[str, str]:
    """What the clients stop at, by route."""
    stops = {}
    for route_id, text in answers.items():
        try:
            READ_AS[route_id].model_validate_json(text)
        except ValidationError as error:
            stops[route_id] = str(error)
    return stops


# --- what they are answered ------------------------------------------------------------------------------------------


@pytest.fixture
def journey(aws, at, a_session):
    """`journey(language)`: the text of an answer of every route that answers JSON, by its id."""

    def go(language: str | None) -> dict[str, str]:
        headers = {} if language is None else {"Accept-Language": language}
        told: dict[str, str] = {}

        def send(route_id: str, **changes: Any) -> Answer:
            route = ROUTES[route_id]
            answer = call_handler(route.operation, next(iter(openapi.events(route))), headers=headers, **changes)
            assert answer.status < 300, (route_id, answer.text)
            told[route_id] = answer.text
            return answer

        for ask, guess in (
            ("post_auth_public_generateOTP", "post_auth_public_confirmOTP"),
            ("post_auth_generateMobileOTP", "post_auth_validateMobileOtp"),
            ("post_auth_generateOTP", "post_auth_confirmOTP"),
        ):
            txn_id = send(ask).json["txnId"]
            [message] = queued(aws)
            code = re.search(r" is (\d{6})\.", envelope.unseal(message["sealed"])["text"])[1]
            token = send(guess, body={"otp": hashlib.sha256(code.encode()).hexdigest(), "txnId": txn_id}).json["token"]
            at.advance(seconds=60)

        own, other = a_session(max_age_limit=120), a_session(vaccine="COVAXIN", fee_type="Free", fee="0")
        send("post_admin_sessions")
        send("patch_admin_sessions_by_session_id")
        for route_id in READ_AS:
            if route_id.startswith("get_") and "beneficiaries" not in route_id:
                send(route_id, **({"token": token} if ROUTES[route_id].auth == "bearer" else {}))
        person = send("post_registration_beneficiary_new", token=token).json["beneficiary_reference_id"]
        place = {"session_id": own, "beneficiaries": [person]}
        held = send("post_appointment_hold", body=place, token=token).json["appointment_id"]
        send("get_appointment_beneficiaries", token=token)
        send("post_appointment_confirm", body={"appointment_id": held}, token=token)
        call_handler("cancel_slot", "cancel_all", body={"appointment_id": held}, token=token)
        send("post_appointment_schedule", body=place | {"session_id": other}, token=token)
        assert '"appointments":[{' in told["get_appointment_beneficiaries"]
        return told

    return go


@pytest.mark.parametrize("language", [None, "en_IN", "fr", "hi_IN", "ta"])
def test_they_read_every_answer(journey, language):
    answers = journey(language)

    assert answers.keys() == READ_AS.keys()
    assert all('"session_id"' in text for route_id, text in answers.items() if "sessions" in route_id)
    assert unread(answers) == {}


def test_they_read_every_answer_that_the_document_shows():
    answers = {route_id: json.dumps(answer) for route_id, answer in openapi.recorded_answers().items()}

    assert answers.keys() == READ_AS.keys()
    assert unread(answers) == {}


@pytest.mark.parametrize(
    ("route_id", "is_now", "was"),
    [
        ("get_appointment_sessions_public_findByPin", '{"sessions":', '{"as_of":"2021-05-03T06:30:00Z","sessions":'),
        ("get_appointment_sessions_public_findByPin", '"lat":17,', '"lat":17.68,'),
        ("get_appointment_sessions_calendarByDistrict", '"long":74,', '"long":74.0,'),
        ("get_appointment_sessions_calendarByPin", '"pincode":415001', '"pincode":"415001"'),
        ("get_appointment_sessions_findByDistrict", '"fee":"250"', '"fee":250'),
        ("get_appointment_centers_public_findByLatLong", '"lat":"17.68"', '"lat":17.68'),
        ("post_auth_public_generateOTP", '{"txnId":', '{"expected_wait_seconds":0,"txnId":'),
        ("post_auth_public_confirmOTP", '{"token":', '{"isNewAccount":"Y","token":'),
        ("get_registration_beneficiary_genders", '"id":1', '"id":"1"'),
        ("get_appointment_beneficiaries", '"birth_year":"1995"', '"birth_year":1995'),
    ],
)
def test_they_stop_at_what_they_do_not_know(journey, route_id, is_now, was):
    text = journey(None)[route_id]

    assert is_now in text
    assert unread({route_id: text.replace(is_now, was)}).keys() == {route_id}

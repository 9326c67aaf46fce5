"""The shapes of what the API answers, for its document: handlers answer plain dicts, as validating them would cost
every cold start. The tests hold real answers against these shapes.

What may be absent is NotRequired. What a field means is said in `openapi.FIELDS`, once for all shapes that have it.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import Field

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"}, pattern="Z$")]
Day = Annotated[str, Field(pattern="^[0-9]{2}-[0-9]{2}-[0-9]{4}$")]
DayOrNone = Annotated[str, Field(pattern="^([0-9]{2}-[0-9]{2}-[0-9]{4})?$")]
HourOfDay = Annotated[str, Field(pattern="^[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"}, pattern="^[0-9a-f-]{36}$")]
ReferenceId = Annotated[str, Field(pattern="^[0-9]{14}$")]
SlotLabel = Annotated[str, Field(pattern="^[0-9]{2}:[0-9]{2}[AP]M-[0-9]{2}:[0-9]{2}[AP]M$")]
Rupees = Annotated[str, Field(pattern="^[0-9]+$")]
Pincode = Annotated[int, Field(ge=100_000, le=999_999)]
Places = Annotated[int, Field(ge=0)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]
FeeType = Literal["Free", "Paid"]


# Signing in


class CodeSent(TypedDict):
    txnId: Uuid


class Token(TypedDict):
    token: str


class SignedIn(Token):
    isNewAccount: Literal["Y", "N"]


# Lists of the registration form


class State(TypedDict):
    state_id: int
    state_name: str
    state_name_l: str


class States(TypedDict):
    states: list[State]
    ttl: int


class District(TypedDict):
    state_id: int
    district_id: int
    district_name: str
    district_name_l: str


class Districts(TypedDict):
    districts: list[District]
    ttl: int


class PhotoIdType(TypedDict):
    type: str
    type_l: str
    id: int


class PhotoIdTypes(TypedDict):
    types: list[PhotoIdType]
    ttl: int


class Gender(TypedDict):
    gender: str
    gender_l: NotRequired[str]
    id: int


class Genders(TypedDict):
    genders: list[Gender]
    ttl: int


# Where there are places

# `from` is a word of Python, so it can be a field only so.
Hours = TypedDict("Hours", {"from": HourOfDay, "to": HourOfDay})


class CenterFields(Hours):
    center_id: int
    name: str
    name_l: str
    address: str
    address_l: NotRequired[str]
    state_name: str
    state_name_l: NotRequired[str]
    district_name: str
    district_name_l: NotRequired[str]
    block_name: str
    block_name_l: NotRequired[str]
    pincode: Pincode
    lat: int
    long: int
    fee_type: FeeType


class SlotPlaces(TypedDict):
    slot: SlotLabel
    dose1: Places
    dose2: Places


class SessionFields(TypedDict):
    session_id: Uuid
    date: Day
    available_capacity: Places
    available_capacity_dose1: Places
    available_capacity_dose2: Places
    min_age_limit: int
    max_age_limit: NotRequired[int]
    allow_all_age: bool
    vaccine: str
    slots: list[SlotLabel]
    slot_capacity: list[SlotPlaces]
    place: Point


class SessionOfDay(CenterFields, SessionFields):
    fee: Rupees


class Sessions(TypedDict):
    sessions: list[SessionOfDay]


class VaccineFee(TypedDict):
    vaccine: str
    fee: Rupees


class Center(CenterFields):
    sessions: list[SessionFields]
    vaccine_fees: NotRequired[list[VaccineFee]]


class Centers(TypedDict):
    centers: list[Center]


# Where it has no session to offer
NoCenter = Annotated[dict[str, str], Field(max_length=0)]  # {}


class OneCenter(TypedDict):
    centers: Center | NoCenter


class CenterNearby(TypedDict):
    center_id: int
    name: str
    name_l: NotRequired[str]
    district_name: str
    district_name_l: NotRequired[str]
    state_name: str
    state_name_l: NotRequired[str]
    location: str
    location_l: NotRequired[str]
    pincode: Annotated[str, Field(pattern="^[0-9]{6}$")]
    block_name: str
    block_name_l: NotRequired[str]
    lat: str
    long: str


class CentersNearby(TypedDict):
    centers: list[CenterNearby]
    ttl: int


# People and their appointments


class Registered(TypedDict):
    beneficiary_reference_id: ReferenceId


# As its centre was when the appointment was made.
class Appointment(Hours):
    center_id: int
    name: str
    address: str
    state_name: str
    district_name: str
    block_name: str
    pincode: Pincode
    lat: int
    long: int
    place: Point
    fee_type: FeeType
    fee: Rupees
    dose: Literal[1, 2]
    vaccine: str
    appointment_id: Uuid
    session_id: Uuid
    date: Day
    slot: SlotLabel
    status: Literal["HELD", "BOOKED"]
    hold_until: NotRequired[Instant]
    secret_code: NotRequired[Annotated[str, Field(pattern="^[0-9]{4}$")]]


class Beneficiary(TypedDict):
    beneficiary_reference_id: ReferenceId
    name: str
    birth_year: Annotated[str, Field(pattern="^[0-9]{4}$")]
    gender: Literal["", "Male", "Female", "Others"]
    mobile_number: str
    photo_id_type: str
    photo_id_number: str
    comorbidity_ind: Literal["Y", "N"]
    vaccination_status: Literal["Not Vaccinated", "Partially Vaccinated", "Vaccinated"]
    vaccine: str
    dose1_date: DayOrNone
    dose2_date: DayOrNone
    appointments: list[Appointment]


class Beneficiaries(TypedDict):
    beneficiaries: list[Beneficiary]


class Held(TypedDict):
    appointment_id: Uuid
    hold_until: Instant


class Booked(TypedDict):
    appointment_confirmation_no: Uuid


# Publishing, and the state of it all


class Published(TypedDict):
    session_id: Uuid
    slots: list[SlotPlaces]


class Changed(Published):
    message: str


class Vaccine(TypedDict):
    vaccine: str
    fee_ceiling: int
    dose_gap_days: int


class Counts(TypedDict):
    counted_at: Instant | None
    lag_seconds: float | None


class StatusNow(TypedDict):
    open: bool
    opens_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    phase: str
    min_age: int
    vaccines: list[Vaccine]
    now: Instant
    counts: Counts

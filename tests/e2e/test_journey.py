"""The whole journey over HTTP, through the edge, on the deployed system with IAM enforced.

What people leave behind on the way is remembered, and looked for in the logs of all functions at the end.
"""

import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.system import System
from tests import telltale
from tests.citizens import (
    API,
    DISTRICT,
    LAT,
    LONG,
    MORNING,
    NOONTIME,
    PINCODE,
    Citizen,
    Left,
    SignIn,
    a_mobile,
    a_session_of,
    until,
)
from tests.deployed import Sign
from tests.template.rules import functions, operation, read

pytestmark = pytest.mark.system

SHOWN_WITHIN_S = 10  # a sale: one second in which the stream gathers, a count, and five seconds at the edge
SWEPT_WITHIN_S = 100  # the sweep comes every minute
IN_FLIGHT = 8  # of a crowd, at any instant: each is a process of its own, on a machine of perhaps two processors


@pytest.fixture(scope="module")
def left() -> Left:
    return Left()


@pytest.fixture(scope="module")
def sign_in(citizen: httpx.Client, left: Left, text_messages: Callable[..., list[dict[str, str]]]) -> SignIn:
    return SignIn(citizen, left, text_messages)


@pytest.fixture(scope="module")
def a_session(ops: Sign) -> Callable[..., dict[str, Any]]:
    """`a_session(seats=1)`: another centre's session of tomorrow, published by ops, with two slots of that many."""

    return lambda seats=10: a_session_of(ops, seats=seats)


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """The answers of a crowd, of whom IN_FLIGHT are on their way at any instant."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return list(pool.map(lambda call: call(), calls))


def warm_up(call: Callable[[], httpx.Response]) -> None:
    """Start as many copies of a function as a crowd will meet: a slow machine may take too long for the first few."""
    for _ in range(5):
        if all(answer.status_code == 400 for answer in at_once([call] * IN_FLIGHT)):
            return
    pytest.fail("The function does not start.")


def told(answers: Sequence[httpx.Response]) -> Counter[Any]:
    """How many were told what: 200, or the status with the code."""
    return Counter(
        answer.status_code if answer.status_code == 200 else (answer.status_code, answer.json()["errorCode"])
        for answer in answers
    )


# --- one family, from the code to the vaccination centre's door -------------------------------------------------------


@dataclass
class Journey:
    """What a family of two met on its way; `answers` by step."""

    family: Citizen
    session: dict[str, Any]
    answers: dict[str, httpx.Response]
    texts: list[dict[str, str]]
    booked: list[dict[str, Any]]
    moved: list[dict[str, Any]]
    cancelled: list[dict[str, Any]]


@pytest.fixture(scope="module")
def journey(sign_in: SignIn, a_session: Callable[..., dict[str, Any]], left: Left) -> Journey:
    session, mobile, met = a_session(), a_mobile(), {}
    txn_id, otp = sign_in.ask(mobile)
    met["asked again"] = sign_in.client.post(f"{API}/auth/generateMobileOTP", json={"mobile": f"+91 {mobile}"})
    met["wrong code"] = sign_in.confirm(txn_id, f"{(int(otp) + 1) % 10**6:06}")
    met["right code"] = sign_in.confirm(txn_id, otp)
    met["same code again"] = sign_in.confirm(txn_id, otp)
    family = Citizen(sign_in.client, left, mobile, met["right code"].json()["token"])
    left.tokens.add(family.token)

    met["nobody yet"] = family.get("/appointment/beneficiaries")
    family.register("রহিমা খাতুন")
    family.register("Jean-Baptiste")
    corrected = {"beneficiary_reference_id": family.people[1], "name": "Jean-Baptiste D'Souza"}
    met["corrected"] = family.post("/registration/beneficiary/update", corrected)
    met["people"] = family.get("/appointment/beneficiaries")

    met["held"] = family.hold(session["session_id"])
    appointment = {"appointment_id": met["held"].json()["appointment_id"]}
    met["slip of a hold"] = family.get("/appointment/appointmentslip/download", **appointment)
    met["confirmed"] = family.post("/appointment/confirm", appointment)
    booked = family.appointments()
    sign_in.read(mobile, count=2)
    met["slip"] = family.get("/appointment/appointmentslip/download", **appointment)

    there = {"session_id": session["session_id"], "slot": NOONTIME}
    met["rescheduled"] = family.post("/appointment/reschedule", appointment | there)
    moved = family.appointments()
    texts = sign_in.read(mobile, count=3)

    met["deleted too early"] = family.post(
        "/registration/beneficiary/delete", {"beneficiary_reference_id": family.people[0]}
    )
    met["cancelled"] = family.post("/appointment/cancel", appointment)
    met["deleted"] = family.post("/registration/beneficiary/delete", {"beneficiary_reference_id": family.people[0]})
    return Journey(family, session, met, texts, booked, moved, family.appointments())


def test_a_code_signs_in_once_and_a_wrong_one_never(journey: Journey) -> None:
    met = journey.answers

    assert met["right code"].status_code == 200
    assert list(met["right code"].json()) == ["token"]
    assert told([met["wrong code"], met["same code again"]]) == {(400, "USRAUT0014"): 2}


def test_a_second_code_is_not_sent_within_a_minute(journey: Journey) -> None:
    answer = journey.answers["asked again"]

    assert (answer.status_code, answer.text) == (400, "OTP Already Sent")
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_people_are_registered_under_names_of_any_script_which_may_be_corrected(journey: Journey) -> None:
    assert journey.answers["corrected"].status_code == 204
    people = journey.answers["people"].json()["beneficiaries"]

    assert {person["name"] for person in people} == {"রহিমা খাতুন", "Jean-Baptiste D'Souza"}
    assert {person["mobile_number"] for person in people} == {f"******{journey.family.mobile[-4:]}"}


def test_a_hold_becomes_a_booking_of_all_its_people(journey: Journey) -> None:
    met = journey.answers

    assert met["confirmed"].json()["appointment_confirmation_no"] == met["held"].json()["appointment_id"]
    assert [(one["status"], one["slot"]) for one in journey.booked] == [("BOOKED", MORNING)] * 2
    assert met["slip of a hold"].status_code == 400


def test_a_text_message_tells_the_booking_and_its_secret_code(journey: Journey) -> None:
    (code,) = {one["secret_code"] for one in journey.booked}
    day, center = journey.session["date"], journey.session["name"]

    assert re.fullmatch("[0-9]{4}", code)
    assert [message["text"] for message in journey.texts[:2]] == [
        f"Vaccination booked: {center}, {day}, {slot}. Secret code {code}. - CoWIN" for slot in (NOONTIME, MORNING)
    ]


def test_the_slip_is_a_pdf(journey: Journey) -> None:
    slip = journey.answers["slip"]

    assert (slip.status_code, slip.headers["content-type"]) == (200, "application/pdf")
    assert slip.content.startswith(b"%PDF-")  # the gateway has undone the base64
    assert slip.content.rstrip().endswith(b"%%EOF")
    assert slip.headers["cache-control"] == "no-store"


def test_an_appointment_moves_and_ends(journey: Journey) -> None:
    met = journey.answers

    assert [met[step].status_code for step in ("rescheduled", "cancelled", "deleted")] == [204] * 3
    assert [met[step].content for step in ("rescheduled", "cancelled", "deleted")] == [b""] * 3
    assert [(one["status"], one["slot"]) for one in journey.moved] == [("BOOKED", NOONTIME)] * 2
    assert journey.cancelled == []
    assert met["deleted too early"].json()["errorCode"] == "TIKA0012"


# --- finding a place -------------------------------------------------------------------------------------------------


def test_a_session_is_found_by_pin_district_centre_and_point(citizen: httpx.Client, a_session) -> None:
    session = a_session()
    date, session_id = session["date"], session["session_id"]

    def get(path: str, **query: Any) -> dict[str, Any]:
        return citizen.get(f"{API}/appointment/{path}", params=query).raise_for_status().json()

    by_day = [
        get("sessions/public/findByPin", pincode=PINCODE, date=date),
        get("sessions/public/findByDistrict", district_id=DISTRICT, date=date),
    ]
    by_week = [
        get("sessions/public/calendarByPin", pincode=PINCODE, date=date)["centers"],
        get("sessions/public/calendarByDistrict", district_id=DISTRICT, date=date)["centers"],
        [get("sessions/public/calendarByCenter", center_id=session["center_id"], date=date)["centers"]],
    ]
    near = get("centers/public/findByLatLong", lat=LAT, long=LONG)["centers"]

    for answer in by_day:
        (found,) = (one for one in answer["sessions"] if one["session_id"] == session_id)
        assert (found["pincode"], found["fee"], found["available_capacity_dose1"]) == (PINCODE, "250", 20)
        assert found["slots"] == [MORNING, NOONTIME]
    for centers in by_week:
        (found,) = (one for center in centers for one in center["sessions"] if one["session_id"] == session_id)
        assert found["available_capacity"] == 20
    assert session["center_id"] in {center["center_id"] for center in near}


def test_a_sale_shows_in_the_search_and_in_the_status_within_seconds(sign_in: SignIn, a_session, citizen) -> None:
    session, buyer = a_session(seats=10), sign_in(people=2)
    query = {"district_id": DISTRICT, "date": session["date"]}

    def left_over(answer: httpx.Response) -> int | None:
        found = {one["session_id"]: one["available_capacity_dose1"] for one in answer.json()["sessions"]}
        return found.get(session["session_id"])

    def fresh() -> int | None:
        return left_over(buyer.get("/appointment/sessions/findByDistrict", **query))

    def at_the_edge() -> int | None:
        return left_over(citizen.get(f"{API}/appointment/sessions/public/findByDistrict", params=query))

    before = fresh()
    sold = buyer.post("/appointment/schedule", buyer.order(session["session_id"]))
    after = until(fresh, 18, within_s=SHOWN_WITHIN_S)

    assert sold.status_code == 200
    assert (before, after) == (20, 18)
    assert until(at_the_edge, 18, within_s=SHOWN_WITHIN_S) == 18

    def told() -> bool:
        counts = citizen.get(f"{API}/status").json()["counts"]
        return counts["counted_at"] is not None and counts["lag_seconds"] >= 0

    assert until(told, True, within_s=SHOWN_WITHIN_S)


def test_the_status_says_that_registration_is_open_and_for_whom(citizen: httpx.Client) -> None:
    status = citizen.get(f"{API}/status").json()

    assert (status["open"], status["min_age"], status["phase"]) == (True, 18, "18 and over")


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_full_slot_is_refused_and_a_place_given_back_is_had(sign_in: SignIn, a_session) -> None:
    session_id, first, second = a_session(seats=1)["session_id"], sign_in(), sign_in()

    held, refused = first.hold(session_id), second.hold(session_id)
    first.post("/appointment/cancel", {"appointment_id": held.json()["appointment_id"]})
    time.sleep(1)  # a container may believe for a second that nothing is left
    had = second.hold(session_id)

    assert told([held, refused, had]) == {200: 2, (409, "APPOIN0040"): 1}
    assert refused.status_code == 409


def test_somebody_elses_appointment_and_people_are_out_of_reach(sign_in: SignIn, a_session) -> None:
    session_id, owner, other = a_session()["session_id"], sign_in(), sign_in()
    held = owner.hold(session_id).json()
    appointment = {"appointment_id": held["appointment_id"]}

    refusals = [
        other.post("/appointment/confirm", appointment),
        other.post("/appointment/cancel", appointment),
        other.post("/appointment/reschedule", appointment | {"session_id": session_id, "slot": NOONTIME}),
        other.get("/appointment/appointmentslip/download", **appointment),
    ]
    for_others = other.post("/appointment/schedule", other.order(session_id, people=owner.people))
    deleted = other.post("/registration/beneficiary/delete", {"beneficiary_reference_id": owner.people[0]})

    assert told(refusals) == {(400, "TIKA0008"): 4}
    assert told([for_others, deleted]) == {(400, "TIKA0009"): 2}
    assert [(one["status"], one["slot"]) for one in owner.appointments()] == [("HELD", MORNING)]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic dGlrYQ=="])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/appointment/beneficiaries"),
        ("GET", "/appointment/sessions/findByPin"),
        ("GET", "/appointment/appointmentslip/download"),
        ("POST", "/registration/beneficiary/new"),
        ("POST", "/appointment/schedule"),
    ],
)
def test_without_a_good_token_the_answer_is_plain_text(citizen: httpx.Client, method, path, token) -> None:
    answer = citizen.request(method, API + path, headers={"Authorization": token} if token else {})

    assert (answer.status_code, answer.text) == (401, "Unauthenticated access!")
    assert answer.headers["content-type"].startswith("text/plain")


def test_browsers_may_read_every_kind_of_answer(journey: Journey, citizen, ops, sign_in, a_session) -> None:
    session_id = a_session(seats=1)["session_id"]
    both = [sign_in() for _ in range(2)]
    answers = [
        journey.answers["slip"],
        journey.answers["wrong code"],
        journey.answers["asked again"],
        journey.answers["cancelled"],
        citizen.get(f"{API}/appointment/beneficiaries"),
        citizen.post(f"{API}/admin/sessions", json={}),
        citizen.get(f"{API}/nothing/here"),
        ops("PATCH", f"{API}/admin/sessions/{uuid.uuid4()}", {"slots": [{"slot": MORNING, "dose1": 1, "dose2": 0}]}),
        *(one.hold(session_id) for one in both),
    ]

    assert {answer.status_code for answer in answers} == {200, 204, 400, 401, 403, 404, 409}
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {"*"}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("PATCH", f"/{uuid.UUID(int=1)}"), ("DELETE", f"/{uuid.UUID(int=1)}")]
)
def test_a_citizens_token_opens_nothing_of_ops(citizen: httpx.Client, journey: Journey, method, path) -> None:
    for headers in ({}, {"Authorization": f"Bearer {journey.family.token}"}):
        answer = citizen.request(method, f"{API}/admin/sessions{path}", json={}, headers=headers)

        assert answer.status_code == 403
        assert answer.json()["errorCode"].startswith("TIKA")


def test_ops_raise_cut_and_withdraw_a_session(ops: Sign, sign_in: SignIn, a_session) -> None:
    session_id, buyer = a_session(seats=1)["session_id"], sign_in()
    path = f"{API}/admin/sessions/{session_id}"
    held = buyer.hold(session_id)

    def change(dose1: int) -> httpx.Response:
        return ops("PATCH", path, {"slots": [{"slot": MORNING, "dose1": dose1, "dose2": 0}]})

    raised, cut, kept = change(5), change(0), ops("DELETE", path)
    buyer.post("/appointment/cancel", {"appointment_id": held.json()["appointment_id"]})
    withdrawn, gone = ops("DELETE", path), buyer.hold(session_id)

    assert [answer.json()["slots"][0]["dose1"] for answer in (raised, cut)] == [5, 1]
    assert (kept.status_code, kept.json()["errorCode"]) == (409, "TIKA0014")
    assert withdrawn.status_code == 204
    # A container may know the session for some seconds more, but not sell any place of it.
    assert gone.json()["errorCode"] in ("APPOIN0015", "APPOIN0040")


# --- holds that lapse ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lapsed:
    """A hold whose time is made to be over, by a hand in both its rows."""

    system: System
    late: Citizen
    session_id: str
    appointment_id: str
    seat: str

    def row(self, table: str) -> dict[str, Any] | None:
        dynamodb = self.system.client("dynamodb")
        return dynamodb.get_item(TableName=self.system.resource(table), Key=self.key(table), ConsistentRead=True).get(
            "Item"
        )

    def key(self, table: str) -> dict[str, Any]:
        keys = {
            "Slots": (f"SESSION#{self.session_id}", self.seat),
            "Citizens": (f"ACCOUNT#{self.late.account}", f"APPOINTMENT#{self.late.people[0]}#1"),
        }
        return {name: {"S": value} for name, value in zip(("pk", "sk"), keys[table], strict=True)}


@pytest.fixture(scope="module")
def lapse(system: System, sign_in: SignIn, a_session) -> Callable[[], Lapsed]:
    def make() -> Lapsed:
        late, session_id = sign_in(), a_session(seats=1)["session_id"]
        appointment_id = late.hold(session_id).json()["appointment_id"]
        lapsed = Lapsed(system, late, session_id, appointment_id, "SEAT#1#00#0000")
        for table in ("Slots", "Citizens"):
            system.client("dynamodb").update_item(
                TableName=system.resource(table),
                Key=lapsed.key(table),
                UpdateExpression="SET hold_until = :past",
                ConditionExpression="hold_until > :past AND appointment_id = :mine",
                ExpressionAttributeValues={
                    ":past": {"N": str(int(time.time()) - 30)},
                    ":mine": {"S": appointment_id},
                },
            )
        return lapsed

    return make


@pytest.fixture(scope="module", autouse=True)
def left_to_lapse(lapse: Callable[[], Lapsed]) -> Lapsed:
    """Nobody touches this one: only the sweep may. Made first, so that the sweep has come when it is looked for."""
    return lapse()


def test_a_lapsed_hold_is_not_confirmed_and_its_place_is_anybodys(lapse: Callable[[], Lapsed], sign_in: SignIn) -> None:
    lapsed, next_one = lapse(), sign_in()

    late = lapsed.late.post("/appointment/confirm", {"appointment_id": lapsed.appointment_id})
    taken = next_one.post("/appointment/schedule", next_one.order(lapsed.session_id))

    assert told([late, taken]) == {(409, "TIKA0001"): 1, 200: 1}
    assert lapsed.late.appointments() == []
    assert [one["status"] for one in next_one.appointments()] == ["BOOKED"]


# --- crowds ----------------------------------------------------------------------------------------------------------


def test_fifty_who_send_the_right_code_at_once_are_one_signed_in(sign_in: SignIn) -> None:
    warm_up(lambda: sign_in.confirm("nothing", "000000"))
    txn_id, otp = sign_in.ask(a_mobile())

    answers = at_once([lambda: sign_in.confirm(txn_id, otp)] * 50)

    sign_in.left.tokens.update(answer.json()["token"] for answer in answers if answer.status_code == 200)
    assert told(answers) == {200: 1, (400, "USRAUT0014"): 49}


def test_thirty_who_book_at_once_at_ten_places_are_ten_booked(sign_in: SignIn, a_session) -> None:
    session_id = a_session(seats=10)["session_id"]
    families = [sign_in(people) for people in (4, 4, 4, 4, 4, 4, 4, 2)]
    wishes = [(family, family.order(session_id, people=[person])) for family in families for person in family.people]
    random.shuffle(wishes)
    warm_up(lambda: families[0].post("/appointment/schedule", {}))

    answers = at_once(
        [lambda family=family, wish=wish: family.post("/appointment/schedule", wish) for family, wish in wishes]
    )

    assert told(answers) == {200: 10, (409, "APPOIN0040"): 20}
    booked = [one for family in families for one in family.appointments()]
    assert {one["appointment_id"] for one in booked} == {
        answer.json()["appointment_confirmation_no"] for answer in answers if answer.status_code == 200
    }
    assert {(one["status"], one["session_id"]) for one in booked} == {("BOOKED", session_id)}
    assert len(booked) == 10


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_the_sweep_of_every_minute_tidies_what_lapsed(left_to_lapse: Lapsed) -> None:
    seat = until(lambda: left_to_lapse.row("Slots"), None, within_s=SWEPT_WITHIN_S)
    appointment = left_to_lapse.row("Citizens")

    assert seat is None
    assert appointment
    assert (appointment["status"]["S"], len(appointment["lapses"]["L"])) == ("LAPSED", 1)


def test_no_message_is_among_the_dead(system: System, journey: Journey) -> None:
    for queue in ("OtpDeadLetters", "CountDeadLetters"):
        answer = system.client("sqs").get_queue_attributes(
            QueueUrl=system.resource(queue), AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert answer["Attributes"]["ApproximateNumberOfMessages"] == "0", queue


def test_no_function_logs_anything_personal(
    system: System, citizen: httpx.Client, journey: Journey, left: Left
) -> None:
    names = [operation(function) for function in functions(read()).values()]
    for path in ("/admin/location/states", "/appointment/sessions/public/findByPin", "/status"):
        citizen.get(API + path)
    system.client("lambda").invoke(FunctionName=system.resource("ReleaseStale"))
    silent = until(lambda: [name for name in names if not telltale.logged(system, name)], [], within_s=SHOWN_WITHIN_S)
    assert silent == []

    lines = [line for name in names for line in telltale.logged(system, name)]

    assert any("SeatBooked" in line for line in lines)  # it is our own lines that are read here
    assert [line for line in lines if '"message":"fault"' in line] == []
    for kind, values in vars(left).items():
        assert values, kind
        assert telltale.found(values, lines) == [], kind


@pytest.mark.parametrize(
    "line",
    [
        '{"message":"text to +919812345678 failed"}',
        '{"message":"refused","who":{"name":"\\u09b0\\u09b9\\u09bf\\u09ae\\u09be"}}',
        '{"message":"refused","who":{"name":"রহিমা"}}',
        '{"message":"the code was 048213"}',
        '{"message":"booked","event":{"secret_code":"0917"}}',
    ],
)
def test_the_look_into_the_logs_would_find_something(line: str) -> None:
    """The twin that must lose, or the test above proves nothing."""
    left = ["9812345678", "রহিমা", "048213", "0917"]

    assert telltale.found(left, [line]) == [line]
    assert telltale.found(["2021", "0530"], ['{"timestamp":"2021-05-03 09:17:04,821+0530"}']) == []

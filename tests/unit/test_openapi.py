"""The API document is what the code yields, and real answers have the shapes that it promises.

A journey goes through every route once. With TIKA_RECORD=1 its answers are written to docs/answers.json, from which the
document has its examples; otherwise they are compared with it.
"""

import copy
import hashlib
import json
import os
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from ops import api_document, openapi
from tests.conftest import Answer, call_handler, load
from tests.documented import operation_of, problems, schema_problems
from tests.spies import queued
from tika.booking import seats
from tika.people import registry
from tika.refusals import Refusal
from tika.sessions import sessions
from tika.signin import otp
from tika.texts import envelope

ROUTES = {route.id: route for route in openapi.routes()}
SESSION, OTHER_SESSION = "7d9a1f1e-5f1b-4c63-9c1e-0a5d1c9e4b11", "6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50"
TXN_ID, APPOINTMENT = "3fa85f64-5717-4562-b3fc-2c963f66afa6", "2f0c8a34-1d2e-4a77-8f6b-6f9d5b1f3c22"
PERSON, OTHER_PERSON = "21363181496731", "48120917365203"
LONG, SHORT = 12, 3  # a list of more rows than the first is cut to the second in an example


@pytest.fixture(scope="module")
def document():
    return openapi.document()


# --- the journey -----------------------------------------------------------------------------------------------------


class Journey:
    """Somebody registers two people and books, a publisher publishes; every answer by the id of its route."""

    def __init__(self, aws: SimpleNamespace):
        self.aws = aws
        self.answers: dict[str, Answer] = {}

    def send(self, route_id: str, case: str | None = None, **changes: Any) -> Answer:
        route = ROUTES[route_id]
        if route.auth == "bearer":
            changes.setdefault("token", self.token)
        cases = openapi.events(route)
        answer = call_handler(route.operation, case or next(iter(cases)), **changes)
        assert answer.status < 300, (route_id, answer.text)
        self.answers.setdefault(route_id, answer)
        return answer

    def sign_in(self, ask: str, guess: str) -> None:
        txn_id = self.send(ask).json["txnId"]
        [message] = queued(self.aws)
        code = re.search(r" is (\d{6})\.", envelope.unseal(message["sealed"])["text"])[1]
        body = {"otp": hashlib.sha256(code.encode()).hexdigest(), "txnId": txn_id}
        self.token = self.send(guess, body=body).json["token"]

    def travel(self, at: Any) -> None:
        for ask, guess in (
            ("post_auth_public_generateOTP", "post_auth_public_confirmOTP"),
            ("post_auth_generateMobileOTP", "post_auth_validateMobileOtp"),
            ("post_auth_generateOTP", "post_auth_confirmOTP"),
        ):
            self.sign_in(ask, guess)
            at.advance(seconds=60)
        self.send("get_status")
        for name in ("states", "districts_by_state_id"):
            self.send(f"get_admin_location_{name}", headers={"Accept-Language": "hi_IN"})
        for name in ("idTypes", "genders"):
            self.send(f"get_registration_beneficiary_{name}", headers={"Accept-Language": "hi_IN"})

        self.send("post_admin_sessions", body={"session_id": SESSION})
        for route_id in ROUTES:
            if route_id.startswith("get_appointment_sessions") or "findByLatLong" in route_id:
                self.send(route_id, headers={"Accept-Language": "hi_IN"})
        self.answers.pop("post_admin_sessions")
        self.send("post_admin_sessions", body={"session_id": OTHER_SESSION})

        self.send("post_registration_beneficiary_new", "new")
        self.send("post_registration_beneficiary_new", "new_in_bengali")
        self.send("post_appointment_hold")
        self.send("post_appointment_confirm")
        other = self.send("post_appointment_schedule", body={"beneficiaries": [OTHER_PERSON]})
        self.send("get_appointment_beneficiaries")
        slip = {"appointment_id": APPOINTMENT}
        self.send("get_appointment_appointmentslip_download", query=slip)
        self.send("post_registration_beneficiary_update")
        self.send("post_appointment_reschedule")
        self.send("post_appointment_cancel", "cancel")
        all_of_other = {"appointment_id": other.json["appointment_confirmation_no"]}
        self.send("post_appointment_cancel", "cancel_all", body=all_of_other)
        self.send("post_registration_beneficiary_delete")

        self.send("patch_admin_sessions_by_session_id")
        self.send("delete_admin_sessions_by_session_id")


@pytest.fixture
def journey(aws, at, monkeypatch):
    """What is random is known, so that answers are the same each time."""
    txn_ids = iter([TXN_ID, *(f"3fa85f64-5717-4562-b3fc-2c963f66af{n:02d}" for n in range(90))])
    appointments = iter([APPOINTMENT, *(f"9b5c2f0e-7d41-4a8c-b1de-5a0f6c3e2d{n:02d}" for n in range(90))])
    people = iter([PERSON, OTHER_PERSON])

    def randbelow(end):
        return int(next(people)) - 10**13 if end == 9 * 10**13 else 4711

    known = SimpleNamespace(randbelow=randbelow)
    monkeypatch.setattr(otp, "uuid4", lambda: next(txn_ids))
    monkeypatch.setattr(seats, "uuid", SimpleNamespace(uuid4=lambda: next(appointments)))
    for module in (otp, seats, registry):
        monkeypatch.setattr(module, "secrets", known)
    return Journey(aws)


@pytest.fixture
def travelled(journey, at):
    journey.travel(at)
    return journey.answers


def as_example(value: Any) -> Any:
    """A real answer, short enough to read."""
    value = copy.deepcopy(value)
    for name, part in value.items():
        if isinstance(part, list) and len(part) > LONG:
            value[name] = part[:SHORT]
    if "token" in value:
        value["token"] = value["token"][:24] + "..."
    return value


def test_every_route_answers_in_the_documented_shape(travelled, document):
    assert set(travelled) == set(ROUTES)
    assert {
        route_id: found
        for route_id, answer in travelled.items()
        if (found := problems(document, ROUTES[route_id], answer))
    } == {}


def test_what_is_there_only_sometimes_is_documented_too(call, aws, at, a_session, a_citizen, document):
    citizen, day = a_citizen(), f"{at.now + timedelta(days=1):%d-%m-%Y}"
    session = a_session(max_age_limit=44, fee_type="Free", fee="0")
    sessions.note_freshness(2.5, now=at.now)
    held = {"session_id": session, "beneficiaries": citizen.people}
    asked = {
        "post_appointment_hold": {"body": held, "token": citizen.token},
        "get_appointment_beneficiaries": {"token": citizen.token},
        "get_appointment_sessions_public_findByPin": {"query": {"date": day}},
        "get_appointment_sessions_public_calendarByPin": {"query": {"date": day}},
        "get_appointment_sessions_public_calendarByCenter": {"query": {"center_id": "9"}},
        "get_status": {},
    }
    answers = {
        route_id: call(ROUTES[route_id].operation, next(iter(openapi.events(ROUTES[route_id]))), **changes)
        for route_id, changes in asked.items()
    }

    [appointment] = answers["get_appointment_beneficiaries"].json["beneficiaries"][0]["appointments"]
    assert "hold_until" in appointment
    assert answers["get_appointment_sessions_public_findByPin"].json["sessions"][0]["max_age_limit"] == 44
    assert "vaccine_fees" not in answers["get_appointment_sessions_public_calendarByPin"].json["centers"][0]
    assert answers["get_appointment_sessions_public_calendarByCenter"].json["centers"] == {}
    assert answers["get_status"].json["counts"]["lag_seconds"] == 2.5
    assert [(key, found) for key, answer in answers.items() if (found := problems(document, ROUTES[key], answer))] == []


def test_the_examples_are_what_the_handlers_answer(travelled):
    real = {route_id: as_example(answer.json) for route_id, answer in sorted(travelled.items()) if answer.json}
    if os.environ.get("TIKA_RECORD") == "1":
        openapi.ANSWERS.write_text(openapi.text_of(real), encoding="utf-8")

    assert openapi.recorded_answers() == real, "run `make openapi`"


def test_an_answer_with_one_field_more_or_less_is_noticed(travelled, document):
    unnoticed = []
    for route_id, answer in travelled.items():
        if not answer.json:
            continue
        for name in answer.json:
            less = {key: value for key, value in answer.json.items() if key != name}
            if not problems(document, ROUTES[route_id], Answer(answer.status, answer.headers, "", json=less)):
                unnoticed.append(f"{route_id} without {name}")
        more = answer.json | {"unheard_of": 1}
        if not problems(document, ROUTES[route_id], Answer(answer.status, answer.headers, "", json=more)):
            unnoticed.append(f"{route_id} with one more")

    assert unnoticed == []


# --- refusals --------------------------------------------------------------------------------------------------------


ASKED = {route_id: route for route_id, route in ROUTES.items() if openapi.models(route)}


@pytest.mark.parametrize("route", ASKED.values(), ids=ASKED)
def test_whoever_asks_wrongly_gets_a_documented_refusal(call, document, route, a_citizen):
    operation = operation_of(document, route)
    wrong = [{"body": "[]"}] if "requestBody" in operation else []
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter["required"]:
            wrong.append({"query": {parameter["name"]: ...}})
        if parameter["in"] == "path":
            wrong.append({"path": {parameter["name"]: "x"}})

    assert wrong
    token = a_citizen().token if route.auth == "bearer" else None
    for changes in wrong:
        answer = call(route.operation, next(iter(openapi.events(route))), token=token, **changes)
        assert (answer.status, answer.code) == (400, "USRRES0001")
        assert problems(document, route, answer) == []


@pytest.mark.parametrize(("error", "status"), [(KeyError("x"), 500), (ReadTimeoutError(endpoint_url="x"), 503)])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_faults_and_overload_are_documented(aws, document, route, error, status, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise error

    for name in {"caller", "body", "query", "path", "reply", "reply_to_all"} & vars(load(route.operation)).keys():
        monkeypatch.setattr(load(route.operation), name, broken)
    answer = call_handler(route.operation, next(iter(openapi.events(route))))

    assert answer.status == status
    assert problems(document, route, answer) == []


def test_a_route_wants_a_token_or_a_signature_where_the_document_says_so(call, document):
    unlike = []
    for route in ROUTES.values():
        if route.auth == "iam":
            continue  # the gateway's doing: the rules of the template look after it
        answer = call(route.operation, next(iter(openapi.events(route))), token="x")
        bearer = operation_of(document, route)["security"] == [{"bearer": []}]
        refused = (answer.status, answer.text) == (401, "Unauthenticated access!")
        if refused != bearer or (bearer and problems(document, route, answer)):
            unlike.append(route.id)

    assert unlike == []


def test_every_refusal_is_told_at_some_route():
    told = {each for route in ROUTES.values() for each in openapi.refusals_of(route)}

    assert [each.__name__ for each in openapi.all_refusals() if each not in told] == []


def test_every_code_stands_in_the_document_and_in_the_prose(document):
    codes = {each.code for each in openapi.all_refusals()} | {each.code for each in openapi.gateway_refusals()}
    prose = openapi.PROSE.read_text(encoding="utf-8")

    assert set(document["components"]["schemas"]["Refusal"]["properties"]["errorCode"]["enum"]) == codes - {""}
    assert [each for each in openapi.all_refusals() if f"| {each().error} |" not in prose] == []
    assert [each.kind for each in openapi.gateway_refusals() if f"| {each.kind} |" not in prose] == []


def test_it_is_said_of_every_refusal_when_it_is_met():
    assert [each.__name__ for each in openapi.all_refusals() if not openapi.when(each)] == []
    assert set(openapi.WHEN) <= {each.__name__ for each in openapi.all_refusals()}


def test_what_a_handler_raises_is_found_through_all_that_it_calls():
    by_handler = {route.name: {each.__name__ for each in openapi.refusals_of(route)} for route in ROUTES.values()}

    assert {"FullyBooked", "LapseCooldown", "DoseNotDue", "NoSuchSlot", "Crowded"} <= by_handler["hold"]
    assert "BadPin" in by_handler["find_by_pin"]  # by a check of the model
    assert "PhotoIdInUse" in by_handler["register"]
    assert "NoSuchBeneficiary" in by_handler["cancel_slot"]
    assert by_handler["list_beneficiaries"] == {"Unauthenticated", "NobodyRegistered", "Busy", "Fault"}


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_sample_request_has_the_documented_shape(document, route):
    operation = operation_of(document, route)
    for event in openapi.events(route).values():
        if event["body"]:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            whole = {**schema, "components": document["components"]}
            assert [error.message for error in Draft202012Validator(whole).iter_errors(json.loads(event["body"]))] == []
        for where, given in (("query", event["queryStringParameters"]), ("path", event["pathParameters"])):
            schemas = {each["name"]: each["schema"] for each in operation.get("parameters", []) if each["in"] == where}
            assert set(given or {}) <= set(schemas)
            for name, value in (given or {}).items():
                assert schema_problems(document, schemas[name], value) == []


def test_every_field_of_every_model_is_documented(document):
    schemas, missing = document["components"]["schemas"], []
    for route in ROUTES.values():
        parameters = {each["name"] for each in operation_of(document, route).get("parameters", [])}
        for model in openapi.models(route):
            fields = {field.alias or name for name, field in model.model_fields.items()}
            known = parameters if issubclass(model, openapi.Query) else set(schemas[model.__name__]["properties"])
            missing += [f"{model.__name__}.{name}" for name in fields - known]

    assert missing == []


def test_it_is_said_of_every_field_what_it_is(document):
    silent = [
        f"{shape}.{name}"
        for shape, schema in document["components"]["schemas"].items()
        for name, field in schema.get("properties", {}).items()
        if not field.get("description")
    ]
    named = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}

    assert silent == []
    assert set(openapi.FIELDS) - named == set()


@pytest.mark.parametrize(
    ("shape", "field", "value"),
    [
        ("Book", "dose", 3),
        ("Book", "session_id", "not-a-uuid"),
        ("Book", "beneficiaries", ["1"]),
        ("Book", "beneficiaries", [PERSON] * 5),
        ("Register", "photo_id_type", 3),
        ("Register", "gender_id", 4),
        ("Register", "birth_year", "95"),
        ("ConfirmOtp", "otp", "459831"),
        ("ByPin", "pincode", "012345"),
        ("ByPin", "date", "2021-05-04"),
        ("Publication", "name", ""),
    ],
)
def test_limits_that_are_functions_are_documented_too(document, shape, field, value):
    schema = document["components"]["schemas"][shape]["properties"][field]

    assert schema_problems(document, schema, value) != []


# --- drift -----------------------------------------------------------------------------------------------------------


def test_the_files_are_what_the_code_yields():
    stale = [path.name for path, text in openapi.files().items() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run `make openapi`"


def linked(document):
    """(name of the link, its operation, what it gives, the example of the answer it takes it from)."""
    for methods in document["paths"].values():
        for operation in methods.values():
            response = operation["responses"].get("200", {})
            example = response.get("content", {}).get("application/json", {}).get("example")
            for name, link in response.get("links", {}).items():
                yield name, link["operationId"], link.get("requestBody", link.get("parameters", {})), example


def test_a_link_leads_from_a_field_of_the_answer_to_one_of_the_next_request(document):
    targets = {each["operationId"]: each for methods in document["paths"].values() for each in methods.values()}
    found = list(linked(document))

    for name, target, given, example in found:
        asked = {each["name"] for each in targets[target].get("parameters", [])}
        if "requestBody" in targets[target]:
            shape = targets[target]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            asked |= document["components"]["schemas"][shape]["properties"].keys()
        assert given.keys() <= asked, name
        for value in given.values():
            pointer = (value[0] if isinstance(value, list) else value).removeprefix("$response.body#/")
            at = example
            for part in pointer.split("/"):
                at = at[int(part)] if isinstance(at, list) else at[part]
            assert isinstance(at, str | int), name
    assert {"verify_otp_by_txnId", "hold_by_session_id_and_slot", "cancel_slot_by_appointment_id"} <= {
        name for name, *_ in found
    }


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_a_route_that_no_handler_answers_is_noticed(monkeypatch):
    changed = copy.deepcopy(openapi.template())
    events = changed["Resources"]["BookSlot"]["Properties"]["Events"]
    events["New"] = copy.deepcopy(events["Hold"])
    events["New"]["Properties"]["Path"] = "/api/v2/appointment/new"
    monkeypatch.setattr(openapi, "template", lambda: changed)

    with pytest.raises(LookupError, match="/api/v2/appointment/new: 0 handlers"):
        openapi.routes.__wrapped__()


def test_a_route_that_the_template_forgot_is_noticed(monkeypatch):
    changed = copy.deepcopy(openapi.template())
    del changed["Resources"]["BookSlot"]["Properties"]["Events"]["Hold"]
    monkeypatch.setattr(openapi, "template", lambda: changed)

    with pytest.raises(LookupError, match=r"book_slot: .*appointment/hold"):
        openapi.routes.__wrapped__()


def test_a_refusal_that_is_new_changes_the_files(monkeypatch):
    class Novel(Refusal):
        code = "TIKA0042"
        sentence = "Something new."

    before = openapi.files()
    monkeypatch.setattr(openapi.refusals, "Novel", Novel, raising=False)
    monkeypatch.setitem(openapi.WHEN, "Novel", "When it is new.")
    after = openapi.files()

    assert "TIKA0042" not in "".join(before.values())
    assert all("TIKA0042" in text for text in after.values())


def test_a_part_of_the_prose_that_is_missing_is_noticed():
    text = openapi.PROSE.read_text(encoding="utf-8").replace("<!-- made: hold -->\n", "")

    with pytest.raises(LookupError, match="hold"):
        api_document.filled(text, api_document.routes(openapi.document()) | {"codes": "", "gateway": ""})

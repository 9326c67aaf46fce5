"""No function may do more than it ever does. That each may do what it does is seen in every test of this folder."""

import hashlib
import json
import re

import pytest

from tests import roles
from tests.conftest import MORNING, NOONTIME, ROOT, Context, load, new_container
from tests.spies import queued
from tests.template import rules
from tika.tables.slots import SessionRow
from tika.texts import envelope

OPERATIONS = sorted(rules.operation(function) for function in rules.functions(rules.read()).values())


@pytest.fixture
def call(call):
    """Each time in a container that knows nothing yet."""

    def cold(*args, **kwargs):
        new_container()
        return call(*args, **kwargs)

    return cold


@pytest.fixture
def tour(call, book, confirm, cancel, reschedule, a_session, a_citizen, at, aws, monkeypatch):
    """Every function on every way on which it asks something else of AWS."""

    def go():
        monkeypatch.setattr(roles, "used", set())
        _sign_in(call, at, aws)
        citizen, session, other = a_citizen(people=2), a_session(seats=4), a_session()
        taken = {"name": "Asha Devi", "birth_year": "1990", "photo_id_type": 8, "photo_id_number": "T1234567"}
        for _ in range(2):  # the second finds the first, by a Query
            assert call("register", "new", body=taken, token=citizen.token).status == 200
        held = book("hold", citizen, session).json["appointment_id"]
        assert confirm(citizen, held).status == 200
        _send(queued(aws))
        assert reschedule(citizen, held, other).status == 204
        assert call("appointment_slip", "download", query={"appointment_id": held}, token=citizen.token).status == 200
        assert call("list_beneficiaries", "list", token=citizen.token).status == 200
        first = citizen.people[0]
        body = {"beneficiary_reference_id": first}
        for birth_year in ("1989", "1988"):  # the first with an appointment that stands, the second without
            corrected = body | {"birth_year": birth_year, "photo_id_number": f"M000{birth_year}"}
            assert call("update_beneficiary", "update", body=corrected, token=citizen.token).status == 204
            assert cancel(citizen, held).status == 204
        assert call("delete_beneficiary", "delete", body=body, token=citizen.token).status == 204
        _hold_and_schedule(book, reschedule, cancel, a_citizen, a_session, at)
        _publish(call, a_session)
        for case in ("find_by_pin", "calendar_by_district_public", "calendar_by_center_public"):
            call("find_sessions", case, query={"vaccine": "COVAXIN"}, token=citizen.token)
        _count_and_sweep(session)
        call("list_places", "states")
        call("status", "status")
        return {(operation, action, _named(arn)) for operation, action, arn in roles.used}

    return go


def _sign_in(call, at, aws):
    for _ in range(2):  # the second of a day is counted by another write
        txn_id = call("request_otp", "public").json["txnId"]
        at.advance(minutes=1)
    messages = queued(aws)
    _send(messages[-1:])
    code = re.search("[0-9]{6}", envelope.unseal(messages[-1]["sealed"])["text"])[0]
    for guess in ("x", code):
        digest = hashlib.sha256(guess.encode()).hexdigest()
        call("verify_otp", "public", body={"txnId": txn_id, "otp": digest})


def _send(messages):
    event = json.loads((ROOT / "events/send_otp/code.json").read_text())
    records = [event["Records"][0] | {"body": json.dumps(message)} for message in messages]
    new_container()
    assert load("send_otp").lambda_handler({"Records": records}, Context()) == {"batchItemFailures": []}


def _hold_and_schedule(book, reschedule, cancel, a_citizen, a_session, at):
    citizen, session, there = a_citizen(), a_session(), a_session()
    held = book("hold", citizen, session).json["appointment_id"]
    assert book("schedule", citizen, session).status == 200  # confirms the hold
    late = a_citizen()
    lapsed = book("hold", late, session).json["appointment_id"]
    assert reschedule(late, lapsed, there, NOONTIME).status == 204  # moves a hold
    at.advance(minutes=10)
    assert cancel(late, lapsed).status == 204  # tidies what lapsed
    assert cancel(citizen, held).status == 204
    assert book("hold", a_citizen(), session).status == 200
    at.advance(minutes=10)  # left to the sweep


def _publish(call, a_session):
    published = json.loads(json.loads((ROOT / "events/publish_session/publish.json").read_text())["body"])
    for _ in range(2):  # the second finds the first
        call("publish_session", "publish", body=published)
    session = a_session(seats=2)
    for places in (3, 1, 2):  # extends, takes back, gives back
        body = {"slots": [{"slot": MORNING, "dose1": places, "dose2": places}]}
        assert call("publish_session", "change", path={"session_id": session}, body=body).status == 200
    assert call("publish_session", "withdraw", path={"session_id": session}).status == 204


def _count_and_sweep(session):
    new_container()
    event = json.loads((ROOT / "events/count_seats/seats_moved.json").read_text())
    event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"] = SessionRow.key(session)
    load("count_seats").lambda_handler(event, Context())
    assert load("release_stale").lambda_handler({}, Context())["released"] > 0


def _named(arn):
    """A resource as the template's table of roles spells it."""
    names = {
        roles.PHONE: roles.ANYTHING_BUT_TOPICS,
        "table/otp": "Otp",
        "table/citizens": "Citizens",
        "table/slots": "Slots",
        "sqs:ap-south-1:123456789012:otp": "OtpQueue",
        "PEPPER_SECRET": "Pepper",
        "TOKEN_KEY_SECRET": "TokenKey",
        "parameter/tika/test/policy": "Policy",
    }
    for part, name in names.items():
        if part in arn:
            return name + arn.partition(part)[2] if "/index/" in arn else name
    return arn


@pytest.fixture
def did(tour):
    return tour()


def test_no_role_allows_more_than_its_function_does(did):
    """The twin is test_a_handler_is_denied_what_its_role_does_not_allow: what is missing is noticed as well."""
    may = {(operation, action, name) for operation in OPERATIONS for action, name in roles.granted(operation)}

    assert sorted(may - did) == []
    assert sorted(did - may) == []  # or the tour did not go by the template's names


def test_a_handler_is_denied_what_its_role_does_not_allow(call, monkeypatch):
    monkeypatch.setattr(roles, "allows", lambda operation, need: need[0] != "dynamodb:GetItem")

    assert call("status", "status").status == 500

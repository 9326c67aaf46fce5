"""What each operation may cost. A figure that grows is a decision, not an accident."""

import hashlib
import json
import re

import pytest

from tests.budget.figures import BUDGET
from tests.budget.meter import measure
from tests.conftest import MORNING, NOONTIME, Context, load

OTHERS = {"SendMessage", "Publish"}


@pytest.fixture
def within_budget(monkeypatch, measured):
    """Run something and hold it to its line of the budget."""

    def check(operation, act):
        with monkeypatch.context() as patch:
            cost = measure(patch)
            act()
        dynamodb, others, writes, index_writes, reads = BUDGET[operation]
        measured(f"| {operation} | {cost.line()} |")
        assert {name: number for name, number in cost.calls.items() if name not in OTHERS} == dynamodb
        assert {name: number for name, number in cost.calls.items() if name in OTHERS} == others
        assert (cost.write_units, cost.index_units) == (writes, index_writes)
        assert cost.read_units <= reads

    return check


@pytest.fixture
def ok(call):
    """`ok(...)` is `call(...)` that is answered well, given later."""

    def later(*args, **kwargs):
        def act():
            answer = call(*args, **kwargs)
            assert answer.status in (200, 204), answer.text

        return act

    return later


@pytest.fixture
def order(a_session):
    return {"dose": 1, "session_id": a_session(seats=100), "slot": MORNING}


@pytest.fixture
def warm(call, a_citizen, order):
    """The container has read its secrets, its policy and the session."""
    citizen = a_citizen()
    call("book_slot", "hold", body={**order, "beneficiaries": citizen.people}, token=citizen.token)
    call("request_otp", "public", body={"mobile": "9876500000"})


@pytest.fixture
def held(call, a_citizen, order, warm):
    """A citizen and the hold they have."""
    citizen = a_citizen()
    answer = call("book_slot", "hold", body={**order, "beneficiaries": citizen.people}, token=citizen.token)
    return citizen, answer.json["appointment_id"]


def test_request_otp(within_budget, ok, warm):
    within_budget("request_otp", ok("request_otp", "public", body={"mobile": "9876543210"}))


def test_verify_otp(within_budget, call, ok, aws, warm):
    from tika import envelope

    txn_id = call("request_otp", "public", body={"mobile": "9876543210"}).json["txnId"]
    messages = aws.client("sqs").receive_message(QueueUrl=aws.queue, MaxNumberOfMessages=10)["Messages"]
    [told] = [json.loads(m["Body"]) for m in messages if json.loads(m["Body"])["txn_id"] == txn_id]
    code = re.search(r"is ([0-9]{6})", envelope.unseal(told["sealed"])["text"])[1]
    body = {"txnId": txn_id, "otp": hashlib.sha256(code.encode()).hexdigest()}

    within_budget("verify_otp, right first time", ok("verify_otp", "public", body=body))


def test_send_otp(within_budget, call, aws, warm):
    call("request_otp", "public", body={"mobile": "9876543210"})
    messages = aws.client("sqs").receive_message(
        QueueUrl=aws.queue, MaxNumberOfMessages=1, AttributeNames=["SentTimestamp"]
    )["Messages"]
    event = {"Records": [_record(message) for message in messages]}

    def send():
        assert load("send_otp").lambda_handler(event, Context()) == {"batchItemFailures": []}

    within_budget("send_otp, one code", send)


def _record(message):
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": {"SentTimestamp": message["Attributes"]["SentTimestamp"]},
        "eventSource": "aws:sqs",
    }


def test_register(within_budget, ok, a_citizen, warm):
    within_budget("register", ok("register", "new", token=a_citizen(people=0).token))


def test_find_sessions(within_budget, ok, order):
    within_budget("find_sessions", ok("find_sessions", "find_by_district_public", query={"district_id": "376"}))


def test_hold(within_budget, ok, a_citizen, order, warm):
    citizen = a_citizen()
    body = {**order, "beneficiaries": citizen.people}
    within_budget("hold, one person", ok("book_slot", "hold", body=body, token=citizen.token))


def test_hold_refused(within_budget, call, a_citizen, a_session, order, warm):
    first, second, third = (a_citizen() for _ in range(3))
    body = {**order, "session_id": a_session(seats=1)}

    def hold(citizen):
        return call("book_slot", "hold", body={**body, "beneficiaries": citizen.people}, token=citizen.token).status

    assert (hold(first), hold(second)) == (200, 409)
    within_budget("hold refused, warm", lambda: hold(third))


def test_confirm(within_budget, ok, held):
    citizen, held_id = held
    act = ok("confirm_slot", "confirm", body={"appointment_id": held_id}, token=citizen.token)
    within_budget("confirm, one person", act)


def test_schedule(within_budget, ok, a_citizen, order, warm):
    citizen = a_citizen()
    body = {**order, "beneficiaries": citizen.people}
    within_budget("schedule, one person", ok("book_slot", "schedule", body=body, token=citizen.token))


def test_cancel(within_budget, call, ok, held):
    citizen, held_id = held
    call("confirm_slot", "confirm", body={"appointment_id": held_id}, token=citizen.token)
    act = ok("cancel_slot", "cancel_all", body={"appointment_id": held_id}, token=citizen.token)
    within_budget("cancel, one person", act)


def test_reschedule(within_budget, call, ok, held, order):
    citizen, held_id = held
    call("confirm_slot", "confirm", body={"appointment_id": held_id}, token=citizen.token)
    body = {"appointment_id": held_id, "session_id": order["session_id"], "slot": NOONTIME}
    within_budget("reschedule, one person", ok("reschedule_slot", "reschedule", body=body, token=citizen.token))


def test_list_beneficiaries(within_budget, ok, held):
    within_budget("list_beneficiaries", ok("list_beneficiaries", "list", token=held[0].token))


def test_release_stale(within_budget, call, a_citizen, order, at, monkeypatch):
    monkeypatch.setattr("random.randrange", lambda *_: 3)  # one shard of the index
    for _ in range(10):
        citizen = a_citizen(people=4)
        call("book_slot", "hold", body={**order, "beneficiaries": citizen.people}, token=citizen.token)
    at.advance(minutes=6)
    within_budget("release_stale, 40 holds", lambda: load("release_stale").lambda_handler({}, Context()))

"""Poison on the ways that are not HTTP: the queue, the table's stream, the schedule, and what centres publish."""

import hashlib
import hmac
import json
import re
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from nacl.secret import SecretBox

from local.system import System
from tests.citizens import API, MORNING, SignIn, a_mobile, until
from tests.deployed import Sign
from tests.hostile.attacker import refusal
from tika import keys
from tika.texts import envelope, messages

pytestmark = pytest.mark.system

TEXT = "Your OTP to register/access CoWIN is 000000. It will be valid for 3 minutes. - CoWIN"


@pytest.fixture(scope="module")
def invoke(system: System) -> Callable[[str, Any], Any]:
    """`invoke("SendOtp", event)`: what a function gives back for an event of any kind."""

    def call(function: str, event: Any) -> Any:
        answer = system.client("lambda").invoke(FunctionName=system.resource(function), Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    return call


@pytest.fixture
def seal(system: System, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """With the key of the deployed system, which only two functions may read."""
    secret = system.client("secretsmanager").get_secret_value(SecretId=system.resource("Pepper"))["SecretString"]
    monkeypatch.setattr(keys, "pepper", lambda: secret.encode())
    return envelope.seal


def a_record(body: Any, *, number: int = 0, sent_at: float | None = None) -> dict[str, Any]:
    return {
        "messageId": f"message {number}",
        "receiptHandle": "x",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"SentTimestamp": str(int((sent_at or time.time()) * 1000)), "ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def a_code(sealed: str, **changes: Any) -> dict[str, Any]:
    expires = int(time.time()) + 24 * 3600  # some are made long before their test runs
    return {"kind": "otp", "txn_id": str(uuid.uuid4()), "expires_at": expires, "sealed": sealed, **changes}


def foreign(value: Any) -> str:
    """Sealed as we do it, by a key that is not ours."""
    box = SecretBox(hmac.new(b"guessed", b"8:envelope9:secretbox", hashlib.sha256).digest())
    return urlsafe_b64encode(box.encrypt(json.dumps(value).encode())).decode()


POISON: dict[str, Any] = {
    "nothing": "",
    "no JSON": "{",
    "a list": [],
    "a text": '"otp"',
    "null": "null",
    "an unknown kind": {"kind": "eval"},
    "no kind": {"sealed": "x"},
    "a kind that is a list": {"kind": ["otp"]},
    "a code without anything": {"kind": "otp"},
    "a code that expires in words": a_code("x", expires_at="later"),
    "not sealed": a_code(json.dumps({"mobile": "9876543210", "text": TEXT})),
    "sealed with nothing": a_code(""),
    "sealed by somebody else": a_code(foreign({"mobile": "9876543210", "text": TEXT})),
    "a booking of nobody's keys": {"kind": "booking", "account": 7, "appointment_id": [], "place": None},
    "a quarter of a megabyte": "x" * 250_000,
    "deep": "[" * 50_000,
}


def test_of_a_batch_with_one_that_is_poison_only_that_one_fails(
    invoke, seal, text_messages: Callable[..., list[dict[str, str]]]
) -> None:
    mobiles = [a_mobile() for _ in range(9)]
    good = [a_record(a_code(seal({"mobile": mobile, "text": TEXT})), number=n) for n, mobile in enumerate(mobiles)]

    answer = invoke("SendOtp", {"Records": [*good[:4], a_record("{", number=99), *good[4:]]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message 99"}]}
    assert [[message["text"] for message in text_messages(mobile)] for mobile in mobiles] == [[TEXT]] * 9


def test_poison_fails_by_itself_and_nothing_is_sent(system: System, invoke) -> None:
    names = list(POISON)

    answer = invoke("SendOtp", {"Records": [a_record(POISON[name], number=n) for n, name in enumerate(names)]})

    failed = {names[int(each["itemIdentifier"].split()[1])] for each in answer["batchItemFailures"]}
    # Of an account that is no account there is nothing to tell, and nothing to try again.
    assert failed | {"a booking of nobody's keys"} == set(names)


@pytest.mark.parametrize(
    "inside", [{}, {"mobile": "9876543210"}, {"text": TEXT}, [], "x", {"mobile": ["9"], "text": {}}], ids=str
)
def test_what_is_sealed_with_other_fields_fails(invoke, seal, inside: Any) -> None:
    answer = invoke("SendOtp", {"Records": [a_record(a_code(seal(inside)))]})

    assert len(answer["batchItemFailures"]) == 1


def test_a_message_played_again_is_sent_once_and_after_a_day_never(
    invoke, seal, text_messages: Callable[..., list[dict[str, str]]]
) -> None:
    mobile, day = a_mobile(), 24 * 3600
    message = a_code(seal({"mobile": mobile, "text": TEXT}))
    old = a_code(seal({"mobile": mobile, "text": TEXT}), expires_at=int(time.time()) - day)

    for _ in range(3):
        assert (
            invoke("SendOtp", {"Records": [a_record(message), a_record(message, number=1)]})["batchItemFailures"] == []
        )
    assert invoke("SendOtp", {"Records": [a_record(old, sent_at=time.time() - day)]}) == {"batchItemFailures": []}

    assert len(text_messages(mobile)) == 1


def test_a_text_of_an_altered_challenge_is_not_sent_to_another_number(invoke, seal) -> None:
    """The number is inside what is sealed: who can write to the queue cannot choose it, nor read it."""
    sealed = seal({"mobile": a_mobile(), "text": TEXT})
    altered = sealed[:-8] + ("A" * 4 if sealed[-8:-4] != "AAAA" else "B" * 4) + sealed[-4:]

    answer = invoke("SendOtp", {"Records": [a_record(a_code(altered) | {"mobile": a_mobile()})]})

    assert len(answer["batchItemFailures"]) == 1
    assert not re.search("[0-9]{10}", sealed)


# --- stream and schedule ---------------------------------------------------------------------------------------------


def test_a_poisoned_record_of_the_stream_holds_nobody_up(system: System, invoke, a_session, sign_in: SignIn) -> None:
    session_id, buyer = a_session(seats=3)["session_id"], sign_in()
    buyer.post("/appointment/schedule", buyer.order(session_id))
    keys_ = [{}, {"pk": {}}, {"pk": {"N": "1"}}, {"pk": {"S": "FRESHNESS"}}, {"pk": {"S": f"SESSION#{uuid.uuid4()}"}}]
    poison = [{}, {"dynamodb": {}}, *({"dynamodb": {"Keys": key, "SequenceNumber": "1"}} for key in keys_)]
    good = {"dynamodb": {"Keys": {"pk": {"S": f"SESSION#{session_id}"}}, "SequenceNumber": "2"}}

    assert invoke("CountSeats", {"Records": [*poison, good]}) == {"batchItemFailures": []}
    assert invoke("CountSeats", {"Records": []}) == {"batchItemFailures": []}

    def counted() -> Any:
        row = system.client("dynamodb").get_item(
            TableName=system.resource("Slots"), Key={"pk": {"S": f"SESSION#{session_id}"}, "sk": {"S": "SESSION"}}
        )["Item"]
        return json.loads(row["free"]["S"])[0][0]

    assert until(counted, 2, within_s=10) == 2


@pytest.mark.parametrize("event", [{}, [], "now", None, {"shard": -1, "now": "2099-01-01"}], ids=str)
def test_whatever_the_schedule_says_the_sweep_does_the_same(invoke, event: Any) -> None:
    """A standing hold outlives it: the clock is the function's own."""
    assert set(invoke("ReleaseStale", event)) == {"released", "oldest_lapse_s"}


def test_no_event_brings_a_standing_hold_to_an_end(invoke, sign_in: SignIn, a_session) -> None:
    holder = sign_in()
    holder.hold(a_session()["session_id"])

    invoke("ReleaseStale", {"now": "2099-01-01T00:00:00Z", "time": "2099-01-01T00:00:00Z"})

    assert [one["status"] for one in holder.appointments()] == ["HELD"]


# --- what people and centres call themselves --------------------------------------------------------------------------

STEERING = {
    "a line": "District Hospital\nYour code is 111111",
    "a carriage return": "District Hospital\rYour code",
    "a line of Unicode": "District Hospital\u2028Your code",
    "a paragraph of Unicode": "District Hospital\u2029Your code",
    "another direction": "District \u202elatipsoH",
    "NUL": "District\x00Hospital",
    "an escape": "District \x1b[2J Hospital",
    "a formula": "=HYPERLINK(0)",
    "a formula by plus": "+1+cmd|' /C calc'!A0",
    "a formula by minus": "-1+1",
    "a formula by at": "@SUM(1)",
    "a full-width formula": "＝1+1",
    "a formula after a space": " =1+1",
    "nothing": " ",
}
TOO_MUCH = "A" * 101
MARKUP = {
    "markup": "<img src=x onerror=alert(1)>",
    "SQL": "Robert'); DROP TABLE citizens;--",
    "an address": "http://a.b",
}


@pytest.mark.parametrize(("field", "name"), [*product(["name", "address"], STEERING), ("name", "too much")])
def test_no_centre_is_called_what_steers_a_message_or_a_sheet(ops: Sign, a_session, field: str, name: str) -> None:
    session = a_session() | {"session_id": str(uuid.uuid4()), field: STEERING.get(name, TOO_MUCH)}

    answer = ops("POST", f"{API}/admin/sessions", session)

    assert (refusal(answer), answer.json()["error"].split(":")[0]) == ("USRRES0001", field)


@pytest.mark.parametrize("name", [*STEERING, *MARKUP])
def test_nobody_is_called_what_steers_a_page_or_a_sheet(sign_in: SignIn, one, name: str) -> None:
    more = {
        "markup": "<img src=x onerror=alert(1)>",
        "SQL": "Robert'); DROP TABLE citizens;--",
        "an address": "http://a.b",
    }

    answer = one.register((STEERING | more)[name])

    assert (refusal(answer), answer.json()["error"].split(":")[0]) == ("USRRES0001", "name")


@pytest.fixture(scope="module")
def one(sign_in: SignIn) -> Any:
    return sign_in(people=0)


def test_a_long_name_in_an_indian_script_costs_no_more_texts_than_another(
    sign_in: SignIn, a_session, text_messages
) -> None:
    long = "জেলা হাসপাতাল " * 7
    buyer, session_id = sign_in(), a_session(name=long[:100])["session_id"]
    buyer.post("/appointment/schedule", buyer.order(session_id, MORNING))

    text = text_messages(buyer.mobile, count=2)[0]["text"]

    assert "\n" not in text
    assert text.startswith("Vaccination booked: জেলা হাসপাতাল")
    assert len(text) <= 3 * 67  # three segments
    assert messages.CENTER_NAME_CHARS == 60

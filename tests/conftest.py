"""What the in-process tests share: AWS as moto plays it, made from template.yaml, a clock, and handlers to call."""

import base64
import importlib.util
import io
import json
import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

ROOT = Path(__file__).parent.parent

# Read when the modules are imported, so set before anything of ours is. No real account can be reached with these.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_REGION": "ap-south-1",
    "OTP_TABLE": "otp",
    "CITIZENS_TABLE": "citizens",
    "SLOTS_TABLE": "slots",
    "POLICY_PARAMETER": "/tika/test/policy",
    "TEXTS_PER_SECOND": "100",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Tika",
    "POWERTOOLS_METRICS_DISABLED": "false",
}

import botocore.client
import pytest
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

from tests import roles
from tests.quick_moto import quicken
from tika import clock, keys, policy, snapshot
from tika.aws import CONNECTION, client
from tika.eligibility import IST
from tika.signin import tokens
from tika.signin.tokens import Caller

MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"
NOON = datetime(2021, 5, 3, 6, 30, tzinfo=UTC)  # 12:00 in India on a Monday, five days after registration opened


@cache
def template() -> dict[str, Any]:
    return yaml_parse((ROOT / "template.yaml").read_text())


@cache
def load(operation: str) -> ModuleType:
    """The module of a function, loaded once, as a warm container has it."""
    spec = importlib.util.spec_from_file_location(f"{operation}_app", ROOT / "functions" / operation / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.lambda_handler = roles.acting_as(operation)(module.lambda_handler)
    return module


def in_a_name(value: Any) -> str:
    """A parameter in a test's name; no backslash, as pytest escapes them anew each time one process collects a test."""
    return ascii(value).replace("\\", "/")


@dataclass
class Clock:
    """The time that handlers see; tests move it."""

    now: datetime = NOON

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock_now = Clock()

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock_now.now.astimezone(tz)

    monkeypatch.setattr(clock, "datetime", Now)
    return clock_now


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, at: Clock) -> Iterator[SimpleNamespace]:
    """The tables, queue, secrets and policy of template.yaml, empty, behind a lock as moto is not thread-safe."""
    lock, make_api_call = threading.RLock(), botocore.client.BaseClient._make_api_call

    def one_at_a_time(self: Any, *args: Any, **kwargs: Any) -> Any:
        roles.judge(self, *args, **kwargs)
        with lock:
            return make_api_call(self, *args, **kwargs)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", one_at_a_time)
    quicken(monkeypatch)
    with mock_aws():
        for logical, name in {"Otp": "otp", "Citizens": "citizens", "Slots": "slots"}.items():
            properties = template()["Resources"][logical]["Properties"]
            indexes = properties.get("GlobalSecondaryIndexes", [])
            CONNECTION.client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=properties["AttributeDefinitions"],
                KeySchema=properties["KeySchema"],
                **({"GlobalSecondaryIndexes": [_index(index) for index in indexes]} if indexes else {}),
            )
        queue = client("sqs").create_queue(QueueName="otp")["QueueUrl"]
        secrets = client("secretsmanager")
        monkeypatch.setenv("OTP_QUEUE_URL", queue)
        for name, value in {"PEPPER_SECRET": "pepper of the tests", "TOKEN_KEY_SECRET": "k" * 64}.items():
            monkeypatch.setenv(name, secrets.create_secret(Name=name, SecretString=value)["ARN"])
        set_policy()
        new_container()
        yield SimpleNamespace(queue=queue, dynamodb=CONNECTION.client, client=client, set_policy=set_policy)
    new_container()


def _index(index: dict[str, Any]) -> dict[str, Any]:
    return {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}


def set_policy(**changes: Any) -> None:
    """The policy of the template as a default stage has it, with `changes`."""
    text = template()["Resources"]["Policy"]["Properties"]["Value"]["Fn::Sub"]
    for name, parameter in template()["Parameters"].items():
        text = text.replace("${" + name + "}", str(parameter.get("Default", "")))
    value = json.dumps(json.loads(text) | {"opens_at": "2021-04-28T16:00:00+05:30"} | changes)
    client("ssm").put_parameter(Name=os.environ["POLICY_PARAMETER"], Value=value, Type="String", Overwrite=True)
    policy._kept = None


def new_container() -> None:
    """Forget what a warm container remembers."""
    snapshot.forget()


@dataclass
class Answer:
    """What a handler answered; `json` is None where the body is empty or plain text."""

    status: int
    headers: dict[str, str]
    text: str
    binary: bytes = b""
    json: Any = None
    code: str = field(default="")


@dataclass
class Context:
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:ap-south-1:123456789012:function:test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@pytest.fixture
def call(aws: SimpleNamespace) -> Callable[..., Answer]:
    """`call("book_slot", "hold", body={...}, token=...)`: an event of events/ through that function's handler.

    `body` and `query` are merged over the event's own; `body` may also be text, `path` replaces path parameters.
    """
    return call_handler


def call_handler(operation: str, case: str, **changes: Any) -> Answer:
    return _answer(load(operation).lambda_handler(event_of(operation, case, **changes), Context()))


def event_of(
    operation: str,
    case: str,
    *,
    body: dict[str, Any] | str | None = None,
    query: dict[str, Any] | None = None,
    path: dict[str, str] | None = None,
    token: str | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What API Gateway would send: an event of events/ with changes, see `call`."""
    event = json.loads((ROOT / "events" / operation / f"{case}.json").read_text())
    if isinstance(body, str):
        event["body"] = body
    elif body is not None:
        own = json.loads(event["body"] or "{}")
        event["body"] = json.dumps({key: value for key, value in (own | body).items() if value is not ...})
    event["isBase64Encoded"] = event["body"] is not None  # as API Gateway does for an API with binary media types
    if event["body"] is not None:
        event["body"] = base64.b64encode(event["body"].encode("utf-8", "surrogatepass")).decode()
    for name, value in (query or {}).items():
        many = value if isinstance(value, list) else [value]
        for key in ("queryStringParameters", "multiValueQueryStringParameters"):
            event[key] = dict(event.get(key) or {})
        if value is ...:
            event["queryStringParameters"].pop(name, None)
            event["multiValueQueryStringParameters"].pop(name, None)
        else:
            event["queryStringParameters"][name] = many[-1]
            event["multiValueQueryStringParameters"][name] = many
    for name, value in (path or {}).items():
        event["path"] = event["path"].replace(event["pathParameters"][name], value)
        event["pathParameters"] = dict(event["pathParameters"]) | {name: value}
    event["headers"] = dict(event.get("headers") or {}) | (headers or {})
    if token is not None:
        event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event


def _answer(raw: dict[str, Any]) -> Answer:
    headers = {name: values[0] for name, values in (raw.get("multiValueHeaders") or {}).items()} | (
        raw.get("headers") or {}
    )
    if raw.get("isBase64Encoded"):
        return Answer(raw["statusCode"], headers, "", base64.b64decode(raw["body"]))
    text = raw.get("body") or ""
    value = json.loads(text) if "json" in headers.get("Content-Type", "") and text else None
    code = value.get("errorCode", "") if isinstance(value, dict) else ""
    return Answer(raw["statusCode"], headers, text, json=value, code=code)


@dataclass
class Citizen:
    """Somebody signed in, with the people they registered."""

    caller: Caller
    people: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        """A fresh one: who signed in stays signed in, whatever the clock of a test does."""
        with roles.nobody():
            return tokens.issue(self.caller, txn_id="t", reference_id="", now=clock.utc_now())

    @property
    def account(self) -> str:
        return self.caller.account


_numbers = iter(range(10**6))


@pytest.fixture
def a_citizen(aws: SimpleNamespace, at: Clock) -> Callable[..., Citizen]:
    """`a_citizen(people=2, birth_year=1990)`: another citizen with an account of their own."""
    from tika.people import registry

    @roles.nobody()
    def make(people: int = 1, birth_year: int = 1990) -> Citizen:
        mobile = f"9{next(_numbers):09d}"
        caller = Caller(keys.keyed_hash("mobile", mobile), mobile)
        citizen = Citizen(caller)
        for _ in range(people):
            citizen.people.append(
                registry.register(
                    caller,
                    registry.Newcomer(
                        name="Asha Devi",
                        birth_year=birth_year,
                        gender_id=2,
                        photo_id_type=6,
                        photo_id_number=f"ABCPD{next(_numbers) % 10000:04d}{chr(65 + next(_numbers) % 26)}",
                        comorbidity=False,
                        consent_version="1",
                    ),
                    policy.current(),
                    now=at.now,
                )
            )
        return citizen

    return make


@pytest.fixture
def a_session(aws: SimpleNamespace, at: Clock) -> Callable[..., str]:
    """`a_session(seats=1)`: another session, tomorrow, with two slots of that many seats for each dose; its id."""
    from tika.sessions import publishing, sessions

    @roles.nobody()
    def make(seats: int = 10, **changes: Any) -> str:
        publication = a_publication(at, seats, **changes)
        publishing.check(publication, policy.current(), now=at.now)
        return sessions.publish(publication, now=at.now).session_id

    return make


def a_publication(at: Clock, seats: int, *, days: int = 1, **changes: Any) -> Any:
    """The sample session in so many days, with two slots of `seats` seats for each dose."""
    from tika.sessions.publishing import Publication

    fields = json.loads(json.loads((ROOT / "events/publish_session/publish.json").read_text())["body"])
    fields |= {
        "session_id": str(uuid.uuid4()),
        "date": f"{at.now.astimezone(IST) + timedelta(days=days):%d-%m-%Y}",
        "slots": [{"slot": label, "dose1": seats, "dose2": seats} for label in (MORNING, NOONTIME)],
        **changes,
    }
    return Publication.model_validate(fields)


@pytest.fixture
def calls(aws: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every request to AWS, and the way to make one fail: see spies.Calls."""
    from tests import spies

    return spies.watch(monkeypatch)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log lines: `logged.getvalue()`."""
    from tests import spies

    return spies.listen(monkeypatch)


@pytest.fixture
def counts(capsys: pytest.CaptureFixture[str]) -> Callable[[], Counter[str]]:
    """`counts()`: the metrics that invocations wrote since it was last called, summed by name."""
    from tests import spies
    from tika.telemetry import metrics

    metrics.clear_metrics()
    return lambda: spies.counted(capsys.readouterr().out)

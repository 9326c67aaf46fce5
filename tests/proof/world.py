"""A small real world: people, sessions, every function behind its real trigger, one clock, and what everybody was told.

AWS is moto, as tests/conftest.py makes it. Every request to it passes one place, the wire, where a test may look on or
interfere (`on_call`): the functions and botocore, with its own retries, are the real ones. Sleeping moves the clock,
randomness comes from the seed, and threads of a function run one after the other, so that a case replays.

The world can be saved and brought back (a few milliseconds), which is what makes thousands of cases possible.
"""

import asyncio
import concurrent.futures
import contextlib
import hashlib
import io
import json
import os
import pickle
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from types import SimpleNamespace
from typing import Any

import botocore.client
import pytest
from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models.dynamo_type import DynamoType

from tests import spies
from tests.budget import meter
from tests.conftest import MORNING, NOON, ROOT, Answer, Citizen, Clock, call_handler, load, new_container, template
from tika import keys, policy
from tika.booking import seats
from tika.eligibility import IST
from tika.sessions import search, sessions
from tika.signin import otp, tokens
from tika.signin.tokens import Caller
from tika.tables import slots
from tika.tables.slots import Seat
from tika.telemetry import metrics
from tika.texts import messages

UNLOCKED = botocore.client.BaseClient._make_api_call  # moto's lock is held at the wire, where an actor may wait
APPLY = BotocoreStubber.__call__
RECEIVES = 5  # of a message or a stream batch, before it is given to the dead letters; see template.yaml
REDELIVERED_AFTER = timedelta(seconds=60)  # the queue's visibility timeout
SHARDS = 2  # of the index of holds: each is asked of one by one, and sixteen would prove no more than two
OVERLOADED = (429, 502, 503, 504)

type Item = dict[str, Any]


class Gone(BaseException):
    """The process of a function ends here, killed or out of time. No handler may catch it."""


@dataclass
class Call:
    """A request on the wire, once for each time that botocore sends it."""

    service: str
    operation: str
    parameters: dict[str, Any]
    answered: str = ""  # "", or how it was refused

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {' '.join(self.rows)}".strip()

    @property
    def writes(self) -> bool:
        return not re.match("Get|Query|Scan|BatchGet|TransactGet", self.operation)

    @property
    def rows(self) -> list[str]:
        """Kinds of rows that it names by their keys: ["ACCOUNT", "SESSION"]; of a query by an index, the index."""
        if index := self.parameters.get("IndexName"):
            return [index]
        return sorted({key.split("#")[0] for key in self.keys})

    @property
    def keys(self) -> list[str]:
        """The partition keys that it names."""
        if self.service != "dynamodb":
            return []
        if self.operation == "Query":
            values = self.parameters.get("ExpressionAttributeValues", {}).values()
            return [next(iter(value.values())) for value in list(values)[:1]]
        if "TransactItems" in self.parameters:
            actions = [action for actions in self.parameters["TransactItems"] for action in actions.values()]
        else:
            actions = [self.parameters]
        return [(action.get("Key") or action["Item"])["pk"]["S"] for action in actions]


@dataclass
class Told:
    """One invocation: what was asked, when, and what was answered. `status` None: nobody answered (yet)."""

    operation: str
    event: str
    account: str
    sent: dict[str, Any]
    began: int  # the order in which invocations began and ended; `ended` None while one runs, or where it died
    at: datetime
    ended: int | None = None
    status: int | None = None
    json: Any = None
    text: str = ""
    code: str = ""
    retry_after: int | None = None
    died: bool = False
    error: str = ""  # the type of what the function raised, which is for its trigger to handle
    calls: list[Call] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)  # made of botocore, which may send each several times
    write_units: int = 0  # of tables and indexes, for all that was sent

    @property
    def ok(self) -> bool:
        return self.status in (200, 204)

    @property
    def refused(self) -> bool:
        """Certainly not done."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429

    @property
    def again(self) -> bool:
        """Whether a citizen's app would tap again: the answer was lost, or says to come back in seconds."""
        return self.status is None or (self.status in OVERLOADED and self.code in ("", "TIKA0007"))


@dataclass(eq=False)
class Queued:
    """A message of the queue or a record of the stream, and how often it was received."""

    body: Any
    sent_at: datetime
    receives: int = 0
    received_at: datetime | None = None


@dataclass(frozen=True)
class Written:
    """An item that a request names, as it was before or after; `item` None where there is none."""

    table: str
    key: Item
    item: Item | None


@dataclass
class State:
    """Everything of the world that moves, besides the tables. Plain values, so that it can be saved."""

    now: datetime = NOON
    citizens: list[Citizen] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    ledger: list[Told] = field(default_factory=list)
    ticks: int = 0
    queue: list[Queued] = field(default_factory=list)
    done: list[Queued] = field(default_factory=list)  # messages that the queue needed to bring no more
    dead_letters: list[Queued] = field(default_factory=list)
    stream: list[Queued] = field(default_factory=list)  # keys of the seats that changed, in order
    dead_records: list[Queued] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)  # (mobile, text), as they were sent
    said: list[str] = field(default_factory=list)  # log lines and metrics
    secrets: dict[str, str] = field(default_factory=dict)  # what nobody may read, and what it is
    numbers: int = 0  # handed out
    memory: dict[str, Any] = field(default_factory=dict)  # of the invariants: what they saw at the last look
    compared: Counter[str] = field(default_factory=Counter)  # guesses by the code that they were compared with
    faults: int = 0  # injected


class World:
    def __init__(self, aws: SimpleNamespace, clock: Clock):
        self.aws, self.clock = aws, clock
        self.state = State()
        self.on_call: Callable[[Call, Callable[[], Any]], Any] | None = None
        self._lock = threading.RLock()
        self._running = threading.local()
        self.random = random.Random()
        self.seed(0)

    # --- the world itself ---

    def seed(self, seed: Any) -> None:
        """Everything random from now on: ids, codes, which seat is tried first, how long somebody waits."""
        self.random.seed(repr(seed))
        random.seed(repr(seed))

    def save(self) -> bytes:
        self.pull()
        self.state.now = self.clock.now
        tables = {name: table.items for name, table in _backend("dynamodb").tables.items()}
        return pickle.dumps((self.state, tables))

    def restore(self, saved: bytes) -> None:
        """As it was when saved, in a container that has just read the secrets and the policy, and nothing else."""
        self.state, tables = pickle.loads(saved)
        for name, items in tables.items():
            _backend("dynamodb").tables[name].items = items
        _backend("sqs").queues["otp"]._messages.clear()
        _backend("sns").sms_messages.clear()
        self.clock.now = self.state.now
        self.on_call = None
        self._running.stack = []
        metrics.clear_metrics()
        for kept in (sessions._kept, search._near, seats._left):
            kept.clear()
        keys.pepper()
        policy.current()
        tokens._keys()
        policy._read_at = tokens._read_at = time.monotonic()

    def rows(self, table: str) -> list[Item]:
        """The items of a table in plain values, without asking AWS: no request is counted and none can fail."""
        found = []
        for item in _backend("dynamodb").tables[table].items.values():
            for row in item.values() if table != "otp" else [item]:
                found.append({name: _plain(value) for name, value in row.attrs.items()})
        return found

    # --- people and sessions ---

    def citizen(self, people: int = 1, birth_year: int = 1990) -> Citizen:
        """Somebody with a mobile number, signed in, and so many people registered under it."""
        mobile = f"98{self._number():08d}"
        citizen = Citizen(Caller(keys.keyed_hash("mobile", mobile), mobile))
        self.state.citizens.append(citizen)
        self.state.secrets[mobile] = "mobile"
        for _ in range(people):
            assert self.register(citizen, birth_year=birth_year).ok
        return citizen

    def newcomer(self, birth_year: int = 1990) -> dict[str, Any]:
        """The fields of somebody new to register."""
        number = self._number()
        name = "Zebunnisa " + "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}").capitalize()
        passport = f"Z{5_000_000 + number}"
        self.state.secrets |= {name: "name", passport: "photo id"}
        return {"name": name, "birth_year": str(birth_year), "photo_id_type": 8, "photo_id_number": passport}

    def session(self, seats: int = 2, *, slots: tuple[str, ...] = (MORNING,), **changes: Any) -> str:
        """Publish a session for tomorrow, with so many seats of each dose in each slot; its id."""
        fields = {
            "session_id": self._uuid(),
            "date": f"{self.clock.now.astimezone(IST) + timedelta(days=1):%d-%m-%Y}",
            "slots": [{"slot": slot, "dose1": seats, "dose2": seats} for slot in slots],
            **changes,
        }
        assert self.publish(fields).ok
        return fields["session_id"]

    def _number(self) -> int:
        self.state.numbers += 1
        return self.state.numbers

    def _uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self._number():012d}"

    # --- what people and ops do ---

    def hold(self, who: Citizen, session: str, slot: str = MORNING, people: list[str] | None = None) -> Told:
        return self.book("hold", who, session, slot, people)

    def schedule(self, who: Citizen, session: str, slot: str = MORNING, people: list[str] | None = None) -> Told:
        return self.book("schedule", who, session, slot, people)

    def book(self, how: str, who: Citizen, session: str, slot: str, people: list[str] | None) -> Told:
        body = {"dose": 1, "session_id": session, "slot": slot, "beneficiaries": list(people or who.people)}
        return self.api("book_slot", how, who, body=body)

    def confirm(self, who: Citizen, appointment_id: str) -> Told:
        return self.api("confirm_slot", "confirm", who, body={"appointment_id": appointment_id})

    def cancel(self, who: Citizen, appointment_id: str, people: list[str] | None = None) -> Told:
        body: dict[str, Any] = {"appointment_id": appointment_id}
        if people is not None:
            body["beneficiariesToCancel"] = people
        return self.api("cancel_slot", "cancel_all", who, body=body)

    def reschedule(self, who: Citizen, appointment_id: str, session: str, slot: str = MORNING) -> Told:
        body = {"appointment_id": appointment_id, "session_id": session, "slot": slot}
        return self.api("reschedule_slot", "reschedule", who, body=body)

    def register(self, who: Citizen, **fields: Any) -> Told:
        """Somebody new unless `fields` say who; they join `who.people` when the answer says so."""
        fields = fields if "name" in fields else self.newcomer(**fields)
        return self.api("register", "new", who, body=fields)

    def delete(self, who: Citizen, reference_id: str) -> Told:
        return self.api("delete_beneficiary", "delete", who, body={"beneficiary_reference_id": reference_id})

    def page(self, who: Citizen) -> Told:
        return self.api("list_beneficiaries", "list", who)

    def request_otp(self, mobile: str) -> Told:
        return self.api("request_otp", "public", body={"mobile": mobile})

    def verify_otp(self, txn_id: str, code: str) -> Told:
        return self.api("verify_otp", "public", body={"txnId": txn_id, "otp": digest(code)})

    def publish(self, fields: dict[str, Any]) -> Told:
        return self.api("publish_session", "publish", body=fields)

    def change(self, session: str, seats: int, slot: str = MORNING) -> Told:
        """Bring a slot to so many places of each dose."""
        body = {"slots": [{"slot": slot, "dose1": seats, "dose2": seats}]}
        return self.api("publish_session", "change", path={"session_id": session}, body=body)

    def withdraw(self, session: str) -> Told:
        return self.api("publish_session", "withdraw", path={"session_id": session})

    def api(
        self,
        operation: str,
        event: str,
        who: Citizen | None = None,
        *,
        cold: bool = False,
        token: str | None = None,
        **parts: Any,
    ) -> Told:
        """An event of events/ through its function, as API Gateway sends it; `parts` as in conftest.call_handler.

        `cold`: in a container that has read nothing yet. `token`: another than a fresh one.
        """
        if who:
            token = token or who.token
            self.state.secrets[token] = "token"
        if cold:
            new_container()
        sent = {**(parts.get("body") or {}), **(parts.get("query") or {}), **(parts.get("path") or {})}
        told = self._invoke(
            operation, event, who, sent, lambda: call_handler(operation, event, token=token, **parts), self._answered
        )
        self._take_notice(told)
        return told

    def _answered(self, told: Told, answer: Answer) -> None:
        told.status, told.json, told.code = answer.status, answer.json, answer.code
        told.retry_after = int(answer.headers["Retry-After"]) if "Retry-After" in answer.headers else None
        told.text = answer.text or hashlib.sha256(answer.binary).hexdigest()

    def _take_notice(self, told: Told) -> None:
        """What the people involved know from an answer."""
        if not told.ok:
            return
        if told.operation == "register":
            citizen = next(each for each in self.state.citizens if each.account == told.account)
            if told.json["beneficiary_reference_id"] not in citizen.people:
                citizen.people.append(told.json["beneficiary_reference_id"])
        if told.operation == "verify_otp":
            self.state.secrets[told.json["token"]] = "token"
        if told.event == "publish" and told.json["session_id"] not in self.state.sessions:
            self.state.sessions.append(told.json["session_id"])

    # --- what the machinery does ---

    def sweep(self, *, twice: bool = False) -> Told:
        """The schedule fires."""
        event = _sample("release_stale", "schedule")
        for _ in range(1 + twice):
            told = self.handle("release_stale", "schedule", event)
        return told

    def pull(self) -> list[Queued]:
        """Every message that waits, as the queue has it."""
        waiting = _backend("sqs").queues["otp"]._messages
        while waiting:
            self.state.queue.append(Queued(waiting.pop(0).body, self.clock.now))
        return self.state.queue

    def deliver(self, *, twice: bool = False) -> Told | None:
        """The queue brings what waits, once. What fails waits again, and after RECEIVES is a dead letter."""
        batch = self.pull()[:10]
        if not batch:
            return None
        for message in batch:
            message.receives += 1
            message.received_at = self.clock.now
        event = self.queue_event(batch)
        for _ in range(1 + twice):
            told = self.handle("send_otp", "code", event)
        failed = {each["itemIdentifier"] for each in (told.json or {}).get("batchItemFailures", [])}
        for number, message in enumerate(batch):
            if message not in self.state.queue:
                continue  # another copy of the function has done with it meanwhile
            if told.ended is not None and not told.error and str(number) not in failed:
                self.state.queue.remove(message)
                self.state.done.append(message)
            elif message.receives >= RECEIVES:
                self.state.queue.remove(message)
                self.state.dead_letters.append(message)
        return told

    def queue_event(self, batch: list[Queued]) -> dict[str, Any]:
        event = _sample("send_otp", "code")
        [sample] = event["Records"]
        event["Records"] = [
            sample
            | {
                "messageId": str(number),
                "body": message.body,
                "attributes": sample["attributes"]
                | {
                    "ApproximateReceiveCount": str(message.receives),
                    "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
                },
            }
            for number, message in enumerate(batch)
        ]
        return event

    def count(self, *, twice: bool = False) -> Told | None:
        """The stream brings what changed, once. What fails is brought again, and after RECEIVES + 1 is given up."""
        batch = list(self.state.stream)
        if not batch:
            return None
        event = self.stream_event(batch)
        for _ in range(1 + twice):
            told = self.handle("count_seats", "seats_moved", event)
        failed = [int(each["itemIdentifier"]) for each in (told.json or {}).get("batchItemFailures", [])]
        well = told.ended is not None and not told.error
        first = min(failed, default=len(batch)) if well else 0  # the stream goes on from the first that failed
        self.state.stream = [record for record in self.state.stream if record not in batch[:first]]
        for record in batch[first:]:
            record.receives += 1
            if record.receives > RECEIVES and record in self.state.stream:
                self.state.stream.remove(record)
                self.state.dead_records.append(record)
        return told

    def stream_event(self, batch: list[Queued]) -> dict[str, Any]:
        event = _sample("count_seats", "seats_moved")
        sample = event["Records"][0]
        event["Records"] = [
            sample
            | {
                "dynamodb": sample["dynamodb"]
                | {
                    "Keys": record.body,
                    "SequenceNumber": str(number),
                    "ApproximateCreationDateTime": record.sent_at.timestamp(),
                }
            }
            for number, record in enumerate(batch)
        ]
        return event

    def drain(self) -> None:
        """The queue and the stream bring everything, again and again until it is done or given up."""
        self.drain_queue()
        for _ in range(3 * RECEIVES):
            if self.count() is None:
                break

    def drain_queue(self) -> None:
        for _ in range(3 * RECEIVES):
            if self.deliver() is None:
                break
            if self.state.queue:
                self.clock.now += REDELIVERED_AFTER

    def handle(self, operation: str, name: str, event: dict[str, Any]) -> Told:
        """`event` through a function that is not called by HTTP; `name` is that of its sample."""
        context = SimpleNamespace(
            function_name=operation,
            memory_limit_in_mb=1024,
            invoked_function_arn=f"arn:aws:lambda:ap-south-1:123456789012:function:{operation}",
            aws_request_id="00000000-0000-4000-8000-000000000000",
            get_remaining_time_in_millis=lambda: 1000 * timeout_s(operation),
        )
        handler = load(operation).lambda_handler
        return self._invoke(operation, name, None, {}, lambda: handler(event, context), self._returned)

    def _returned(self, told: Told, value: Any) -> None:
        told.status, told.json = 200, value

    def _invoke[R](
        self,
        operation: str,
        event: str,
        who: Citizen | None,
        sent: dict[str, Any],
        run: Callable[[], R],
        answered: Callable[[Told, R], None],
    ) -> Told:
        told = Told(operation, event, who.account if who else "", sent, self._tick(), self.clock.now)
        self.state.ledger.append(told)
        stack = self._stack()
        stack.append(told)
        try:
            answered(told, run())
        except Gone:
            told.died = True
            metrics.clear_metrics()
            new_container()
            return told
        except Exception as error:  # what a trigger sees of it: a failed invocation
            told.error = type(error).__name__
            told.text = str(error)
        finally:
            stack.pop()
            self._collect()
        told.ended = self._tick()
        return told

    def _tick(self) -> int:
        self.state.ticks += 1
        return self.state.ticks

    def _stack(self) -> list[Told]:
        """The invocations that this thread is in the middle of, the innermost last."""
        if not hasattr(self._running, "stack"):
            self._running.stack = []
        return self._running.stack

    @property
    def running(self) -> Told | None:
        stack = self._stack()
        return stack[-1] if stack else None

    def _collect(self) -> None:
        sent = _backend("sns").sms_messages
        while sent:
            _, (number, text) = sent.popitem(last=False)
            self.state.texts.append((number.removeprefix("+91"), text))
        _backend("sns").sms_message_objects.clear()

    # --- the wire ---

    def request(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if told := self.running:
            told.requests[operation] += 1
        return UNLOCKED(client, operation, parameters)

    def wire(self, stubber: BotocoreStubber, event_name: str, request: Any, **kwargs: Any) -> Any:
        told = self.running
        if told is None:  # the test itself
            with self._lock:
                return APPLY(stubber, event_name, request, **kwargs)
        _, service, operation = event_name.split(".")
        call = Call(service, operation, _parameters(request.body))

        def apply() -> Any:
            with self._lock:
                before = self._written(call)
                response = APPLY(stubber, event_name, request, **kwargs)
                after = self._written(call)
            told.write_units += _units(call, before, after)
            for was, now in zip(before, after, strict=True):
                if was != now and was.key.get("sk", {"S": ""})["S"].startswith(Seat.PREFIX):
                    self.state.stream.append(Queued(was.key, self.clock.now))
            return response

        told.calls.append(call)
        try:
            self._check_time(told)
            response = self.on_call(call, apply) if self.on_call else apply()
            self._check_time(told)
        except Exception as error:
            call.answered = type(error).__name__
            raise
        if response.status_code >= 400:
            call.answered = str(response.status_code)
        return response

    def sleep(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)
        if told := self.running:
            self._check_time(told)

    def _check_time(self, told: Told) -> None:
        """Lambda ends a function that has run out of its time, whatever it is doing."""
        if self.clock.now - told.at > timedelta(seconds=timeout_s(told.operation)):
            raise Gone

    def _written(self, call: Call) -> list[Written]:
        """The items that a write names, as they are."""
        if call.service != "dynamodb":
            return []
        tables = _backend("dynamodb").tables
        found = []
        for table, key in meter.written(call.operation, call.parameters):
            hashed = tables[table].items.get(DynamoType(key["pk"]), {})
            item = hashed.get(DynamoType(key["sk"])) if "sk" in key else hashed or None
            found.append(Written(table, key, item and item.to_json()["Attributes"]))
        return found


def _units(call: Call, before: list[Written], after: list[Written]) -> int:
    """Write units that DynamoDB charges, of tables and indexes; a refused write is charged like one that is not."""
    factor = 2 if call.operation.startswith("Transact") else 1
    units = 0
    for was, now in zip(before, after, strict=True):
        units += factor * max(1, ceil(max(meter.size(was.item), meter.size(now.item)) / 1024))
        units += meter.index_writes(was.table, was.item, now.item)
    return units


@cache
def timeout_s(operation: str) -> int:
    """Of a function, from template.yaml."""
    for resource in template()["Resources"].values():
        if resource.get("Properties", {}).get("CodeUri") == f"functions/{operation}/":
            return resource["Properties"].get("Timeout", template()["Globals"]["Function"]["Timeout"])
    raise KeyError(operation)


def digest(code: str) -> str:
    """What a client sends of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def code_in(text: str) -> str:
    """The code in a text message."""
    found = re.search(r"is ([0-9]{6})\.", text)
    assert found
    return found[1]


def _backend(service: str) -> Any:
    return get_backend(service)[DEFAULT_ACCOUNT_ID]["ap-south-1"]


def _sample(operation: str, event: str) -> dict[str, Any]:
    return json.loads((ROOT / "events" / operation / f"{event}.json").read_text())


def _parameters(body: Any) -> dict[str, Any]:
    text = body.decode() if isinstance(body, bytes) else str(body or "")
    return json.loads(text) if text.startswith("{") else {"body": text}


def _plain(value: Any) -> Any:
    kind, held = value.type, value.value  # moto's DynamoType
    if kind == "N":
        return float(held) if "." in held else int(held)
    if kind == "L":
        return [_plain(each) for each in held]
    return None if kind == "NULL" else held


def _at_once(_: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Do what a pool is given when it is given it: one order, and a killed process is killed in all of its threads."""
    future: Future[Any] = Future()
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:
        future.set_exception(error)
    return future


class _Lines(io.StringIO):
    """Keeps what is written as lines of the state's, whichever state that is."""

    def __init__(self, world: World):
        super().__init__()
        self._world = world

    def write(self, text: str) -> int:
        if text.strip():
            self._world.state.said.append(text)
        return len(text)


@contextlib.contextmanager
def new_world(aws: SimpleNamespace, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(aws, clock)

    def compare(first: Any, second: Any) -> bool:
        world.state.compared[first] += 1
        world.state.memory.setdefault("compared early", [])
        tries = [row["attempts"] for row in world.rows("otp") if row.get("code_hash") == first]
        if not tries or tries[0] < world.state.compared[first]:
            world.state.memory["compared early"].append(first)
        return first == second

    def text(code: str, *args: Any) -> str:
        world.state.secrets |= {code: "code", digest(code): "digest"}
        return otp_text(code, *args)

    def monotonic() -> float:
        in_an_event_loop = asyncio._get_running_loop()  # the local edge, in its thread, would never wake up again
        return true_monotonic() if in_an_event_loop else 10**6 + (clock.now - NOON).total_seconds()

    otp_text, true_monotonic = messages.otp_text, time.monotonic
    monkeypatch.setattr(
        BotocoreStubber, "__call__", lambda stubber, *args, **named: world.wire(stubber, *args, **named)
    )
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *args: world.request(*args))
    monkeypatch.setattr(time, "sleep", world.sleep)
    monkeypatch.setattr(time, "monotonic", monotonic)
    monkeypatch.setattr(os, "urandom", world.random.randbytes)
    monkeypatch.setattr(random, "_urandom", world.random.randbytes)
    monkeypatch.setattr(otp, "hmac", SimpleNamespace(compare_digest=compare))
    monkeypatch.setattr(messages, "otp_text", text)
    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", _at_once)
    monkeypatch.setattr(cloudwatch, "print", lambda line: world.state.said.append(line), raising=False)
    for module in (slots, seats, load("release_stale")):
        monkeypatch.setattr(module, "LAPSING_SHARDS", SHARDS)
    spies.listen(monkeypatch, _Lines(world))
    metrics.clear_metrics()
    new_container()
    yield world
    new_container()

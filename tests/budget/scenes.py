"""A request of each operation with what it needs to find in the tables: what the budget counts and the bench times."""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import MORNING, NOONTIME, ROOT, Citizen, Clock, Context, a_publication, call_handler, event_of, load
from tika import keys, policy
from tika.sessions import sessions
from tika.signin import tokens
from tika.tables.slots import SessionRow
from tika.texts import envelope, messages

type Event = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A request that is ready to be made, once."""

    operation: str
    event: Event

    def make(self) -> Any:
        """Raises AssertionError where it is not answered well."""
        answer = load(self.operation).lambda_handler(self.event, Context())
        assert answer.get("statusCode", 200) in (200, 204, 409), answer
        assert not answer.get("batchItemFailures"), answer
        return answer


@dataclass
class Stage:
    """What scenes are set on: the fixtures of tests/conftest.py by their names, and two sessions."""

    aws: SimpleNamespace
    at: Clock
    a_citizen: Callable[..., Citizen]
    a_session: Callable[..., str]

    @cached_property
    def session(self) -> str:
        """With places to spare."""
        return self.a_session(seats=500)

    @cached_property
    def full(self) -> str:
        session = self.a_session(seats=1)
        self.held(self.a_citizen(), session)
        return session

    def warm(self) -> None:
        """Have the container read what it reads once in minutes, and the sessions that everybody asks for."""
        keys.pepper(), tokens._keys(), policy.current(), messages.expected_wait_s(now=self.at.now)
        for session in (self.session, self.full):
            sessions.load(session, now=self.at.now)

    def order(self, session: str, *people: str) -> dict[str, Any]:
        return {"dose": 1, "session_id": session, "slot": MORNING, "beneficiaries": people}

    def held(self, citizen: Citizen, session: str) -> str:
        """The appointment of a hold for all people of `citizen`."""
        body = self.order(session, *citizen.people)
        return call_handler("book_slot", "hold", body=body, token=citizen.token).json["appointment_id"]

    def booked(self, citizen: Citizen, session: str) -> str:
        appointment = self.held(citizen, session)
        call_handler("confirm_slot", "confirm", body={"appointment_id": appointment}, token=citizen.token)
        return appointment


@pytest.fixture
def stage(aws: SimpleNamespace, at: Clock, a_citizen: Callable[..., Citizen], a_session: Callable[..., str]) -> Stage:
    return Stage(aws, at, a_citizen, a_session)


_mobiles = iter(range(9_876_500_000, 9_876_599_999))


def request_otp(stage: Stage) -> Request:
    return Request("request_otp", event_of("request_otp", "public", body={"mobile": str(next(_mobiles))}))


def verify_otp(stage: Stage) -> Request:
    txn_id = call_handler("request_otp", "public", body={"mobile": str(next(_mobiles))}).json["txnId"]
    queued = stage.aws.client("sqs").receive_message(QueueUrl=stage.aws.queue, MaxNumberOfMessages=10)["Messages"]
    [told] = [body for message in queued if (body := json.loads(message["Body"])).get("txn_id") == txn_id]
    code = re.search("is ([0-9]{6})", envelope.unseal(told["sealed"])["text"])[1]
    body = {"txnId": txn_id, "otp": hashlib.sha256(code.encode()).hexdigest()}
    return Request("verify_otp", event_of("verify_otp", "public", body=body))


def register(stage: Stage) -> Request:
    body = {"photo_id_type": 6, "photo_id_number": f"ZZZPZ{1000 + next(_mobiles) % 9000}Z"}
    return Request("register", event_of("register", "new", body=body, token=stage.a_citizen(people=0).token))


def list_beneficiaries(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    stage.held(citizen, stage.session)
    return Request("list_beneficiaries", event_of("list_beneficiaries", "list", token=citizen.token))


def update_beneficiary(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    body = {"beneficiary_reference_id": citizen.people[0], "photo_id_number": f"M{next(_mobiles) % 10**7:07d}"}
    return Request("update_beneficiary", event_of("update_beneficiary", "update", body=body, token=citizen.token))


def delete_beneficiary(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    body = {"beneficiary_reference_id": citizen.people[0]}
    return Request("delete_beneficiary", event_of("delete_beneficiary", "delete", body=body, token=citizen.token))


def list_places(stage: Stage) -> Request:
    return Request("list_places", event_of("list_places", "districts"))


def status(stage: Stage) -> Request:
    return Request("status", event_of("status", "status"))


def find_sessions(stage: Stage) -> Request:
    """A PIN code's week: five centres with ten sessions."""
    pincode = next(_mobiles) % 800_000 + 100_000
    for center in range(5):
        for day in (1, 2):
            stage.a_session(days=day, center_id=100 + center, pincode=pincode)
    event = event_of("find_sessions", "calendar_by_pin_public", query={"pincode": str(pincode)})
    return Request("find_sessions", event)


def big_district(stage: Stage) -> Request:
    """A district's week of 1,001 sessions: 143 centres, each open every day."""
    with SessionRow.batch_write() as batch:
        for center in range(1, 144):
            for day in range(1, 8):
                changes = {
                    "session_id": f"00000000-0000-4000-8000-{center:06d}{day:06d}",  # setting the scene again adds none
                    "center_id": center,
                    "name": f"Urban Primary Health Centre {center}",
                    "district_id": 363,
                }
                batch.save(sessions._row(a_publication(stage.at, 50, days=day, **changes), now=stage.at.now))
    event = event_of("find_sessions", "calendar_by_district_public", query={"district_id": "363"})
    return Request("find_sessions", event)


def hold(stage: Stage) -> Request:
    return _book("hold", stage, stage.session)


def schedule(stage: Stage) -> Request:
    return _book("schedule", stage, stage.session)


def refused(stage: Stage) -> Request:
    """In a slot that this container found full a moment ago."""
    assert _book("hold", stage, stage.full).make()["statusCode"] == 409
    return _book("hold", stage, stage.full)


def _book(case: str, stage: Stage, session: str) -> Request:
    citizen = stage.a_citizen()
    body = stage.order(session, *citizen.people)
    return Request("book_slot", event_of("book_slot", case, body=body, token=citizen.token))


def confirm(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    body = {"appointment_id": stage.held(citizen, stage.session)}
    return Request("confirm_slot", event_of("confirm_slot", "confirm", body=body, token=citizen.token))


def cancel(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    body = {"appointment_id": stage.booked(citizen, stage.session)}
    return Request("cancel_slot", event_of("cancel_slot", "cancel_all", body=body, token=citizen.token))


def reschedule(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    appointment = stage.booked(citizen, stage.session)
    body = {"appointment_id": appointment, "session_id": stage.session, "slot": NOONTIME}
    return Request("reschedule_slot", event_of("reschedule_slot", "reschedule", body=body, token=citizen.token))


def appointment_slip(stage: Stage) -> Request:
    citizen = stage.a_citizen()
    query = {"appointment_id": stage.booked(citizen, stage.session)}
    return Request("appointment_slip", event_of("appointment_slip", "download", query=query, token=citizen.token))


def publish(stage: Stage) -> Request:
    return Request("publish_session", event_of("publish_session", "publish", body={"session_id": str(uuid.uuid4())}))


def send_otp(stage: Stage) -> Request:
    sealed = envelope.seal({"mobile": str(next(_mobiles)), "text": "Your OTP to register/access CoWIN is 459831."})
    expires_at = int(stage.at.now.timestamp()) + 180
    body = {"kind": "otp", "txn_id": str(uuid.uuid4()), "expires_at": expires_at, "sealed": sealed}
    event = _event("send_otp/code")
    event["Records"][0]["body"] = json.dumps(body)
    return Request("send_otp", event)


def count_seats(stage: Stage) -> Request:
    """A session of which 20 seats are held."""
    session = stage.a_session(seats=100)
    for _ in range(5):
        stage.held(stage.a_citizen(people=4), session)
    event = _event("count_seats/seats_moved")
    for record in event["Records"]:
        record["dynamodb"]["Keys"]["pk"]["S"] = SessionRow.key(session)
    return Request("count_seats", event)


def release_stale(stage: Stage) -> Request:
    """40 holds that have lapsed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("random.randrange", lambda *_: 3)  # one shard of the index
        for _ in range(10):
            stage.held(stage.a_citizen(people=4), stage.session)
    stage.at.advance(minutes=6)
    return Request("release_stale", {})


def _event(name: str) -> Event:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


SCENES: dict[str, Callable[[Stage], Request]] = {
    "status": status,
    "list_places": list_places,
    "find_sessions, ten sessions": find_sessions,
    "find_sessions, a big district": big_district,
    "request_otp": request_otp,
    "verify_otp, right first time": verify_otp,
    "register": register,
    "list_beneficiaries": list_beneficiaries,
    "hold, one person": hold,
    "hold refused, warm": refused,
    "schedule, one person": schedule,
    "confirm, one person": confirm,
    "reschedule, one person": reschedule,
    "cancel, one person": cancel,
    "appointment_slip": appointment_slip,
    "update_beneficiary": update_beneficiary,
    "delete_beneficiary": delete_beneficiary,
    "publish_session": publish,
    "send_otp": send_otp,
    "count_seats, 20 seats taken": count_seats,
    "release_stale, 40 holds": release_stale,
}

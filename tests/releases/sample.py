"""What a release leaves in a stage, as its functions write it: rows of every kind, tokens, queue messages, the policy.

`python -m tests.releases.sample` writes the samples of this release beside this file, one file a release; what it wrote
is never changed afterwards, as the stages of that release are not either.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import MORNING, NOONTIME, ROOT, Clock, Context, call_handler, load
from tests.spies import queued
from tika.aws import CONNECTION
from tika.eligibility import IST
from tika.texts import envelope

FOLDER = Path(__file__).parent
OUT = "TIKA_SAMPLE_OUT"  # a file to write to
TABLES = ("otp", "citizens", "slots")
SECRETS = {"PEPPER_SECRET": "pepper of the tests", "TOKEN_KEY_SECRET": "k" * 64}

type Json = dict[str, Any]


def release() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def act(aws: SimpleNamespace, at: Clock) -> Json:
    """A day of a small stage, and all that is in it at the end of that day."""
    stage = _Stage(aws, at)
    open_, full, gone = (stage.publish(number) for number in (1, 2, 3))

    family = stage.sign_in("9876500001")
    people = [stage.register(family, name=name, photo_id_number=f"ABCPD000{n}F") for n, name in enumerate(_NAMES, 1)]
    booked = stage.book("schedule", family, open_, people)

    parked = stage.somebody("9876500002", "ABCPD0010F")  # several holds that lapse, and were swept
    stage.book("hold", parked, full)
    at.advance(seconds=400)
    stage.sweep()

    cancelled = stage.somebody("9876500003", "ABCPD0011F")
    stage.post("cancel_slot", "cancel_all", cancelled, appointment_id=stage.book("schedule", cancelled, full))

    forgotten = stage.somebody("9876500004", "ABCPD0012F")
    deleted = forgotten["people"].pop()
    stage.post("delete_beneficiary", "delete", forgotten, beneficiary_reference_id=deleted)

    stage.change(full, dose1=3)
    stage.withdraw(gone)

    stale = stage.somebody("9876500005", "ABCPD0013F")  # a hold that lapsed, and nobody swept it
    stage.book("hold", stale, full)
    at.advance(seconds=400)
    held = stage.somebody("9876500006", "ABCPD0014F")
    hold = stage.book("hold", held, open_, slot=NOONTIME)
    stage.count(open_, full)

    told = stage.somebody("9876500007", "ABCPD0015F")  # the text of this booking still waits in the queue
    stage.book("schedule", told, open_, slot=NOONTIME)
    asked = stage.ask("9876500008")  # likewise that of a code, at which one wrong guess was made
    stage.post("verify_otp", "public", None, txnId=asked["txn_id"], otp="0" * 64, expected=400)
    waiting = queued(aws)

    return {
        "release": release(),
        "commit": subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip(),
        "at": at.now.isoformat(),
        "secrets": SECRETS,
        "policy": aws.client("ssm").get_parameter(Name=os.environ["POLICY_PARAMETER"])["Parameter"]["Value"],
        "tables": {name: _items(name) for name in TABLES},
        "queue": waiting,
        "citizens": {
            "family": family | {"appointment_id": booked, "names": list(_NAMES)},
            "held": held | {"appointment_id": hold},
            "parked": parked,
            "cancelled": cancelled,
            "stale": stale,
            "told": told,
            "forgotten": forgotten | {"deleted": deleted},
            "asked": asked,
        },
        "sessions": {"open": open_, "full": full, "gone": gone},
    }


_NAMES = ("অনিতা দেবী", "Ravi O'Brien-Rao")


class _Stage:
    def __init__(self, aws: SimpleNamespace, at: Clock):
        self.aws, self.at = aws, at

    def post(self, operation: str, case: str, citizen: Json | None, expected: int = 200, **body: Any) -> Any:
        answer = call_handler(operation, case, body=body, token=citizen and citizen["token"])
        assert answer.status in (expected, 204), (operation, answer)
        return answer.json

    def ask(self, mobile: str) -> Json:
        txn_id = self.post("request_otp", "public", None, mobile=mobile)["txnId"]
        waiting = queued(self.aws)
        for message in waiting:
            self.aws.client("sqs").send_message(QueueUrl=self.aws.queue, MessageBody=json.dumps(message))
        [sealed] = [message["sealed"] for message in waiting if message.get("txn_id") == txn_id]
        code = re.search(r"\b[0-9]{6}\b", envelope.unseal(sealed)["text"])
        assert code
        return {"mobile": mobile, "txn_id": txn_id, "digest": hashlib.sha256(code[0].encode()).hexdigest()}

    def sign_in(self, mobile: str) -> Json:
        asked = self.ask(mobile)
        self.deliver(queued(self.aws))  # a code's, and the texts of bookings made before
        token = self.post("verify_otp", "public", None, txnId=asked["txn_id"], otp=asked["digest"])["token"]
        return {"mobile": mobile, "token": token, "people": []}

    def register(self, citizen: Json, **person: Any) -> str:
        reference_id = self.post("register", "new", citizen, **person)["beneficiary_reference_id"]
        citizen["people"].append(reference_id)
        return reference_id

    def somebody(self, mobile: str, photo_id: str) -> Json:
        citizen = self.sign_in(mobile)
        self.register(citizen, gender_id=..., photo_id_number=photo_id)
        return citizen

    def publish(self, number: int) -> str:
        tomorrow = f"{self.at.now.astimezone(IST) + timedelta(days=1):%d-%m-%Y}"
        session_id = f"6f2b8a1e-3c54-4d0a-9a7e-00000000000{number}"
        told = {"bn": {"name": "সরকারি হাসপাতাল", "address": ""}} if number == 1 else {}
        slots = [{"slot": label, "dose1": 5, "dose2": 2} for label in (MORNING, NOONTIME)]
        self.post(
            "publish_session", "publish", None, session_id=session_id, date=tomorrow, slots=slots, translations=told
        )
        return session_id

    def change(self, session_id: str, *, dose1: int) -> None:
        body = {"slots": [{"slot": MORNING, "dose1": dose1, "dose2": 2}]}
        assert call_handler("publish_session", "change", path={"session_id": session_id}, body=body).status == 200

    def withdraw(self, session_id: str) -> None:
        assert call_handler("publish_session", "withdraw", path={"session_id": session_id}).status == 204

    def book(self, case: str, citizen: Json, session_id: str, people: Any = None, slot: str = MORNING) -> str:
        order = {"session_id": session_id, "slot": slot, "dose": 1, "beneficiaries": people or citizen["people"]}
        answer = self.post("book_slot", case, citizen, **order)
        return answer.get("appointment_id") or answer["appointment_confirmation_no"]

    def sweep(self) -> None:
        event = json.loads((ROOT / "events/release_stale/schedule.json").read_text())
        load("release_stale").lambda_handler(event, Context())

    def count(self, *session_ids: str) -> None:
        event = json.loads((ROOT / "events/count_seats/seats_moved.json").read_text())
        for record, session_id in zip(event["Records"], session_ids, strict=True):
            record["dynamodb"]["Keys"]["pk"]["S"] = f"SESSION#{session_id}"
            record["dynamodb"]["ApproximateCreationDateTime"] = self.at.now.timestamp() - 2
        assert load("count_seats").lambda_handler(event, Context()) == {"batchItemFailures": []}

    def deliver(self, messages: list[Json]) -> None:
        event = json.loads((ROOT / "events/send_otp/code.json").read_text())
        record = event["Records"][0]
        event["Records"] = [
            record | {"messageId": f"message {number}", "body": json.dumps(message)}
            for number, message in enumerate(messages)
        ]
        assert load("send_otp").lambda_handler(event, Context()) == {"batchItemFailures": []}


def _items(table: str) -> list[Json]:
    found = CONNECTION.client.scan(TableName=table, ConsistentRead=True)
    assert "LastEvaluatedKey" not in found
    return sorted(found["Items"], key=lambda item: (item["pk"]["S"], item.get("sk", {}).get("S", "")))


def test_write(aws: SimpleNamespace, at: Clock) -> None:
    Path(os.environ[OUT]).write_text(json.dumps(act(aws, at), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    path = FOLDER / f"{release()}.json"
    if path.exists():
        sys.exit(f"{path.name} is there already: samples of a release do not change. A new release has a new version.")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::test_write"]
    subprocess.run(command, env=os.environ | {OUT: str(path)}, check=True)


if __name__ == "__main__":
    main()

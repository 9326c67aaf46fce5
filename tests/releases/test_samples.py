"""A stage is upgraded, never emptied: what each release left behind is read, and gone on with, by this one.

The same tests run the release before on the samples of this one (test_rollback.py), so they ask through the handlers
alone.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import MORNING, NOONTIME, ROOT, Context, call_handler, load, new_container
from tests.releases import sample
from tika.aws import CONNECTION

# Of all releases, or of the one that is named, a file.
SAMPLES = [Path(os.environ["TIKA_SAMPLE"])] if "TIKA_SAMPLE" in os.environ else sorted(sample.FOLDER.glob("*.json"))


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def stage(request: pytest.FixtureRequest, aws: SimpleNamespace, at: Any) -> SimpleNamespace:
    """A stage as a release left it: `citizens`, `sessions`, `queue`; `post(operation, case, citizen, **body)`."""
    left = json.loads(request.param.read_text(encoding="utf-8"))
    at.now = datetime.fromisoformat(left["at"])
    for name, value in left["secrets"].items():
        aws.client("secretsmanager").put_secret_value(SecretId=os.environ[name], SecretString=value)
    name = os.environ["POLICY_PARAMETER"]
    aws.client("ssm").put_parameter(Name=name, Value=left["policy"], Type="String", Overwrite=True)
    for table, items in left["tables"].items():
        for item in items:
            CONNECTION.client.put_item(TableName=table, Item=item)
    new_container()

    def post(operation: str, case: str, who: str, **body: Any) -> Any:
        return call_handler(operation, case, body=body, token=left["citizens"][who].get("token"))

    return SimpleNamespace(**left, post=post)


def shown(stage: SimpleNamespace, who: str) -> list[dict[str, Any]]:
    token = stage.citizens[who]["token"]
    return call_handler("list_beneficiaries", "list", token=token).json["beneficiaries"]


def appointments(stage: SimpleNamespace, who: str) -> list[tuple[str, str, str]]:
    return [
        (one["status"], one["session_id"], one["slot"])
        for person in shown(stage, who)
        for one in person["appointments"]
    ]


def test_whoever_was_signed_in_stays_so_and_finds_everybody(stage):
    family = stage.citizens["family"]
    people = {person["beneficiary_reference_id"]: person for person in shown(stage, "family")}

    names = dict(zip(family["people"], family["names"], strict=True))
    assert {reference_id: person["name"] for reference_id, person in people.items()} == names
    assert {len(person["appointments"][0]["secret_code"]) for person in people.values()} == {4}
    assert appointments(stage, "family") == [("BOOKED", stage.sessions["open"], MORNING)] * 2


def test_a_hold_is_confirmed(stage):
    held = stage.citizens["held"]["appointment_id"]

    answers = [stage.post("confirm_slot", "confirm", "held", appointment_id=held) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert appointments(stage, "held") == [("BOOKED", stage.sessions["open"], NOONTIME)]


def test_a_booking_is_printed_moved_and_cancelled(stage):
    family, open_ = stage.citizens["family"], stage.sessions["open"]
    appointment_id = family["appointment_id"]
    slip = call_handler("appointment_slip", "download", query={"appointment_id": appointment_id}, token=family["token"])
    moved = stage.post(
        "reschedule_slot", "reschedule", "family", appointment_id=appointment_id, session_id=open_, slot=NOONTIME
    )
    there = appointments(stage, "family")
    given_back = stage.post("cancel_slot", "cancel_all", "family", appointment_id=appointment_id)

    assert (slip.status, slip.binary[:5]) == (200, b"%PDF-")
    assert (moved.status, there) == (204, [("BOOKED", open_, NOONTIME)] * 2)
    assert (given_back.status, appointments(stage, "family")) == (204, [])


@pytest.mark.parametrize("who", ["parked", "cancelled", "stale"])
def test_whose_place_lapsed_or_was_cancelled_may_book_again(stage, who):
    order = {"session_id": stage.sessions["open"], "slot": MORNING, "dose": 1}

    answer = stage.post("book_slot", "hold", who, beneficiaries=stage.citizens[who]["people"], **order)

    assert answer.status == 200
    assert appointments(stage, who) == [("HELD", stage.sessions["open"], MORNING)]


def test_somebody_who_registers_again_is_the_same_and_nobody_else_is(stage):
    person = {"gender_id": ..., "photo_id_number": "ABCPD0014F"}

    again = stage.post("register", "new", "held", **person)
    another = stage.post("register", "new", "told", **person)

    assert again.json == {"beneficiary_reference_id": stage.citizens["held"]["people"][0]}
    assert (another.status, another.code) == (400, "TIKA0004")


def test_who_was_deleted_stays_so_and_another_may_come(stage):
    deleted = stage.citizens["forgotten"]["deleted"]

    again = stage.post("delete_beneficiary", "delete", "forgotten", beneficiary_reference_id=deleted)
    newcomer = stage.post("register", "new", "forgotten", photo_id_number="ABCPD0012F")

    assert (again.status, newcomer.status) == (204, 200)
    assert newcomer.json["beneficiary_reference_id"] != deleted


def test_the_sweep_frees_what_lapsed(stage):
    event = json.loads((ROOT / "events/release_stale/schedule.json").read_text())

    assert load("release_stale").lambda_handler(event, Context())["released"] == 1


def free(stage: SimpleNamespace) -> dict[str, list[dict[str, Any]]]:
    """The places by session, as the sessions of the sample's district show them."""
    day = datetime.fromisoformat(stage.at).astimezone(sample.IST).date()
    tomorrow = f"{day.replace(day=day.day + 1):%d-%m-%Y}"
    found = call_handler("find_sessions", "find_by_district_public", query={"date": tomorrow}).json["sessions"]
    return {session["session_id"]: session["slot_capacity"] for session in found}


def _places(slot: str, dose1: int) -> dict[str, Any]:
    return {"slot": slot, "dose1": dose1, "dose2": 2}


def test_sessions_are_found_counted_changed_and_not_withdrawn_under_people(stage):
    open_, full, gone = (stage.sessions[name] for name in ("open", "full", "gone"))
    before = free(stage)
    more = {"slots": [{"slot": MORNING, "dose1": 4, "dose2": 2}]}
    raised = call_handler("publish_session", "change", path={"session_id": full}, body=more)
    taken = call_handler("publish_session", "withdraw", path={"session_id": open_})
    withdrawn = call_handler("publish_session", "withdraw", path={"session_id": gone})

    assert set(before) == {open_, full}
    # Counted before the hold that waits and the last booking.
    assert [(slot["slot"], slot["dose1"], slot["dose2"]) for slot in before[open_]] == [
        (MORNING, 3, 2),
        (NOONTIME, 4, 2),
    ]
    assert [(slot["slot"], slot["dose1"], slot["dose2"]) for slot in before[full]] == [
        (MORNING, 3, 2),
        (NOONTIME, 5, 2),
    ]
    assert (raised.status, raised.json["slots"][0]["dose1"]) == (200, 4)
    assert (taken.status, taken.code) == (409, "TIKA0014")
    assert withdrawn.status == 204


def test_a_code_that_was_sent_signs_in_once(stage):
    asked = stage.citizens["asked"]
    guess = {"txnId": asked["txn_id"], "otp": asked["digest"]}

    first, second = (call_handler("verify_otp", "mobile", body=guess) for _ in range(2))

    assert (first.status, first.json["isNewAccount"]) == (200, "Y")
    assert (second.status, second.code) == (400, "USRAUT0014")


def test_whoever_asked_for_a_code_waits_for_the_next(stage):
    answer = call_handler("request_otp", "public", body={"mobile": stage.citizens["asked"]["mobile"]})

    assert (answer.status, answer.text) == (400, "OTP Already Sent")


def test_texts_that_waited_in_the_queue_are_sent_once(stage, calls):
    event = json.loads((ROOT / "events/send_otp/code.json").read_text())
    record = event["Records"][0]
    event["Records"] = [
        record | {"messageId": f"message {number}", "body": json.dumps(message)}
        for number, message in enumerate(stage.queue * 2)
    ]

    answer = load("send_otp").lambda_handler(event, Context())

    texts = {call["PhoneNumber"]: call["Message"] for call in calls.of("Publish")}
    assert answer == {"batchItemFailures": []}
    assert len(calls.of("Publish")) == 2
    assert set(texts) == {f"+91{stage.citizens[who]['mobile']}" for who in ("told", "asked")}


def test_the_policy_is_read(stage):
    answer = call_handler("status", "status").json

    assert (answer["open"], answer["min_age"]) == (True, 18)
    assert {vaccine["vaccine"]: vaccine["fee_ceiling"] for vaccine in answer["vaccines"]}["COVISHIELD"] == 780

"""A cut while a crowd is booking: processes full of threads claim places of a slot that its centre makes smaller.

Run in processes of its own, as the tables' names and addresses are read when `tika` is imported. Every container of the
crowd goes on with the session as it was before the cut.
"""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import ROOT, System, environment
from tests.concurrency.crowd import POLICY, SLOT

PROCESSES = 4
SPREAD_S = 5.0  # the crowd comes within this time, and the cut early in it


@dataclass(frozen=True)
class Outcome:
    """`places`: what the centre was told it has after the cut; `booked`: seat rows booked when all was over."""

    places: int
    booked: int
    told: Counter[str]


def cut_while_booking(system: System, *, people: int, seats: int, to: int, design: str = "rows") -> Outcome:
    """`design` "number" is the twin that must lose: it counts what is booked and writes a smaller number of seats."""
    session_id = str(uuid.uuid4())
    names = {"OTP_TABLE": "Otp", "CITIZENS_TABLE": "Citizens", "SLOTS_TABLE": "Slots", "PEPPER_SECRET": "Pepper"}
    env = environment(system.port) | {name: system.resource(logical) for name, logical in names.items()}
    env |= {"POWERTOOLS_SERVICE_NAME": "cut", "POWERTOOLS_METRICS_NAMESPACE": "Tika"}
    start_at = time.time() + 10 + people / 25  # all are registered by then

    def start(role: str, number: int) -> subprocess.Popen[str]:
        arguments = [role, session_id, str(number), str(seats), str(start_at)]
        command = [sys.executable, "-m", "tests.concurrency.cut", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)

    workers = [start(design, to), *(start("book", people // PROCESSES) for _ in range(PROCESSES))]
    reports = []
    for worker in workers:
        out, _ = worker.communicate(timeout=180)
        assert worker.returncode == 0
        reports.append(json.loads(out.splitlines()[-1]))
    rows = system.client("dynamodb").query(
        TableName=env["SLOTS_TABLE"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :seat)",
        ExpressionAttributeValues={":pk": {"S": f"SESSION#{session_id}"}, ":seat": {"S": "SEAT#"}},
        ConsistentRead=True,
    )["Items"]
    told = sum((Counter(report) for report in reports[1:]), Counter[str]())
    return Outcome(reports[0]["places"], sum(row["status"]["S"] == "BOOKED" for row in rows), told)


def _book(session_id: str, citizens: int, seats_of_slot: int, start_at: float) -> dict[str, int]:
    from tika import policy, registry, seats, sessions
    from tika.eligibility import Session, Slot, begins
    from tika.refusals import Refusal
    from tika.tokens import Caller

    rules, now = policy.parse(json.dumps(POLICY)), datetime.now(UTC)
    day = (now + timedelta(days=2)).date()
    slot = Slot(0, SLOT, begins(day, SLOT), {1: seats_of_slot, 2: 0})
    sessions._kept[session_id] = now, Session(session_id, day, "COVISHIELD", 18, None, {}, (slot,))
    sessions.KEEP_FOR = timedelta(minutes=10)

    def register() -> tuple[str, str]:
        account = uuid.uuid4().hex
        person = registry.Newcomer("Asha Devi", 1990, 2, 6, uuid.uuid4().hex, False, "1")
        return account, registry.register(Caller(account, "9876543210"), person, rules, now=now)

    people = [register() for _ in range(citizens)]

    def schedule(who: tuple[str, str]) -> str:
        time.sleep(max(0, start_at + random.uniform(0, SPREAD_S) - time.time()))
        try:
            seats.schedule(who[0], seats.Order(session_id, SLOT, 1, (who[1],)), rules, now=datetime.now(UTC))
        except Refusal as refusal:
            return type(refusal).__name__
        return "booked"

    with ThreadPoolExecutor(citizens) as pool:
        return Counter(pool.map(schedule, people))


def _cut(design: str, session_id: str, to: int, seats_of_slot: int, start_at: float) -> dict[str, Any]:
    from tika import capacity, sessions
    from tika.publishing import SlotSeats
    from tika.tables import SessionRow

    now = datetime.now(UTC)
    slots = [{"slot": SLOT, "dose1": seats_of_slot, "dose2": 0}]
    SessionRow(
        SessionRow.key(session_id),
        SessionRow.SK,
        session_id=session_id,
        date=f"{now + timedelta(days=2):%Y-%m-%d}",
        vaccine="COVISHIELD",
        min_age=18,
        center={},
        slots=slots,
        free=[[seats_of_slot, 0]],
        capacity=[[seats_of_slot, 0]],
        counted_at=now.timestamp(),
        published_at=int(now.timestamp()),
    ).save()
    time.sleep(max(0, start_at + SPREAD_S / 8 - time.time()))
    if design == "rows":
        counted, _ = capacity.change(
            session_id, [SlotSeats(slot=SLOT, dose1=to, dose2=0)], clock=lambda: datetime.now(UTC)
        )
        return {"places": counted.capacity[0][0]}
    counted = sessions.count(session_id, clock=lambda: datetime.now(UTC))
    assert counted
    places = max(to, counted.capacity[0][0] - counted.free[0][0])
    row = SessionRow(SessionRow.key(session_id), SessionRow.SK)
    row.update(actions=[SessionRow.slots.set([{"slot": SLOT, "dose1": places, "dose2": 0}])])
    return {"places": places}


if __name__ == "__main__":
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    role, session, number, of_slot, at = sys.argv[1:]
    if role == "book":
        print(json.dumps(_book(session, int(number), int(of_slot), float(at))))
    else:
        print(json.dumps(_cut(role, session, int(number), int(of_slot), float(at))))

"""A crowd at one slot: processes full of threads, each thread a citizen who takes a place at the same instant.

Run in processes of its own, as the tables' names and addresses are read when `tika` is imported.
"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import ROOT, System, environment

PROCESSES = 8
SLOT = "09:00AM-11:00AM"
POLICY = {
    "phase": "18 and over",
    "opens_at": "2021-04-28T16:00:00+05:30",
    "min_age": 18,
    "dose_gap_days": {"COVISHIELD": 84},
    "fee_ceiling_rupees": {"COVISHIELD": 780},
    "hold_seconds": 300,
    "otp": {"product": "Tika", "valid_seconds": 180, "resend_seconds": 60},
}


def rush(system: System, *, people: int, seats: int, design: str = "tika") -> tuple[Counter[str], int]:
    """Send `people` at once to a new slot of `seats`; what they were told, and how many transactions that took.

    `design` "counting" is the twin that must lose: it looks whether a seat is free and then writes, without condition.
    """
    session_id = str(uuid.uuid4())
    names = {"OTP_TABLE": "Otp", "CITIZENS_TABLE": "Citizens", "SLOTS_TABLE": "Slots", "PEPPER_SECRET": "Pepper"}
    env = environment(system.port) | {name: system.resource(logical) for name, logical in names.items()}
    env |= {"POWERTOOLS_SERVICE_NAME": "crowd", "POWERTOOLS_METRICS_NAMESPACE": "Tika"}
    start_at = time.time() + 10 + people / 50  # all are registered by then
    command = [sys.executable, "-m", "tests.concurrency.crowd", session_id, str(seats), design, str(start_at)]
    workers = [
        subprocess.Popen([*command, str(people // PROCESSES)], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    told: Counter[str] = Counter()
    transactions = 0
    for worker in workers:
        out, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0
        report = json.loads(out.splitlines()[-1])
        told.update(report["told"])
        transactions += report["transactions"]
    rows = system.client("dynamodb").query(
        TableName=env["SLOTS_TABLE"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :seat)",
        ExpressionAttributeValues={":pk": {"S": f"SESSION#{session_id}"}, ":seat": {"S": "SEAT#"}},
        ConsistentRead=True,
    )["Items"]
    told["rows"] = len({row["reference_id"]["S"] for row in rows})
    return told, transactions


def _worker(session_id: str, seats_of_slot: int, design: str, start_at: float, citizens: int) -> dict[str, Any]:
    from tika import policy, registry, seats, sessions
    from tika.aws import CONNECTION
    from tika.eligibility import Session, Slot, begins
    from tika.refusals import Refusal
    from tika.tables import Seat
    from tika.tokens import Caller

    rules, now = policy.parse(json.dumps(POLICY)), datetime.now(UTC)
    day = (now + timedelta(days=2)).date()
    slot = Slot(0, SLOT, begins(day, SLOT), {1: seats_of_slot, 2: 0})
    sessions._kept[session_id] = now, Session(session_id, day, "COVISHIELD", 18, None, {}, (slot,))
    sessions.KEEP_FOR = timedelta(minutes=10)
    if design == "counting":
        anything = Seat.pk.exists() | Seat.pk.does_not_exist()
        seats.free = lambda now: anything
    elif design != "tika":
        raise ValueError(design)

    callers, orders = [], []
    for _ in range(citizens):
        account = uuid.uuid4().hex
        person = registry.Newcomer("Asha Devi", 1990, 2, 6, uuid.uuid4().hex, False, "1")
        reference_id = registry.register(Caller(account, "9876543210"), person, rules, now=now)
        callers.append(account)
        orders.append(seats.Order(session_id, SLOT, 1, (reference_id,)))

    transactions = Counter[str]()
    count = threading.Lock()

    def counted(**_: Any) -> None:
        with count:
            transactions["sent"] += 1

    CONNECTION.client.meta.events.register("before-call.dynamodb.TransactWriteItems", counted)

    def schedule(account: str, order: seats.Order) -> str:
        time.sleep(max(0, start_at - time.time()))
        try:
            seats.schedule(account, order, rules, now=datetime.now(UTC))
        except Refusal as refusal:
            return type(refusal).__name__
        return "booked"

    with ThreadPoolExecutor(citizens) as pool:
        told = Counter(pool.map(schedule, callers, orders))
    return {"told": told, "transactions": transactions["sent"]}


if __name__ == "__main__":
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    print(json.dumps(_worker(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]), int(sys.argv[5]))))

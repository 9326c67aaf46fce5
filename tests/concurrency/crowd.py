"""A crowd at one slot: processes full of threads, each thread a citizen who takes a place at the same moment."""

import json
import sys
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from local.system import System
from tests.concurrency.workers import POLICY, SLOT, know, only_on_this_machine, rows, run, somebody, wait_for_all

PROCESSES = 8


def rush(system: System, *, people: int, seats: int, design: str = "tika") -> tuple[Counter[str], int]:
    """Send `people` at once to a new slot of `seats`; what they were told, and how many transactions that took.

    `design` "counting" is the twin that must lose: it looks whether a seat is free and then writes, without condition.
    """
    session_id = str(uuid.uuid4())
    command = [session_id, seats, design, people // PROCESSES]
    told: Counter[str] = Counter()
    transactions = 0
    for report in run(system, "tests.concurrency.crowd", [command] * PROCESSES, within_s=120):
        told.update(report["told"])
        transactions += report["transactions"]
    sold = rows(system, "Slots", f"SESSION#{session_id}", "SEAT#")
    told["rows"] = len({row["reference_id"]["S"] for row in sold})
    return told, transactions


def _worker(session_id: str, seats_of_slot: int, design: str, citizens: int) -> dict[str, Any]:
    from tika import policy
    from tika.aws import CONNECTION
    from tika.booking import seats
    from tika.refusals import Refusal
    from tika.tables.slots import Seat

    rules = policy.parse(json.dumps(POLICY))
    know(session_id, seats_of_slot)
    if design == "counting":
        anything = Seat.pk.exists() | Seat.pk.does_not_exist()
        seats.free = lambda now: anything
    elif design != "tika":
        raise ValueError(design)

    people = [somebody() for _ in range(citizens)]
    transactions = Counter[str]()
    count = threading.Lock()

    def counted(**_: Any) -> None:
        with count:
            transactions["sent"] += 1

    CONNECTION.client.meta.events.register("before-call.dynamodb.TransactWriteItems", counted)

    def schedule(who: tuple[str, str]) -> str:
        account, reference_id = who
        try:
            seats.schedule(account, seats.Order(session_id, SLOT, 1, (reference_id,)), rules, now=datetime.now(UTC))
        except Refusal as refusal:
            return type(refusal).__name__
        return "booked"

    wait_for_all()
    with ThreadPoolExecutor(citizens) as pool:
        told = Counter(pool.map(schedule, people))
    return {"told": told, "transactions": transactions["sent"]}


if __name__ == "__main__":
    only_on_this_machine()
    print(json.dumps(_worker(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))

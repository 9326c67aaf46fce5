"""What parallel runs share: worker processes on the emulator, each a container, and what lies in the tables afterwards.

In processes of their own, as the tables' names and addresses are read when `tika` is imported.
"""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import ROOT, System, environment

SLOT = "09:00AM-11:00AM"
READY = "ready\n"
POLICY = {
    "phase": "18 and over",
    "opens_at": "2021-04-28T16:00:00+05:30",
    "min_age": 18,
    "dose_gap_days": {"COVISHIELD": 84},
    "fee_ceiling_rupees": {"COVISHIELD": 780},
    "hold_seconds": 300,
    "otp": {"product": "Tika", "valid_seconds": 180, "resend_seconds": 60},
}


def run(system: System, module: str, commands: Sequence[Sequence[Any]], *, within_s: float) -> list[Any]:
    """Run `python -m module <command>` for each of the commands; what each of them printed last, as JSON.

    Each goes on from `wait_for_all` when all have come so far. All are ended after `within_s`.
    """
    tables = {"OTP_TABLE": "Otp", "CITIZENS_TABLE": "Citizens", "SLOTS_TABLE": "Slots"}
    names = {name: system.resource(logical) for name, logical in (tables | {"PEPPER_SECRET": "Pepper"}).items()}
    telemetry = {"POWERTOOLS_SERVICE_NAME": "worker", "POWERTOOLS_METRICS_NAMESPACE": "Tika"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", module, *map(str, command)],
            cwd=ROOT,
            env=environment(system.port) | names | telemetry,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    watch = threading.Timer(within_s, lambda: [worker.kill() for worker in workers])
    watch.start()
    try:
        while {READY} == {*(said := [_last_said(worker) for worker in workers])}:
            for worker in workers:
                worker.stdin.write(READY)
                worker.stdin.flush()
        assert READY not in said, "one ended where others wait"
        assert [worker.wait() for worker in workers] == [0] * len(workers), said
    finally:
        watch.cancel()
        for worker in workers:
            worker.kill()
            worker.communicate()
    return [json.loads(line) for line in said]


def _last_said(worker: subprocess.Popen[str]) -> str:
    """READY when the worker waits for the others, or its last line when it ended. What it logs is passed over."""
    line = ""
    while line != READY and (another := worker.stdout.readline()):
        line = another
    return line


def rows(system: System, table: str, key: str, sort_key: str) -> list[dict[str, Any]]:
    """The rows of one partition whose sort keys begin so, past every rule. `table` as template.yaml names it."""
    return system.client("dynamodb").query(
        TableName=system.resource(table),
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": key}, ":sk": {"S": sort_key}},
        ConsistentRead=True,
    )["Items"]


# --- in a worker -----------------------------------------------------------------------------------------------------


def wait_for_all() -> None:
    print(READY, end="", flush=True)
    assert sys.stdin.readline() == READY, "another worker failed before it came so far"


def know(session_id: str, number_of_seats: int) -> None:
    """Let this container know a session of one slot, whatever becomes of its row: it sells by what it knows."""
    from tika.eligibility import Session, Slot, begins
    from tika.sessions import sessions

    now = datetime.now(UTC)
    day = (now + timedelta(days=2)).date()
    slot = Slot(0, SLOT, begins(day, SLOT), {1: number_of_seats, 2: 0})
    sessions._kept[session_id] = now, Session(session_id, day, "COVISHIELD", 18, None, {}, (slot,))
    sessions.KEEP_FOR = timedelta(minutes=10)


def somebody() -> tuple[str, str]:
    """Somebody new: their account, and the reference id of the only person in it."""
    from tika import policy
    from tika.people import registry
    from tika.signin.tokens import Caller

    account = uuid.uuid4().hex
    person = registry.Newcomer("Asha Devi", 1990, 2, 6, uuid.uuid4().hex, False, "1")
    rules = policy.parse(json.dumps(POLICY))
    return account, registry.register(Caller(account, "9876543210"), person, rules, now=datetime.now(UTC))


def only_on_this_machine() -> None:
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")

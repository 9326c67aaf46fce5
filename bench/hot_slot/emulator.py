"""The same four designs by a crowd of processes on the emulator: real conditions, real transactions, real threads.

What the emulator cannot show, the simulation does: it knows no conflicts, no partitions' limits and no stale reads.
"""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import ROOT, System, environment
from tests.concurrency.crowd import POLICY, PROCESSES, SLOT

TABLES = {"OTP_TABLE": "Otp", "CITIZENS_TABLE": "Citizens", "SLOTS_TABLE": "Slots", "PEPPER_SECRET": "Pepper"}
PATIENCE_S = 60
PRESSES = 3  # how often somebody tries whose request died


@dataclass(frozen=True, slots=True)
class Seen:
    """What a crowd left behind."""

    design: str
    people: int
    places: int
    booked: int  # people who have a booking in the tables
    told_booked: int
    crashed: int
    oversold: int
    leaked: int
    calls: dict[str, int]


class Crash(Exception):
    """The function dies here, between two writes."""


def crowd(system: System, design: str, *, people: int, places: int, crash: float, seed: int) -> Seen:
    """Send `people` at once to a new slot; each request dies between two writes with the probability `crash`."""
    session_id = str(uuid.uuid4())
    env = environment(system.port) | {name: system.resource(logical) for name, logical in TABLES.items()}
    env |= {"POWERTOOLS_SERVICE_NAME": "hot-slot", "POWERTOOLS_METRICS_NAMESPACE": "Tika"}
    dynamodb = system.client("dynamodb")
    counter = {"pk": {"S": f"SESSION#{session_id}"}, "sk": {"S": "COUNT"}, "left": {"N": str(places)}}
    dynamodb.put_item(TableName=env["SLOTS_TABLE"], Item=counter)
    start_at = time.time() + 10 + people / 25
    workers = []
    for number in range(PROCESSES):
        citizens = people // PROCESSES + (number < people % PROCESSES)
        arguments = (session_id, places, design, start_at, citizens, crash, seed * PROCESSES + number)
        command = [sys.executable, "-m", "bench.hot_slot.emulator", *map(str, arguments)]
        workers.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True))
    told, calls, accounts = Counter[str](), Counter[str](), []
    for worker in workers:
        out, _ = worker.communicate(timeout=180)
        assert worker.returncode == 0
        report = json.loads(out.splitlines()[-1])
        told.update(report["told"])
        calls.update(report["calls"])
        accounts += report["accounts"]
    booked = sum(_has_booking(dynamodb, env["CITIZENS_TABLE"], account) for account in accounts)
    left = int(
        dynamodb.get_item(TableName=env["SLOTS_TABLE"], Key={k: counter[k] for k in ("pk", "sk")})["Item"]["left"]["N"]
    )
    sellable = places - booked if design == "tika" else max(0, left)  # every row that is not booked can be sold
    leaked = max(0, places - booked - sellable)
    return Seen(
        design, people, places, booked, told["booked"], told["crashed"], max(0, booked - places), leaked, dict(calls)
    )


def _has_booking(dynamodb: Any, table: str, account: str) -> bool:
    rows = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ACCOUNT#{account}"}},
        ConsistentRead=True,
    )["Items"]
    return any(row["sk"]["S"].startswith(("APPOINTMENT#", "BOOKING")) for row in rows)


# --- in the processes of the crowd -----------------------------------------------------------------------------------


def _worker(session_id: str, places: int, design: str, start_at: float, citizens: int, crash: float, seed: int) -> Any:
    from tika.aws import CONNECTION

    # A machine that is busy with other things answers late, and a time-out would be a crash that nobody drew.
    CONNECTION._connect_timeout_seconds = CONNECTION._read_timeout_seconds = PATIENCE_S
    calls, rng = Counter[str](), random.Random(seed)
    make = {"tika": _tika}.get(design) or _numbered
    people = make(session_id, places, design, citizens)
    dies = [[rng.random() < crash for _ in range(PRESSES)] for _ in people]
    CONNECTION.client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))

    def press(book: Callable[[bool], bool], dying: list[bool]) -> list[str]:
        time.sleep(max(0, start_at - time.time()))
        crashes = []
        for die in dying:
            try:
                return [*crashes, "booked" if book(die) else "full"]
            except Crash:
                crashes.append("crashed")
        return [*crashes, "gave up"]

    with ThreadPoolExecutor(max(1, citizens)) as pool:
        told = Counter(word for words in pool.map(press, [book for _, book in people], dies) for word in words)
    return {"told": told, "calls": calls, "accounts": [account for account, _ in people]}


type Citizen = tuple[str, Callable[[bool], bool]]  # an account, and what it does: book, dying in between or not


def _tika(session_id: str, places: int, design: str, citizens: int) -> list[Citizen]:
    """seats.schedule. It writes once, so a request that dies does so before or after, and loses nothing."""
    from tika import policy
    from tika.booking import seats
    from tika.eligibility import Session, Slot, begins
    from tika.people import registry
    from tika.refusals import FullyBooked
    from tika.sessions import sessions
    from tika.signin.tokens import Caller

    rules, now = policy.parse(json.dumps(POLICY)), datetime.now(UTC)
    day = (now + timedelta(days=2)).date()
    slot = Slot(0, SLOT, begins(day, SLOT), {1: places, 2: 0})
    sessions._kept[session_id] = now, Session(session_id, day, "COVISHIELD", 18, None, {}, (slot,))
    sessions.KEEP_FOR = timedelta(minutes=10)

    def citizen() -> Citizen:
        account = uuid.uuid4().hex
        person = registry.Newcomer("Asha Devi", 1990, 2, 6, uuid.uuid4().hex, False, "1")
        reference_id = registry.register(Caller(account, "9876543210"), person, rules, now=now)
        order = seats.Order(session_id, SLOT, 1, (reference_id,))

        def book(die: bool) -> bool:
            try:
                seats.schedule(account, order, rules, now=datetime.now(UTC))
            except FullyBooked:
                return False
            if die:
                raise Crash
            return True

        return account, book

    return [citizen() for _ in range(citizens)]


def _numbered(session_id: str, places: int, design: str, citizens: int) -> list[Citizen]:
    """The designs that keep a number, each with a booking whose key is the citizen's, so that a repeat is harmless."""
    from botocore.exceptions import ClientError

    from tika.aws import CONNECTION

    client, slots, bookings = CONNECTION.client, os.environ["SLOTS_TABLE"], os.environ["CITIZENS_TABLE"]
    key = {"pk": {"S": f"SESSION#{session_id}"}, "sk": {"S": "COUNT"}}
    less = {
        "TableName": slots,
        "Key": key,
        "UpdateExpression": "SET #l = #l - :one",
        "ExpressionAttributeNames": {"#l": "left"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    if_left = less | {
        "ConditionExpression": "#l > :zero",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":zero": {"N": "0"}},
    }

    def citizen() -> Citizen:
        account = uuid.uuid4().hex
        booking = {"TableName": bookings, "Item": {"pk": {"S": f"ACCOUNT#{account}"}, "sk": {"S": "BOOKING"}}}

        def is_booked() -> bool:
            own = {"TableName": bookings, "Key": booking["Item"], "ConsistentRead": True}
            return "Item" in client.get_item(**own)

        def is_left() -> bool:
            return int(client.get_item(TableName=slots, Key=key)["Item"]["left"]["N"]) > 0

        def book(die: bool) -> bool:
            if is_booked():
                return True
            if not is_left():
                return False
            try:
                write(die)
            except ClientError as error:
                if error.response["Error"]["Code"] in (
                    "ConditionalCheckFailedException",
                    "TransactionCanceledException",
                ):
                    return False
                raise
            return True

        def in_transaction(die: bool) -> None:
            client.transact_write_items(TransactItems=[{"Update": if_left}, {"Put": booking}])
            if die:
                raise Crash

        def counter_first(die: bool) -> None:
            client.update_item(**if_left)
            if die:
                raise Crash
            client.put_item(**booking)

        def booking_first(die: bool) -> None:
            client.put_item(**booking)
            if die:
                raise Crash
            client.update_item(**less)

        write = {
            "counter in a transaction": in_transaction,
            "counter, then booking": counter_first,
            "check, then decrement": booking_first,
        }[design]
        return account, book

    return [citizen() for _ in range(citizens)]


if __name__ == "__main__":
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    session, seats_of_slot, chosen, at, number, share, drawn = sys.argv[1:]
    print(json.dumps(_worker(session, int(seats_of_slot), chosen, float(at), int(number), float(share), int(drawn))))

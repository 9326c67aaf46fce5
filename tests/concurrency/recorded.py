"""People and a sweep at a few seats, in parallel processes, and what each of them saw: a history for each seat.

Holds lapse after two seconds, so that people meet their end as well. Now and then an answer is lost after its request
was applied, and at every seventh request all of its answers are: whoever sent it gives up and does not know.
"""

import json
import random
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import System
from tests.concurrency.workers import POLICY, SLOT, know, only_on_this_machine, rows, run, somebody, wait_for_all
from tests.proof.linearizable import NEVER, Cancel, Confirm, Hold, Look, Operation, Sweep

PROCESSES = 4
PEOPLE = 4  # in each process
SEATS = 4
HOLD_S, SKEW_S = 2, 1
LOST = 0.05  # of all answers
DEAF_AT = 7  # every so many requests of a person
# Somebody gives up after so many: where the condition is taken out, an appointment may be stuck for good.
TRIES, CANCELS = 50, 5
KINDS = {kind.__name__: kind for kind in (Hold, Confirm, Cancel, Sweep)}


def record(system: System, *, rounds: int, design: str = "tika") -> dict[str, list[Operation]]:
    """The history of each seat, until everybody has had one so many times, or may have.

    `design` "counting" is the twin that must lose: it looks whether a seat is free and then writes, without condition.
    """
    session_id = str(uuid.uuid4())
    commands = [[session_id, design, rounds, number] for number in range(PROCESSES)]
    seen: dict[str, list[Operation]] = defaultdict(list)
    for report in run(system, "tests.concurrency.recorded", commands, within_s=300):
        for seat, kind, fields, began, ended in report:
            operation = Operation(began, NEVER if ended is None else ended, KINDS[kind](**fields))
            for each in [seat] if seat else [_key(number) for number in range(SEATS)]:
                seen[each].append(operation)
    found = {row["sk"]["S"]: row for row in rows(system, "Slots", f"SESSION#{session_id}", "SEAT#")}
    for seat, history in seen.items():
        row, now = found.get(seat), time.monotonic()
        look = Look(row["status"]["S"], row["appointment_id"]["S"]) if row else Look("FREE")
        history.append(Operation(now, now, look))
    return seen


def _key(number: int) -> str:
    from tika.tables.slots import Seat

    return Seat.sort_key(1, 0, number)


class Recorder:
    """What one process sees. Requests are told apart by their thread."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, Any], float, float | None]] = []
        self.mine = threading.local()

    def note(self, seat: str, what: Any, began: float, ended: float | None) -> None:
        self.seen.append((seat, type(what).__name__, vars(what), began, ended))

    def claims(self, params: dict[str, Any], **_: Any) -> None:
        """Remembers which seats a transaction would take, should nobody learn whether it did."""
        for action in params["TransactItems"]:
            item = action.get("Put", {}).get("Item", {})
            if item.get("kind", {}).get("S") == "SEAT":
                self.mine.claimed.append((item["sk"]["S"], item["appointment_id"]["S"], int(item["hold_until"]["N"])))

    def lose(self, send: Callable[..., Any]) -> Callable[..., Any]:
        from botocore.exceptions import ReadTimeoutError

        def losing(session: Any, request: Any) -> Any:
            answer = send(session, request)
            transaction = "TransactWriteItems" in str(request.headers.get("X-Amz-Target"))
            if transaction and (self.mine.deaf or self.mine.dice.random() < LOST):
                raise ReadTimeoutError(endpoint_url=request.url)
            return answer

        return losing


class Person:
    """Somebody who holds, confirms and cancels, again and again."""

    def __init__(self, recorder: Recorder, session_id: str, number: int):
        self.recorder, self.dice = recorder, random.Random(number)
        self.account, reference_id = somebody()
        self.order = (session_id, SLOT, 1, (reference_id,))
        self.requests = 0

    def live(self, rounds: int, rules: Any) -> None:
        from tika.booking import seats

        self.recorder.mine.dice = self.dice
        had = 0
        for _ in range(TRIES * rounds):
            if had == rounds:
                break
            places = self.hold(seats.Order(*self.order), rules)
            had += bool(places)
            for seat, who in places:
                time.sleep(self.dice.choice([0.0, 0.1, 0.2, 0.3, HOLD_S - 0.1, HOLD_S + SKEW_S + 0.5]))
                if confirms := self.dice.random() < 0.7:
                    self.end(seat, seats.confirm, Confirm, who)
                if confirms or self.dice.random() < 0.7:  # or it lapses; a place kept for good is one less to fight for
                    any(self.end(seat, seats.cancel, Cancel, who, None) for _ in range(CANCELS))
            time.sleep(self.dice.uniform(0, 0.2))

    def hold(self, order: Any, rules: Any) -> list[tuple[str, str]]:
        """The seat held and the id of the appointment; where nobody knows, those that may be."""
        from tika.booking import seats

        now = datetime.now(UTC)
        told, began, ended = self.ask(seats.hold, self.account, order, rules, now=now)
        claimed = self.recorder.mine.claimed
        if isinstance(told, list):
            [row] = told
            claimed = [(row.seat, row.appointment_id, int(row.hold_until))]
        elif ended is not None:
            return []  # refused
        for seat, who, until in claimed:
            self.recorder.note(seat, Hold(who, int(now.timestamp()), until), began, ended)
        return [(seat, who) for seat, who, _ in claimed]

    def end(self, seat: str, request: Callable[..., Any], kind: Any, who: str, *more: Any) -> bool:
        """Whether somebody was told."""
        now = datetime.now(UTC)
        told, began, ended = self.ask(request, self.account, who, *more, now=now)
        if kind is Cancel:
            if told != "NoSuchAppointment":
                self.recorder.note(seat, Cancel(who), began, ended)
        else:
            self.recorder.note(seat, Confirm(who, int(now.timestamp()), not isinstance(told, str)), began, ended)
        return ended is not None

    def ask(self, request: Callable[..., Any], *args: Any, now: datetime) -> tuple[Any, float, float | None]:
        """What was told (the name of a refusal, or what was given back), and when; no end where nobody was told."""
        from tika.aws import is_overload
        from tika.refusals import Crowded, Refusal

        self.requests += 1
        mine = self.recorder.mine
        mine.claimed, mine.deaf, began = [], self.requests % DEAF_AT == 0, time.monotonic()
        try:
            told: Any = request(*args, now=now)
        except Crowded:
            return None, began, None
        except Refusal as refusal:
            told = type(refusal).__name__
        except Exception as error:
            if not is_overload(error):
                raise
            return None, began, None
        return told, began, time.monotonic()


def _sweep(recorder: Recorder, over: threading.Event) -> None:
    from tika.booking import seats
    from tika.tables.slots import LAPSING_SHARDS

    recorder.mine.dice, recorder.mine.deaf, recorder.mine.claimed = random.Random(0), False, []
    while not over.wait(0.5):
        now, began = datetime.now(UTC), time.monotonic()
        for shard in range(LAPSING_SHARDS):
            for batch in seats.lapsed(shard, now=now):
                seats.release(batch, now=now)
        recorder.note("", Sweep(int(now.timestamp())), began, time.monotonic())


def _worker(session_id: str, design: str, rounds: int, number: int) -> list[Any]:
    from botocore.httpsession import URLLib3Session

    from tika import eligibility, policy
    from tika.aws import CONNECTION
    from tika.booking import seats
    from tika.tables.slots import Seat

    rules = replace(policy.parse(json.dumps(POLICY)), hold_seconds=HOLD_S)
    know(session_id, SEATS)
    seats.CLOCK_SKEW_S = SKEW_S
    seats.REMEMBER = timedelta(0)  # everybody tries, also where it is full
    eligibility.LAPSES_ALLOWED = 10**6
    if design == "counting":
        anything = Seat.pk.exists() | Seat.pk.does_not_exist()
        seats.free = lambda now: anything
    elif design != "tika":
        raise ValueError(design)

    recorder, over = Recorder(), threading.Event()
    people = [Person(recorder, session_id, number * PEOPLE + each) for each in range(PEOPLE)]
    CONNECTION.client.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", recorder.claims)
    URLLib3Session.send = recorder.lose(URLLib3Session.send)
    wait_for_all()
    with ThreadPoolExecutor(PEOPLE + 1) as pool:
        sweep = pool.submit(_sweep, recorder, over) if number == 0 else None
        for life in [pool.submit(person.live, rounds, rules) for person in people]:
            life.result()
        over.set()
        if sweep:
            sweep.result()
    return recorder.seen


if __name__ == "__main__":
    only_on_this_machine()
    session, design, rounds, number = sys.argv[1:]
    print(json.dumps(_worker(session, design, int(rounds), int(number))))

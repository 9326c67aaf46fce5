"""A cut while a crowd is booking: processes full of threads claim places of a slot that its centre makes smaller.

Half of the crowd meets the cut, and the other half comes when it is over. The first alone cannot take all places, so
whatever the machine does first, some are left to be cut. Every container of the crowd goes on with the session as it
was before the cut.
"""

import json
import sys
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.system import System
from tests.concurrency.workers import POLICY, SLOT, know, only_on_this_machine, rows, run, somebody, wait_for_all

PROCESSES = 4


@dataclass(frozen=True)
class Outcome:
    """`places`: what the centre was told it has after the cut; `booked`: seat rows booked when all was over."""

    places: int
    booked: int
    told: Counter[str]


def cut_while_booking(system: System, *, people: int, seats: int, to: int, design: str = "rows") -> Outcome:
    """`design` "number" is the twin that must lose: it counts what is booked and writes a smaller number of seats."""
    session_id = str(uuid.uuid4())
    cutting = [design, session_id, to, seats]
    booking = ["book", session_id, people // PROCESSES, seats]
    cut, *booked = run(system, "tests.concurrency.cut", [cutting, *[booking] * PROCESSES], within_s=180)
    sold = rows(system, "Slots", f"SESSION#{session_id}", "SEAT#")
    told = sum((Counter(report) for report in booked), Counter[str]())
    return Outcome(cut["places"], sum(row["status"]["S"] == "BOOKED" for row in sold), told)


def _book(session_id: str, citizens: int, seats_of_slot: int) -> dict[str, int]:
    from tika import policy
    from tika.booking import seats
    from tika.refusals import Refusal

    rules = policy.parse(json.dumps(POLICY))
    know(session_id, seats_of_slot)
    people = [somebody() for _ in range(citizens)]

    def schedule(who: tuple[str, str]) -> str:
        try:
            seats.schedule(who[0], seats.Order(session_id, SLOT, 1, (who[1],)), rules, now=datetime.now(UTC))
        except Refusal as refusal:
            return type(refusal).__name__
        return "booked"

    told, half = Counter[str](), citizens // 2
    with ThreadPoolExecutor(citizens) as pool:
        for some in (people[:half], people[half:]):
            wait_for_all()
            told.update(pool.map(schedule, some))
    return told


def _cut(design: str, session_id: str, to: int, seats_of_slot: int) -> dict[str, Any]:
    from tika.tables.slots import SessionRow

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
    wait_for_all()
    places = _make_smaller(design, session_id, to)
    wait_for_all()
    return {"places": places}


def _make_smaller(design: str, session_id: str, to: int) -> int:
    """The places that the centre is told it has now."""
    from tika.booking import capacity
    from tika.sessions import sessions
    from tika.sessions.publishing import SlotSeats
    from tika.tables.slots import SessionRow

    if design == "rows":
        counted, _ = capacity.change(
            session_id, [SlotSeats(slot=SLOT, dose1=to, dose2=0)], clock=lambda: datetime.now(UTC)
        )
        return counted.capacity[0][0]
    counted = sessions.count(session_id, clock=lambda: datetime.now(UTC))
    assert counted
    places = max(to, counted.capacity[0][0] - counted.free[0][0])
    row = SessionRow(SessionRow.key(session_id), SessionRow.SK)
    row.update(actions=[SessionRow.slots.set([{"slot": SLOT, "dose1": places, "dose2": 0}])])
    return places


if __name__ == "__main__":
    only_on_this_machine()
    role, session, number, of_slot = sys.argv[1:]
    if role == "book":
        print(json.dumps(_book(session, int(number), int(of_slot))))
    else:
        print(json.dumps(_cut(role, session, int(number), int(of_slot))))

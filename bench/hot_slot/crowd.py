"""A crowd at one slot, or at the slots of a district, through gateway and function to the simulated tables."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from random import Random

from bench.day.constants import ASSUMED, PRICES, QUOTAS, TIKA
from bench.hot_slot.designs import DESIGNS, Container, Crashed, Crowded, Slot
from bench.hot_slot.rules import Clock, Pace, Step, Table, Throttled

GATEWAY_RETRY_S = TIKA["gateway_retry_after_s"].value
BUSY_RETRY_S = (TIKA["busy_retry_low_s"].value, TIKA["busy_retry_high_s"].value)
CRASH_RETRY_S = 3.0  # the page gives no answer, and they press again
LOOKS_AGAIN_S = (3.0, 8.0)  # somebody in a district looks for another centre
SHOWN_EVERY_S = 5.0  # the search is as old as the edge keeps it
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    people: int
    slots: int
    places: int  # of each slot
    arrive_s: float = 10.0  # after 16:00, mean
    pace: Pace = field(default_factory=Pace)
    gateway_rps: float = QUOTAS["gateway_rps"].value
    gateway_burst: float = QUOTAS["gateway_burst"].value
    copies: float = QUOTAS["lambda_concurrency"].value
    copies_per_s: float = QUOTAS["lambda_growth_per_s"].value
    warm_copies: float = 100.0
    handler_s: float = ASSUMED["handler_s"].value + ASSUMED["gateway_s"].value
    crash: float = ASSUMED["crash"].value


SCENES = (
    Scene("100,000 people at 100 places", 100_000, 1, 100),
    Scene("100,000 people at 5,000 places", 100_000, 1, 5_000),
    Scene("230 people for each place of a district", 100_000, 29, 15),
)


@dataclass
class Outcome:
    """What came of it; times in seconds after the opening, from the first try of each person."""

    design: str
    scene: str
    places: int
    people: int
    sold: int = 0
    oversold: int = 0
    leaked: int = 0  # nobody has them, and nobody can get them any more
    last_sold_s: float = 0.0
    requests: int = 0
    table_calls: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    throttled: int = 0
    conflicts: int = 0
    told_full: int = 0
    gave_up: int = 0
    crashed: int = 0
    refusal_p50_s: float = math.nan
    refusal_p99_s: float = math.nan
    usd: float = 0.0


class _Crowd:
    def __init__(self, scene: Scene, design: str, seed: int):
        self.scene, self.book, self.random = scene, DESIGNS[design], Random(seed)
        self.clock = Clock()
        self.table = Table(self.clock, scene.pace, self.random)
        self.slots = [Slot(number, scene.places, scene.pace, self.clock) for number in range(scene.slots)]
        self.idle: list[Container] = []
        self.started, self.at_work = 0, 0
        self.bucket, self.bucket_at = scene.gateway_burst, 0.0
        self.shown, self.shown_at = list(self.slots), 0.0
        self.outcome = Outcome(design, scene.name, scene.slots * scene.places, scene.people)
        self.busy_s, self.admitted = 0.0, 0
        self.waits: list[float] = []

    def run(self) -> Outcome:
        for _ in range(self.scene.people):
            arrives = self.random.expovariate(1 / self.scene.arrive_s) if self.scene.arrive_s else 0.0
            self.clock.start(self._citizen(), arrives)
        self.clock.run()
        return self._told()

    def _citizen(self) -> Step:
        clock, outcome = self.clock, self.outcome
        first = clock.now
        while clock.now < first + PATIENCE_S:
            slot = self._chosen()
            if slot is None:
                break
            outcome.requests += 1
            if not self._admitted():
                yield GATEWAY_RETRY_S
                continue
            container = self._container()
            if container is None:
                yield GATEWAY_RETRY_S
                continue
            began = clock.now
            yield self.scene.handler_s
            pause = 0.0
            try:
                booked = yield from self.book(self.table, slot, container, self.scene.crash)
            except (Crowded, Throttled):
                booked, pause = None, self.random.uniform(*BUSY_RETRY_S)
            except Crashed:
                outcome.crashed += 1
                booked, pause = None, CRASH_RETRY_S
            self.busy_s += clock.now - began
            self.at_work -= 1
            self.idle.append(container)
            if booked:
                return
            if booked is None:
                yield pause
            elif len(self.slots) == 1:
                break
            else:
                yield self.random.uniform(*LOOKS_AGAIN_S)
        else:
            outcome.gave_up += 1
            return
        outcome.told_full += 1
        self.waits.append(clock.now - first)

    def _chosen(self) -> Slot | None:
        """One of the slots that the search shows places in, or None where it shows none. One slot alone is asked."""
        if len(self.slots) == 1:
            return self.slots[0]
        if self.clock.now >= self.shown_at + SHOWN_EVERY_S:
            self.shown_at = self.clock.now
            self.shown = [slot for slot in self.slots if slot.has_free() and slot.left > 0]
        return self.random.choice(self.shown) if self.shown else None

    def _admitted(self) -> bool:
        rate, now = self.scene.gateway_rps, self.clock.now
        self.bucket = min(self.scene.gateway_burst, self.bucket + (now - self.bucket_at) * rate)
        self.bucket_at = now
        if self.bucket < 1:
            return False
        self.bucket -= 1
        self.admitted += 1
        return True

    def _container(self) -> Container | None:
        if self.idle:
            self.at_work += 1
            return self.idle.pop()
        may = min(self.scene.copies, self.scene.warm_copies + self.clock.now * self.scene.copies_per_s)
        if self.started >= may:
            return None
        self.started += 1
        self.at_work += 1
        return Container()

    def _told(self) -> Outcome:
        outcome, used, slots = self.outcome, self.table.used, self.slots
        outcome.sold = sum(slot.booked for slot in slots)
        outcome.oversold = sum(max(0, slot.booked - slot.places) for slot in slots)
        by_rows = outcome.design == "tika"
        sold_out = [slot for slot in slots if (not slot.has_free() if by_rows else slot.left <= 0)]
        outcome.leaked = sum(max(0, slot.places - slot.booked) for slot in sold_out)
        outcome.last_sold_s = max(slot.last_sold for slot in slots)
        outcome.table_calls, outcome.write_units, outcome.read_units = used.calls, used.write_units, used.read_units
        outcome.throttled, outcome.conflicts = used.throttled, used.conflicts
        waits = sorted(self.waits)
        if waits:
            outcome.refusal_p50_s = waits[len(waits) // 2]
            outcome.refusal_p99_s = waits[len(waits) * 99 // 100]
        price: Callable[[str], float] = lambda name: PRICES[name].value  # noqa: E731
        outcome.usd = (
            self.admitted * (price("gateway_request") + price("lambda_request"))
            + self.busy_s * TIKA["function_gb"].value * price("lambda_gb_s")
            + used.write_units * price("ddb_write")
            + used.read_units * price("ddb_read")
        )
        return outcome


def crowd(scene: Scene, design: str, *, seed: int) -> Outcome:
    return _Crowd(scene, design, seed).run()


def as_dict(outcome: Outcome) -> dict[str, object]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(outcome).items()}

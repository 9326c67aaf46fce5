"""DynamoDB by its published rules, as far as a hot slot meets them, on a clock of events.

A partition serves 1,000 write and 3,000 read units a second, from a bucket of one second; it is never split (AWS may,
after minutes). A write is a unit for each started KiB and twice that in a transaction, a read half a unit for each
started 4 KiB where it may be stale. Two transactions on one item at a time: the later is cancelled. A condition that
fails, and a cancelled transaction, cost what they would have cost. A throttled call costs nothing and is tried again
by the SDK, three times in all.
"""

import heapq
import math
from collections.abc import Generator, Hashable, Iterator
from dataclasses import dataclass, field
from random import Random

from bench.day.constants import ASSUMED, QUOTAS

SDK_TRIES = 3

type Step = Generator[float]  # yields the seconds until it goes on
type Answered[A] = Generator[float, None, A]


class Throttled(Exception):
    """A partition refused a call each time the SDK tried."""


class Conflict(Exception):
    """Another transaction was at work on the same item."""


class ConditionFailed(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds, and how much a partition serves. `serial_s`: see Clock."""

    call_s: float = ASSUMED["call_s"].value
    transaction_s: float = ASSUMED["transaction_s"].value
    lag_s: float = ASSUMED["replica_lag_s"].value
    spread: float = ASSUMED["spread"].value
    partition_writes: float = QUOTAS["ddb_partition_writes"].value
    partition_reads: float = QUOTAS["ddb_partition_reads"].value
    conflicts: bool = True
    serial_s: float = 0.0


# MiniStack: one process that serves one call after the other, without limits, conflicts or replicas.
EMULATOR = Pace(0.0001, 0.0001, 0.0, 0.01, math.inf, math.inf, conflicts=False, serial_s=0.0013)


class Clock:
    """Runs steps in the order of their time. With `serial_s` a call waits until those before it were served."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Step]] = []
        self._number = 0

    def start(self, step: Step, at: float) -> None:
        self._number += 1
        heapq.heappush(self._due, (at, self._number, step))

    def run(self) -> None:
        due, push, pop = self._due, heapq.heappush, heapq.heappop
        while due:
            self.now, number, step = pop(due)
            for delay in step:
                push(due, (self.now + delay, number, step))
                break


class Partition:
    def __init__(self, pace: Pace):
        self._rate = {"write": pace.partition_writes, "read": pace.partition_reads}
        self._left = dict(self._rate)
        self._at = dict.fromkeys(self._rate, 0.0)

    def take(self, kind: str, units: float, now: float) -> bool:
        """Whether it serves them now. What a query costs is known only after it, so the last may overdraw."""
        rate = self._rate[kind]
        left = min(rate, self._left[kind] + (now - self._at[kind]) * rate) if rate < math.inf else rate
        served = left > 0
        self._left[kind], self._at[kind] = left - units if served else left, now
        return served


@dataclass
class Used:
    calls: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    throttled: int = 0
    conflicts: int = 0
    failed_conditions: int = 0


@dataclass
class Table:
    """Calls to tables: each takes time and units. Where `partition` is None, it is one of many that is never hot."""

    clock: Clock
    pace: Pace
    random: Random
    used: Used = field(default_factory=Used)
    locked: set[Hashable] = field(default_factory=set)
    _served_until: float = 0.0

    def _lasts(self, median_s: float) -> float:
        if self.pace.serial_s:
            self._served_until = max(self._served_until, self.clock.now) + self.pace.serial_s
            return self._served_until - self.clock.now
        return median_s * math.exp(self.random.gauss(0, self.pace.spread))

    def _admitted(self, partition: Partition | None, kind: str, units: float) -> Answered[None]:
        for attempt in range(SDK_TRIES):
            self.used.calls += 1
            if partition is None or partition.take(kind, units, self.clock.now):
                return
            self.used.throttled += 1
            yield self._lasts(self.pace.call_s) + self.random.random() * 2**attempt
        raise Throttled

    def read(self, partition: Partition | None, units: float) -> Answered[None]:
        yield from self._admitted(partition, "read", units)
        self.used.read_units += units
        yield self._lasts(self.pace.call_s)

    def write(self, partition: Partition | None, units: float = 1.0) -> Answered[None]:
        yield from self._admitted(partition, "write", units)
        self.used.write_units += units
        yield self._lasts(self.pace.call_s)

    def transact(self, partition: Partition, item: Hashable, holds: Iterator[bool]) -> Answered[None]:
        """One item of a hot partition and one of the caller's own, two units each.

        `holds` gives whether the hot item's condition holds, and applies the write when asked a second time. Raises
        Conflict or ConditionFailed.
        """
        yield from self._admitted(partition, "write", 2.0)
        self.used.write_units += 4.0
        lasts = self._lasts(self.pace.transaction_s)
        if self.pace.conflicts and item in self.locked:
            self.used.conflicts += 1
            yield lasts / 2
            raise Conflict
        if self.pace.serial_s:  # applied at its turn, as nothing else happens meanwhile
            yield lasts
            lasts = 0.0
        if not next(holds):
            self.used.failed_conditions += 1
            yield lasts / 2
            raise ConditionFailed
        self.locked.add(item)
        if lasts:
            yield lasts
        self.locked.discard(item)
        next(holds)

"""Every minute: tidy the holds that have lapsed. If it never ran, nothing would be oversold or lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from tika.booking import seats
from tika.clock import epoch, utc_now
from tika.tables.slots import LAPSING_SHARDS
from tika.telemetry import count, observed

LEAVE_MS = 5_000  # what is not released by then waits for the next minute, oldest first


@observed
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Gives back how many seats were freed and how long ago, in seconds, the oldest of them lapsed."""
    now, stop_at = utc_now(), time.monotonic() + (context.get_remaining_time_in_millis() - LEAVE_MS) / 1000
    with ThreadPoolExecutor(max_workers=LAPSING_SHARDS) as pool:
        shards = [pool.submit(_release_shard, shard, now, stop_at) for shard in range(LAPSING_SHARDS)]
    # All shards are done, well or not; the first failure is raised so that it is seen, and the next minute carries on.
    results = [shard.result() for shard in shards]
    released, oldest = sum(number for number, _ in results), max(age for _, age in results)
    count("SeatReleased", released)
    count("OldestLapse", oldest, MetricUnit.Seconds)
    return {"released": released, "oldest_lapse_s": oldest}


def _release_shard(shard: int, now: datetime, stop_at: float) -> tuple[int, int]:
    """How many seats were freed, and for how many seconds the first of them had lapsed."""
    released = oldest = 0
    for batch in seats.lapsed(shard, now=now):
        oldest = max(oldest, epoch(now) - int(batch[0].hold_until))
        released += seats.release(batch, now=now)
        if time.monotonic() >= stop_at:
            break
    return released, oldest

"""What the stream of the slots table sets off: each session touched is counted afresh, once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from tika.aws import is_overload
from tika.sessions import sessions
from tika.tables.slots import SessionRow
from tika.telemetry import count, logger

THREADS = 8  # a batch may touch hundreds of sessions, and nearly all the time is spent waiting

_PREFIX = SessionRow.key("")


def count_touched(records: Sequence[dict[str, Any]], *, clock: Callable[[], datetime]) -> list[str]:
    """Count the sessions that `records` name. Gives back the sequence numbers from which to deliver again.

    A record that names no session is passed over: delivering it again would block those behind it. `clock` is looked
    at before each count, as a count is true for that moment.
    """
    first_of: dict[str, str] = {}  # session id -> sequence number of its first record
    oldest = None
    for record in records:
        change = record.get("dynamodb", {})
        key = change.get("Keys", {}).get("pk", {}).get("S", "")
        if not key.startswith(_PREFIX):
            logger.error("a record without a session was passed over")
            count("RecordSkipped")
            continue
        first_of.setdefault(key.removeprefix(_PREFIX), change.get("SequenceNumber", ""))
        made_at = change.get("ApproximateCreationDateTime")
        if made_at is not None:
            oldest = made_at if oldest is None else min(oldest, made_at)

    def counted(session_id: str) -> Exception | None:
        try:
            sessions.count(session_id, clock=clock)
        except Exception as error:
            return error
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        results = zip(first_of.values(), pool.map(counted, first_of), strict=True)
        errors = {number: error for number, error in results if error}
    for error in errors.values():
        _report("session not counted", error)
    count("SessionCounted", len(first_of) - len(errors))
    if not errors and oldest is not None:
        now = clock()
        lag_s = max(0.0, now.timestamp() - oldest)
        count("CountLag", lag_s, MetricUnit.Seconds)
        try:
            sessions.note_freshness(lag_s, now=now)
        except Exception as error:  # the counts are stored, and not to be made again for it: the next ones will note it
            _report("freshness not noted", error)
    return list(errors)


def _report(what: str, error: Exception) -> None:
    logger.error(what, extra={"reason": type(error).__name__})
    count("Overload" if is_overload(error) else "Fault")

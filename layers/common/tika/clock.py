"""The one look at the clock. Everything below a handler takes the time as an argument."""

from datetime import UTC, datetime
from email.utils import format_datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def epoch(moment: datetime) -> int:
    """Whole seconds, as the tables keep instants."""
    return int(moment.timestamp())


def iso(seconds: float) -> str:
    """An epoch second as the contract writes instants: 2021-04-28T10:30:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: datetime) -> str:
    """A moment in UTC as headers write it: Wed, 28 Apr 2021 10:30:00 GMT."""
    return format_datetime(moment, usegmt=True)

"""Looking for people in what the functions log."""

import json
import re
from collections.abc import Iterable, Iterator

from local.system import STAGE, System


def found(values: Iterable[str], lines: Iterable[str]) -> list[str]:
    """The lines in which one of the values stands, however it is spelled."""
    spelled = {spelling for value in values for spelling in _spelled(value)}
    return [line for line in lines if any(names(value, line) for value in spelled)]


def _spelled(value: str) -> set[str]:
    return {value, json.dumps(value)[1:-1]}


def logged(system: System, name: str) -> list[str]:
    pages = system.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/tika/{STAGE}/{name}")
    return [event["message"] for page in pages for event in page["events"]]


def names(value: str, line: str) -> bool:
    """Whether `value` stands in `line`; of four or six digits, only as a word of our own: any time of day has some."""
    if value not in line or len(value) > 6:
        return value in line
    return any(re.search(rf"(?<![\w.-]){value}(?![\w-])", text) for text in _texts(line))


def _texts(line: str) -> Iterator[str]:
    """The texts of a line without those that the logger adds to each; the platform's own lines have none."""
    if not line.startswith("{"):
        assert line.split(" ")[0] in ("START", "END", "REPORT"), line
        return
    added = ("function_", "timestamp", "location", "_aws")
    yield from (str(value) for key, value in json.loads(line).items() if not key.startswith(added))

"""The figures of the bench in docs/performance/requests.md: written by `make bench`, read by tests/budget."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance" / "requests.md"


@dataclass(frozen=True)
class Requested:
    """One request in a warm container. Bytes are those of bodies: to AWS, from AWS, to the citizen."""

    calls: str
    write_units: int
    index_units: int
    read_units: float
    sent: int
    received: int
    answered: int
    handler_ms: float
    to_bare: float | None  # ratio of the CPU time to that of bare calls, None where there are none
    to_tuned: float | None  # likewise, made with the client settings of tika.aws


@dataclass(frozen=True)
class Started:
    """A container's start: CPU seconds until all is imported, and until its first answer, which needs the secrets."""

    modules: int
    floor_modules: int
    import_s: float
    import_ratio: float
    first_s: float
    first_ratio: float
    memory_mb: float
    floor_memory_mb: float


def bytes_of(answer: dict[str, Any]) -> int:
    """Of the body of a handler's answer; 0 where nobody waits for one."""
    body = answer.get("body") or ""
    return len(base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode())


def counts(name: str, calls: str, write_units: int, index_units: int, read_units: float) -> str:
    """The beginning of a request's line, which holds what is counted and not timed."""
    return f"| {name} | {calls} | {write_units} + {index_units} | {read_units:g} |"


def write_request(name: str, one: Requested) -> None:
    begin = counts(name, one.calls, one.write_units, one.index_units, one.read_units)
    ratios = ["" if ratio is None else f"{ratio:.2f}" for ratio in (one.to_bare, one.to_tuned)]
    figures = [one.sent, one.received, one.answered, f"{one.handler_ms:.2f}", *ratios]
    _write("requests", name, f"{begin} {' | '.join(map(str, figures))} |")


def write_start(name: str, one: Started) -> None:
    figures = [
        one.modules, one.floor_modules, f"{one.modules / one.floor_modules:.2f}",
        f"{one.import_s * 1000:.0f}", f"{one.import_ratio:.2f}",
        f"{one.first_s * 1000:.0f}", f"{one.first_ratio:.2f}",
        f"{one.memory_mb:.0f}", f"{one.floor_memory_mb:.0f}",
    ]  # fmt: skip
    _write("starts", name, f"| {name} | {' | '.join(map(str, figures))} |")


def _write(block: str, name: str, line: str) -> None:
    """Put `line` in the place of the one that begins with `name`, or after the last of its block."""
    lines = DOCUMENT.read_text().splitlines()
    begin, end = lines.index(f"<!-- {block}: begin, written by make bench -->"), lines.index(f"<!-- {block}: end -->")
    at = next((at for at in range(begin, end) if lines[at].startswith(f"| {name} |")), end)
    lines[at : at + (at < end)] = [line]
    DOCUMENT.write_text("\n".join(lines) + "\n")


def documented_requests() -> dict[str, str]:
    """Calls and write units of each request, by its name. What is read depends on where chance put it."""
    return {row[0]: " | ".join(row[1:3]) for row in _rows("requests")}


def documented_modules() -> dict[str, int]:
    """How many modules each function imports."""
    return {row[0]: int(row[1]) for row in _rows("starts")}


def _rows(block: str) -> list[list[str]]:
    text = DOCUMENT.read_text().partition(f"<!-- {block}: begin, written by make bench -->\n")[2]
    lines = text.partition(f"<!-- {block}: end -->")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

"""What the proof tried, at the end of a run. A plugin, as the process that prints it may have collected no test."""

from collections import Counter
from typing import Any

import pytest

from conftest import noted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was tried. From the reports' properties, which also come from other processes."""
    tried = noted(terminalreporter)
    _matrix(terminalreporter, [found for name, found in tried if name == "matrix"])
    sums: dict[str, Counter[str]] = {}
    for name, found in tried:
        if name in ("interleavings", "state machine", "histories"):
            sums.setdefault(name, Counter()).update(found)
    if sums:
        terminalreporter.section("orders tried")
    for name, counts in sums.items():
        told = ", ".join(f"{number} {what}" for what, number in counts.items())
        terminalreporter.write_line(f"{name}: {told}")


def _matrix(terminalreporter: pytest.TerminalReporter, tried: list[dict[str, Any]]) -> None:
    """Cases by function and fault."""
    table: dict[str, Counter[str]] = {}
    steps = seeds = 0
    for found in tried:
        table.setdefault(found["operation"], Counter()).update(found["tried"])
        steps, seeds = steps + found["steps"], found["seeds"]
    if not table:
        return
    groups = sorted({group for tried in table.values() for group in tried})
    total = sum((tried for tried in table.values()), Counter())
    terminalreporter.section("the matrix of faults: cases tried")
    terminalreporter.write_line(f"{'':20}" + "".join(f"{group:>13}" for group in groups) + f"{'all':>8}")
    for operation, tried in [*sorted(table.items()), ("all", total)]:
        cells = "".join(f"{tried[group]:>13}" for group in groups)
        terminalreporter.write_line(f"{operation:20}{cells}{tried.total():>8}")
    terminalreporter.write_line(f"{total.total()} cases, {steps} steps (invocations checked), seeds tried: {seeds}")

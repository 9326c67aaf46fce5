"""What every level of the tests has: the deployed system, and what was measured."""

from collections.abc import Callable
from typing import Any

import pytest

pytest_plugins = ["tests.deployed", "tests.proof.summary", "tests.unskipped"]


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`measured(line)`: a figure to print at the end of the run; what a test prints may be in another process."""
    return lambda line: record_property("measured", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [line for name, line in noted(terminalreporter) if name == "measured"]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)


def noted(terminalreporter: pytest.TerminalReporter) -> list[tuple[str, Any]]:
    """The properties of all tests. The report of a test's end has those that its fixtures noted last as well."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    ends = [report for report in reports if getattr(report, "when", None) == "teardown"]
    return [each for report in ends for each in report.user_properties]

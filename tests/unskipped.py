"""A test that is skipped has failed: nobody reads what it lacked, in a run of thousands. `-m` and `-k` select."""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # What is expected to fail counts as skipped too, and is something else.
    return report if hasattr(report, "wasxfail") else _fail(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail((yield))


def _fail[Report: (pytest.TestReport, pytest.CollectReport)](report: Report) -> Report:
    if report.skipped:
        path, line, reason = report.longrepr
        report.outcome, report.longrepr = (
            "failed",
            f"{path}:{line}: {reason}. No test is skipped here: it passes or fails.",
        )
    return report

"""What tests/unskipped.py makes of a test that is skipped."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.system import ROOT

SKIPPED = {
    "by itself": "def test_it():\n    pytest.skip('no browser')",
    "by a mark": "@pytest.mark.skip(reason='no browser')\ndef test_it():\n    pass",
    "by a condition": "@pytest.mark.skipif('1 > 0', reason='no browser')\ndef test_it():\n    pass",
    "by a fixture": "@pytest.fixture\ndef page():\n    pytest.skip('no browser')\n\ndef test_it(page):\n    pass",
    "with its module": "pytest.skip('no browser', allow_module_level=True)\n\ndef test_it():\n    pass",
    "for an import": "pytest.importorskip('no_browser', reason='no browser')\n\ndef test_it():\n    pass",
}


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest on a file of that text, without the project's own settings."""
    (folder / "test_sample.py").write_text(f"import pytest\n\n{text}\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.unskipped", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    return subprocess.run([*command, *options, folder], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("text", SKIPPED.values(), ids=list(SKIPPED))
def test_a_test_that_is_skipped_fails_and_says_why(tmp_path: Path, text: str) -> None:
    ran = run(tmp_path, text)

    assert ran.returncode in (1, 2), ran.stdout  # 2 where the module could not be collected
    assert "no browser" in ran.stdout
    assert "skipped" not in ran.stdout.splitlines()[-1]


def test_so_it_does_in_a_process_of_many(tmp_path: Path) -> None:
    ran = run(tmp_path, SKIPPED["by itself"], "--numprocesses", "2")

    assert ran.returncode == 1, ran.stdout


def test_what_was_not_selected_is_no_failure(tmp_path: Path) -> None:
    ran = run(tmp_path, f"{SKIPPED['by itself']}\n\ndef test_other():\n    pass", "-k", "other")

    assert ran.returncode == 0, ran.stdout
    assert "1 passed, 1 deselected" in ran.stdout


def test_what_is_expected_to_fail_is_no_skip(tmp_path: Path) -> None:
    ran = run(tmp_path, "@pytest.mark.xfail(strict=True)\ndef test_it():\n    raise AssertionError")

    assert ran.returncode == 0, ran.stdout


def test_every_run_of_the_project_has_it(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.unskipped")

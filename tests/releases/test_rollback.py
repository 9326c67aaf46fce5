"""Samples are kept of each release; and back by one: what this one writes is gone on with by the release before."""

import json
import os
import re
import subprocess
import sys
import tarfile
from io import BytesIO

import pytest

from tests.conftest import ROOT
from tests.releases import sample


@pytest.fixture
def release_before(tmp_path):
    """A folder with the code of the release before, and the tests of this folder in it."""
    before = max((path.stem for path in sample.FOLDER.glob("*.json") if path.stem != sample.release()), key=_numbers)
    commit = json.loads((sample.FOLDER / f"{before}.json").read_text())["commit"]
    command = ["git", "archive", commit, "."]
    there = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert there.returncode == 0, f"Needs the history of the project, to look at release {before}: {there.stderr!r}"
    with tarfile.open(fileobj=BytesIO(there.stdout)) as archive:
        archive.extractall(tmp_path, filter="data")
    here = tmp_path / "tests" / "releases"
    here.mkdir(exist_ok=True)
    for name in ("sample.py", "test_samples.py"):
        (here / name).write_text((sample.FOLDER / name).read_text())
    return tmp_path


def _numbers(version):
    return tuple(int(part) for part in version.split("."))


def test_every_release_left_samples():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    released = re.findall(r"^## ([0-9.]+) - [0-9-]{10}$", changelog, re.MULTILINE)
    assert released
    assert {f"{version}.json" for version in released} <= {path.name for path in sample.FOLDER.glob("*.json")}


def test_the_release_before_goes_on_with_what_this_one_wrote(release_before, tmp_path_factory):
    written = tmp_path_factory.mktemp("samples") / f"{sample.release()}.json"
    _run(f"{sample.__file__}::test_write", ROOT, {sample.OUT: str(written)})

    _run("tests/releases/test_samples.py", release_before, {"TIKA_SAMPLE": str(written)})


def _run(tests, folder, more):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", tests]
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    path = {"PYTHONPATH": os.pathsep.join([str(folder / "layers" / "common"), str(folder)])}
    done = subprocess.run(command, cwd=folder, env=keep | path | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Whatever `make run` starts is stopped again: after a failure, and after this process was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import local.system
from local.run import _bound
from local.system import ROOT, StartUpFailed, running


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@pytest.fixture
def emulators(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The emulators that were started."""
    started = []
    start = local.system._start_emulator

    def start_and_remember(folder: Path, port: int) -> subprocess.Popen[bytes]:
        started.append(start(folder, port))
        return started[-1]

    monkeypatch.setattr(local.system, "_start_emulator", start_and_remember)
    return started


def test_a_start_that_fails_halfway_stops_the_emulator(monkeypatch, emulators, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise StartUpFailed("sam build failed")

    monkeypatch.setattr(local.system, "_build", fail)

    with pytest.raises(StartUpFailed), running(tmp_path, say=lambda _: None):
        pytest.fail("it must not get this far")

    assert [emulator.poll() is not None for emulator in emulators] == [True]


def test_the_emulator_ends_when_the_process_that_started_it_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from local import system as s\n"
        "emulator = s._start_emulator(Path(sys.argv[1]), s._port(Path(sys.argv[1])))\n"
        "print(emulator.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    emulator = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    deadline = time.monotonic() + 30
    while _alive(emulator) and time.monotonic() < deadline:
        time.sleep(0.2)

    assert not _alive(emulator)


def test_a_taken_port_is_named_before_anything_starts() -> None:
    with _bound(0) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(StartUpFailed, match=f"Port {port} is taken"):
            _bound(port)

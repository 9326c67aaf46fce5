"""`make run`: start the whole system on this machine, show its progress, serve it until Ctrl-C, stop all of it."""

import argparse
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from local import edge
from local.system import ROOT, StartUpFailed, System, environment, reset, running
from tika.eligibility import IST

FOLDER = ROOT / ".tika"


class Progress:
    """Says each step with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, step: str) -> None:
        print(f"[{time.monotonic() - self._start:5.1f} s] {step}", flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8080, help="where to serve (default 8080)")
    arguments.add_argument("--reset", action="store_true", help="forget all data and stop")
    options = arguments.parse_args()
    if options.reset:
        reset(FOLDER)
        return 0
    # A termination unwinds like Ctrl-C, so that everything started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with _bound(options.port) as listener, running(FOLDER, say=(say := Progress())) as system:
            _load_sessions(system, say)
            _serve(system, listener, options.port, say)
    except KeyboardInterrupt:
        pass
    except StartUpFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print("Stopped.")
    return 0


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise StartUpFailed(f"Port {port} is taken; choose another, for example: PORT={port + 1} make run") from None
    return listener


def _load_sessions(system: System, say: Progress) -> None:
    publish, sample = ROOT / "ops" / "publish.py", ROOT / "data" / "sample_sessions.csv"
    if not (publish.exists() and sample.exists()):
        return
    # The sample's dates count from tomorrow: the same file is another week on another day.
    published, week = FOLDER / "published", f"{datetime.now(IST):%d-%m-%Y} {sha256(sample.read_bytes()).hexdigest()}"
    if published.exists() and published.read_text() == week:
        return
    say("Publishing a week of sample sessions")
    command = [sys.executable, "-m", "ops.publish", str(sample), "--api", system.api_url]
    if subprocess.run(command, cwd=ROOT, env=environment(system.port)).returncode != 0:
        raise StartUpFailed("The sample sessions could not be published.")
    published.write_text(week)


def _serve(system: System, listener: socket.socket, port: int, say: Progress) -> None:
    listener.listen(2048)
    # The socket accepts from here on, so this is true as soon as it is read.
    say("Serving")
    print(f"Tika is ready at http://localhost:{port}", flush=True)
    print(f"Text messages: http://localhost:{port}/dev/inbox   Ctrl-C stops.", flush=True)
    edge.server(system, Path(FOLDER)).run(sockets=[listener])
    print("Stopping", flush=True)


if __name__ == "__main__":
    sys.exit(main())

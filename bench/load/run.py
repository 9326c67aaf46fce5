"""`make load`: a crowd of locust's citizens at the system of `make run`, then an audit of what they were told.

The system is started anew in a folder of its own, runs for --seconds and stops; nothing but loopback is used. How much
of the processor went to the emulator, to Tika's functions and to the rest is read from the kernel, and within the
functions from samples of their stacks.
"""

import argparse
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.load.audit import Audit, audit
from local import edge
from local.run import Progress
from local.system import ROOT, System, environment, running
from tika.eligibility import IST

FOLDER, ENVIRONMENT = ROOT / ".tika" / "load", ROOT / ".venv-load" / "bin"
DISTRICT, CENTERS, SEATS = 728, 4, 10  # in each of two slots, so that the last citizens find all taken
SETTLE_S = 60  # counts follow sales within seconds, and later on a machine that is busy
SAMPLES_A_SECOND, SAMPLED_S = 50, 30
TICKS = os.sysconf("SC_CLK_TCK")

type Row = dict[str, Any]  # of locust's figures


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, default=20)
    arguments.add_argument("--seconds", type=int, default=120)
    arguments.add_argument("--cores", type=int, default=os.cpu_count(), help="cores for everything, locust included")
    options = arguments.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    os.sched_setaffinity(0, cores)  # what is started from here on inherits it
    say = Progress()
    with running(FOLDER, say=say, fresh=True) as system, _served(system) as (url, server):
        say(f"Publishing {CENTERS} centres of {2 * SEATS} places a day")
        _publish(system)
        say(f"{options.users} citizens for {options.seconds} s on {len(cores)} of {os.cpu_count()} cores")
        emulator = _only(_children(os.getpid()), "local.emulator")
        before, began = _cpu(emulator, server), time.monotonic()
        noted, crowd_s = _crowd(url, options.users, options.seconds, emulator)
        lasted = time.monotonic() - began
        cpu = {name: used - before[name] for name, used in _cpu(emulator, server).items()} | {
            "locust, and py-spy": crowd_s
        }
        say("Waiting for the counts to settle, then auditing")
        found = _audit(system, [json.loads(line) for line in (noted / "journal").read_text().splitlines()])
        complaints = _complaints(system)
    _report(json.loads((noted / "figures.json").read_text()), cpu, lasted, len(cores))
    _report_shares(shares((noted / "stacks").read_text()))
    _report_audit(found, complaints)
    return 1 if found.discrepancies else 0


@contextmanager
def _served(system: System) -> Iterator[tuple[str, int]]:
    """The address of an edge in a process of its own, and that process."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(system, listener), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", process.pid
    finally:
        process.terminate()
        process.join()
        listener.close()


def _serve(system: System, listener: socket.socket) -> None:
    edge.server(system, system.folder).run(sockets=[listener])


def _publish(system: System) -> None:
    """As ops do: a file, and `ops.publish`."""
    header = "date,vaccine,min_age_limit,center_id,name,address,district_id,pincode,lat,long,from,to,fee_type,fee,slots"
    slots = f"09:00AM-11:00AM={SEATS}/0;11:00AM-01:00PM={SEATS}/0"
    lines = [
        f"+{day},COVISHIELD,18,{center},Centre {center},{center} Hospital Road,{DISTRICT},741101,23.2,88.48,"
        f"09:00:00,17:00:00,Free,,{slots}"
        for center in range(1, CENTERS + 1)
        for day in (1, 2)
    ]
    file = system.folder / "sessions.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    command = [sys.executable, "-m", "ops.publish", str(file), "--api", system.api_url, "--workers", "1"]
    subprocess.run(command, cwd=ROOT, env=environment(system.port), check=True, stdout=subprocess.DEVNULL)


def _crowd(url: str, users: int, seconds: int, emulator: int) -> tuple[Path, float]:
    """The folder with what the citizens noted and locust found, and the CPU seconds that the crowd itself took.

    They come one every four seconds: a function that starts takes as long as hundreds of its requests, and where many
    start at once none is in time.
    """
    folder = Path(tempfile.mkdtemp(dir=FOLDER))
    settings = {
        "JOURNAL": str(folder / "journal"),
        "DISTRICT": str(DISTRICT),
        "DATE": f"{datetime.now(UTC).astimezone(IST) + timedelta(days=1):%d-%m-%Y}",
    }
    command = [
        *(ENVIRONMENT / "locust", "--headless", "--locustfile", ROOT / "bench" / "load" / "citizens.py"),
        *("--host", url, "--users", users, "--spawn-rate", 0.25, "--run-time", f"{seconds}s", "--stop-timeout", 60),
        *("--json-file", folder / "figures", "--loglevel", "WARNING", "--only-summary", "--exit-code-on-error", 0),
    ]
    before = os.times()
    with (folder / "locust.log").open("wb") as log:
        crowd = subprocess.Popen(list(map(str, command)), env=environment(0) | settings, stdout=log, stderr=log)
        time.sleep(seconds / 2)  # the functions have started by then
        _sample(emulator, folder / "stacks")
        if crowd.wait() != 0:
            raise RuntimeError(f"locust failed; see {folder / 'locust.log'}")
    after = os.times()
    return folder, after.children_user + after.children_system - before.children_user - before.children_system


def _sample(emulator: int, output: Path) -> None:
    """Stacks of the emulator and its functions; none where the machine forbids to look into processes."""
    command = [
        *(ENVIRONMENT / "py-spy", "record", "--pid", emulator, "--subprocesses", "--format", "raw", "--nonblocking"),
        *("--rate", SAMPLES_A_SECOND, "--duration", SAMPLED_S, "--output", output),
    ]
    with output.with_suffix(".log").open("wb") as log:
        subprocess.run(list(map(str, command)), stdout=log, stderr=log)
    if not output.exists():
        output.write_text("")


def _audit(system: System, journal: list[dict[str, Any]]) -> Audit:
    """Once more while it finds something, until the stream has had time to bring the counts up to date."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = audit(journal, _items(system, "Citizens"), _items(system, "Slots"))
        if not found.discrepancies or time.monotonic() > deadline:
            return found
        time.sleep(2)


def _items(system: System, table: str) -> list[dict[str, Any]]:
    pages = (
        system.client("dynamodb").get_paginator("scan").paginate(TableName=system.resource(table), ConsistentRead=True)
    )
    return [item for page in pages for item in page["Items"]]


def _complaints(system: System) -> Counter[str]:
    """The errors and warnings that the functions logged, by their place and reason."""
    logs, found = system.client("logs"), Counter()
    for group in logs.describe_log_groups()["logGroups"]:
        for event in logs.filter_log_events(logGroupName=group["logGroupName"]).get("events", []):
            line = json.loads(event["message"]) if event["message"].startswith('{"level"') else {}
            if line.get("level") in ("ERROR", "WARNING"):
                where = [place.rsplit("/", 1)[-1] for place in line.get("trace", [])[-2:]]
                found[f"{line['service']}: {line['message']}, {line.get('reason', '')} {' > '.join(where)}"] += 1
    return found


# --- where the processor's time went ---------------------------------------------------------------------------------


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _only(pids: list[int], of: str) -> int:
    (found,) = [pid for pid in pids if of in Path(f"/proc/{pid}/cmdline").read_text()]
    return found


def _cpu(emulator: int, server: int) -> dict[str, float]:
    """CPU seconds so far."""
    own, ended = _times(emulator)
    return {
        "emulator": own,
        "functions": ended + sum(sum(_times(pid)) for pid in _descendants(emulator)),
        "edge": sum(_times(server)),
    }


def _times(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and of the children that it has seen end."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, children_user, children_system = (int(field) / TICKS for field in fields[11:15])
    return user + system, children_user + children_system


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_descendants(child)]
    return found


# Whose a frame is, by its file.
OWNERS = {
    "starting: importing modules": r"importlib",
    "botocore, with HTTP": r"\((botocore|urllib3|jmespath|http|email)/|\(socket\.py|\(ssl\.py",
    "PynamoDB": r"\(pynamodb/",
    "Powertools": r"\(aws_lambda_powertools/",
    "pydantic, PyJWT and the like": r"\((pydantic|jwt|stdnum|nacl|fpdf|fontTools|segno|PIL|regex)",
    "Tika": r"\((tika/|app\.py|slip\.py|sheet\.py)",
    "the emulator's worker": r"\(_worker\.py",
}


def shares(stacks: str) -> dict[str, float]:
    """The share of each in the samples of the functions, by the innermost frame that is somebody's."""
    counted: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, number = line.rpartition(" ")
        if "ministack-lambda-" in stack:
            counted[_owner(stack.split(";"))] += int(number)
    total = counted.total() or 1
    return {kind: number / total for kind, number in counted.most_common()}


def _owner(frames: list[str]) -> str:
    for frame in reversed(frames):
        for kind, pattern in OWNERS.items():
            if re.search(pattern, frame):
                return kind
    return "Python itself"


# --- what is said ----------------------------------------------------------------------------------------------------


def _report(figures: list[Row], cpu: dict[str, float], lasted: float, cores: int) -> None:
    requests = sum(row["num_requests"] for row in figures)
    print(f"\n{requests} requests in {lasted:.0f} s on {cores} cores: {requests / lasted:.1f} a second\n")
    print("| request | number | refused or failed | median, ms | 99 of 100, ms |\n| --- | --- | --- | --- | --- |")
    for row in sorted(figures, key=lambda row: -row["num_requests"]):
        print(
            f"| {row['name']} | {row['num_requests']} | {row['num_failures']} "
            f"| {_percentile(row, 0.5)} | {_percentile(row, 0.99)} |"
        )
    print("\n| process | CPU, s | share | ms a request |\n| --- | --- | --- | --- |")
    total = sum(cpu.values())
    for name, used in cpu.items():
        print(f"| {name} | {used:.1f} | {used / total:.0%} | {1000 * used / requests:.1f} |")


def _report_shares(share_of: dict[str, float]) -> None:
    print("\n| in the functions | share |\n| --- | --- |")
    for kind, share in share_of.items():
        print(f"| {kind} | {share:.0%} |")


def _report_audit(found: Audit, complaints: Counter[str]) -> None:
    print(f"\nTold: {', '.join(f'{what}: {number}' for what, number in sorted(found.told.items()))}")
    for what, number in complaints.most_common():
        print(f"Logged {number} times: {what}")
    for discrepancy in found.discrepancies:
        print(f"DISCREPANCY: {discrepancy}")
    print(found.line())


def _percentile(row: Row, share: float) -> int:
    wanted, seen = share * row["num_requests"], 0
    for milliseconds, number in sorted((float(ms), number) for ms, number in row["response_times"].items()):
        seen += number
        if seen >= wanted:
            return round(milliseconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())

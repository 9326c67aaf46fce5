"""`make bench`: what a request costs, measured on the running code and written into docs/performance/requests.md.

Run by pytest for the fixtures of the tests. Counts come from tests/budget. CPU time is a ratio of two sides that take
turns in one process: the handler, and the bare botocore calls that it makes, both answered at once from a recording
(bench/replay.py).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bench import table
from bench.table import Requested, Started
from tests.budget.meter import Cost, measure
from tests.budget.scenes import SCENES, Request, Stage
from tests.budget.test_imports import modules
from tests.conftest import ROOT, new_container

PROCESSES = int(os.environ.get("PROCESSES", "5"))  # of each side, for the cold start
ENVIRONMENT = ("OTP_QUEUE_URL", "PEPPER_SECRET", "TOKEN_KEY_SECRET")
HTTP = "aws_lambda_powertools.event_handler.api_gateway"
# What functions are made with besides what all of them are.
LIBRARIES = {
    "appointment_slip": [HTTP, "fpdf", "uharfbuzz", "segno", "regex"],
    "count_seats": [],
    "register": [HTTP, "stdnum.in_.aadhaar", "stdnum.in_.pan"],
    "release_stale": [],
    "request_otp": [HTTP, "nacl.secret"],
    "send_otp": ["aws_lambda_powertools.utilities.batch", "nacl.secret"],
}
# Their function's start is measured with another of its requests.
NO_START = {"hold refused, warm", "schedule, one person", "find_sessions, a big district"}

type Json = dict[str, Any]


@pytest.mark.parametrize("name", SCENES)
def test_request(name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = SCENES[name](stage)
    new_container()
    cold, _, _ = _record(first, stage, monkeypatch)
    second = SCENES[name](stage)
    stage.warm()
    warm, cost, answer = _record(second, stage, monkeypatch)
    recording = tmp_path / "recording.json"
    recording.write_text(json.dumps(_recording(first.operation, cold, warm)))

    table.write_request(name, _request(cost, answer, _replay(recording, "warm")))
    if name not in NO_START:
        replayed = [[_replay(recording, side) for side in ("start", "floor")] for _ in range(PROCESSES)]
        table.write_start(first.operation, _start(first.operation, replayed))


def _record(request: Request, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> tuple[Json, Cost, Json]:
    now = stage.at.now.isoformat()
    with monkeypatch.context() as patch:
        cost = measure(patch)
        answer = request.make()
    exchanges = [
        {
            "service": one.service,
            "operation": one.operation,
            "parameters": one.parameters,
            "status": one.status,
            "headers": one.headers,
            "body": one.received.decode(),
        }
        for one in cost.exchanges
    ]
    return {"event": request.event, "now": now, "exchanges": exchanges}, cost, answer


def _recording(operation: str, cold: Json, warm: Json) -> Json:
    return {
        "folder": str(ROOT / "functions" / operation),
        "libraries": LIBRARIES.get(operation, [HTTP]),
        "environment": {name: os.environ[name] for name in ENVIRONMENT},
        "cold": cold,
        "warm": warm,
    }


def _replay(recording: Path, side: str) -> Any:
    command = [sys.executable, "-m", "bench.replay", str(recording), side]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def _request(cost: Cost, answer: Json, rounds: list[Json]) -> Requested:
    def ratio(to: str) -> float | None:
        return median(one["handler"] / one[to] for one in rounds) if to in rounds[0] else None

    return Requested(
        calls=cost.line().split(" | ")[0],
        write_units=cost.write_units,
        index_units=cost.index_units,
        read_units=cost.read_units,
        sent=cost.sent,
        received=cost.received,
        answered=table.bytes_of(answer),
        handler_ms=1000 * median(one["handler"] for one in rounds),
        to_bare=ratio("bare"),
        to_tuned=ratio("tuned"),
    )


def _start(operation: str, replayed: list[list[Json]]) -> Started:
    def ratio(of: str) -> float:
        return median(start[of]["cpu_s"] / floor[of]["cpu_s"] for start, floor in replayed)

    (_, floor), *_ = replayed
    return Started(
        modules=len(modules(operation)),
        floor_modules=floor["modules"],
        import_s=median(start["imported"]["cpu_s"] for start, _ in replayed),
        import_ratio=ratio("imported"),
        first_s=median(start["first"]["cpu_s"] for start, _ in replayed),
        first_ratio=ratio("first"),
        memory_mb=median(start["first"]["memory_mb"] for start, _ in replayed),
        floor_memory_mb=median(floor["first"]["memory_mb"] for _, floor in replayed),
    )

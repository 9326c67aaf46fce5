"""One container's life in a process of its own, with the answers of AWS played back at once: what is left is client CPU.

`python -m bench.replay RECORDING tika|floor` prints what it measured as JSON. As `tika` it imports a function, answers
its first request, then goes on answering in turns with the bare calls: the same requests made by the same botocore
client. As `floor` it imports what the function's libraries need at the least, and makes the bare calls of the first
request.
"""

import json
import os
import sys
import time
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROUNDS, AT_LEAST_S = 11, 0.03  # a round of each side takes at least that much CPU time

recording: dict[str, Any] = json.load(open(sys.argv[1]))
os.environ |= recording["environment"]
modules_before = set(sys.modules)
started = time.process_time()


class Played:
    """Answers each request to AWS with the next recorded answer to that operation."""

    def __init__(self) -> None:
        self.script: dict[str, list[dict[str, Any]]] = {}
        self.turn: dict[str, int] = defaultdict(int)

    def begin(self, exchanges: list[dict[str, Any]]) -> None:
        self.script = defaultdict(list)
        for exchange in exchanges:
            self.script[exchange["operation"]].append(exchange)

    def rewind(self) -> None:
        self.turn.clear()

    def __call__(self, request: Any, event_name: str, **_: Any) -> Any:
        operation = event_name.rsplit(".", 1)[1]
        exchange = self.script[operation][self.turn[operation]]
        self.turn[operation] += 1
        return AWSResponse(request.url, exchange["status"], exchange["headers"], Body(exchange["body"].encode()))


class Body:
    def __init__(self, content: bytes):
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def played() -> Played:
    """Every client that is made from now on gets its answers here."""
    answers = Played()
    botocore.handlers.BUILTIN_HANDLERS.append(("before-send", answers))
    return answers


def state() -> dict[str, Any]:
    # Not getrusage: that peak would be the parent's before this program took its place.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {"cpu_s": time.process_time() - started, "memory_mb": int(status["VmHWM"].split()[0]) / 1024}


def tika() -> dict[str, Any]:
    sys.path.insert(0, recording["folder"])
    import app

    modules = len(set(sys.modules) - modules_before)
    imported = state()
    answers = played()
    context = Context()
    answers.begin(recording["cold"]["exchanges"])
    stop_clock(recording["cold"]["now"])
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        assert app.lambda_handler(recording["cold"]["event"], context).get("statusCode", 200) in (200, 204, 409)
        first = state()

        exchanges, event = recording["warm"]["exchanges"], recording["warm"]["event"]
        answers.begin(exchanges)
        stop_clock(recording["warm"]["now"])
        bare_calls = bare(exchanges)
        rounds = []
        for _ in range(ROUNDS):
            handler_s = timed(lambda: (answers.rewind(), app.lambda_handler(event, context)))
            bare_s = timed(lambda: (answers.rewind(), bare_calls())) if exchanges else None
            rounds.append([handler_s, bare_s])
    return {"modules": modules, "imported": imported, "first": first, "rounds": rounds}


def floor() -> dict[str, Any]:
    libraries(recording["libraries"])
    modules = len(set(sys.modules) - modules_before)
    imported = state()
    answers = played()
    answers.begin(recording["cold"]["exchanges"])
    bare(recording["cold"]["exchanges"])()
    return {"modules": modules, "imported": imported, "first": state()}


def libraries(extra: list[str]) -> None:
    """What the functions are made with, as each of them must import it, with one resolver and one shape of a body."""
    import importlib

    import jwt  # noqa: F401
    from aws_lambda_powertools import Logger, Metrics
    from pynamodb.attributes import UnicodeAttribute  # noqa: F401
    from pynamodb.connection import Connection
    from pynamodb.models import Model  # noqa: F401
    from pynamodb.transactions import TransactWrite  # noqa: F401

    Logger(), Metrics(), Connection()
    if "aws_lambda_powertools.event_handler.api_gateway" in extra:
        from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
        from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError  # noqa: F401

        class Body(BaseModel):
            field: str

        APIGatewayRestResolver()
    for name in extra:
        importlib.import_module(name)


def bare(exchanges: list[dict[str, Any]]) -> Any:
    """The calls of `exchanges`, by botocore clients with the settings of Tika's own."""
    import botocore.session
    from botocore.config import Config

    session, clients = botocore.session.get_session(), {}
    retries: Any = {"mode": "standard", "total_max_attempts": 3}
    for exchange in exchanges:
        service = exchange["service"]
        if service not in clients:
            config = Config(parameter_validation=service != "dynamodb", retries=retries)  # as PynamoDB and tika.aws do
            clients[service] = session.create_client(service, config=config)
    calls = [(clients[one["service"]], one["operation"], one["parameters"]) for one in exchanges]

    def make() -> None:
        for client, operation, parameters in calls:
            try:
                client._make_api_call(operation, dict(parameters))
            except client.exceptions.ClientError:
                pass  # an answer that says no is an answer

    return make


def timed(act: Any) -> float:
    """CPU seconds of one `act`."""
    times, start = 0, time.process_time()
    while (spent := time.process_time() - start) < AT_LEAST_S:
        act()
        times += 1
    return spent / times


def stop_clock(now: str) -> None:
    from datetime import datetime

    import tika.clock

    instant = datetime.fromisoformat(now)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return instant

    tika.clock.datetime = Stopped


class Context:
    function_name = "bench"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:ap-south-1:123456789012:function:bench"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


if __name__ == "__main__":
    side = {"tika": tika, "floor": floor}[sys.argv[2]]
    # Counted on both sides, as both need them at once.
    import botocore.handlers
    from botocore.awsrequest import AWSResponse

    print(json.dumps(side()))

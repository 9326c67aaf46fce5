"""One container's life in a process of its own. AWS answers at once from a recording: only the client's CPU is left.

`python -m bench.replay RECORDING start|floor|warm` prints what it measured as JSON. As `start` it imports a function
and answers its first request. As `floor` it imports what the function's libraries need at the least, and makes the bare
calls of that request. As `warm` it answers the first request, then others in turns with their bare calls: the same
requests made by a botocore client alone.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

ROUNDS, ROUND_S, MOST_TURNS = 15, 0.1, 20

recording: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
os.environ |= recording["environment"]
sys.modules["cryptography"] = None  # type: ignore[assignment]  # the tests' own need, which the layer has not
modules_before = set(sys.modules)
started = time.process_time()

# Both sides need these at once, so they are counted for both.
import botocore.handlers
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError


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


def start() -> dict[str, Any]:
    answers = played()
    handler = imported_handler()
    imported = state()
    first(handler, answers)
    return {"imported": imported, "first": state()}


def imported_handler() -> Callable[..., Any]:
    sys.path.insert(0, recording["folder"])
    import app

    return app.lambda_handler


def first(handler: Callable[..., Any], answers: Played) -> None:
    """Answer the first request of a container."""
    answers.begin(recording["cold"]["exchanges"])
    stop_clock(recording["cold"]["now"])
    assert handler(recording["cold"]["event"], Context()).get("statusCode", 200) in (200, 204, 409)


def warm() -> list[dict[str, float]]:
    answers = played()
    handler = imported_handler()
    first(handler, answers)
    exchanges, event = recording["warm"]["exchanges"], recording["warm"]["event"]
    answers.begin(exchanges)
    stop_clock(recording["warm"]["now"])
    acts: dict[str, Callable[[], Any]] = {"handler": lambda: handler(event, Context())}
    if exchanges:
        for name, settings in {"bare": PLAIN, "tuned": TUNED}.items():
            acts[name] = bare(exchanges, clients(botocore.session.Session(), exchanges, settings))
    times = max(1, min(MOST_TURNS, round(ROUND_S / turns(answers, acts, 1)["handler"])))
    return [turns(answers, acts, times) for _ in range(ROUNDS)]


def floor() -> dict[str, Any]:
    answers = played()
    connection = libraries(recording["libraries"])
    made = {"dynamodb": connection.client}
    modules = len(set(sys.modules) - modules_before)
    imported = state()
    exchanges = recording["cold"]["exchanges"]
    answers.begin(exchanges)
    others = [one for one in exchanges if one["service"] != "dynamodb"]
    bare(exchanges, made | clients(connection.session, others, PLAIN))()
    return {"modules": modules, "imported": imported, "first": state()}


def libraries(extra: list[str]) -> Any:
    """What the functions are made with, as each of them must import it, with one resolver and one shape of a body.

    Gives back PynamoDB's connection.
    """
    import importlib

    import jwt  # noqa: F401
    from aws_lambda_powertools import Logger, Metrics
    from pynamodb.attributes import UnicodeAttribute  # noqa: F401
    from pynamodb.connection import Connection
    from pynamodb.models import Model  # noqa: F401
    from pynamodb.transactions import TransactWrite  # noqa: F401

    Logger(), Metrics()
    if "aws_lambda_powertools.event_handler.api_gateway" in extra:
        from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
        from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError  # noqa: F401

        class Body(BaseModel):
            field: str

        APIGatewayRestResolver()
    for name in extra:
        importlib.import_module(name)
    return Connection()


# A client as botocore makes it, and one with the settings of tika.aws and of PynamoDB for DynamoDB.
PLAIN: dict[str, Any] = {}
TUNED = {"parameter_validation": False, "retries": {"mode": "standard"}, "user_agent": "tika"}


def clients(session: Any, exchanges: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    services = {one["service"] for one in exchanges}
    return {service: session.create_client(service, config=Config(**settings)) for service in services}


def bare(exchanges: list[dict[str, Any]], by_service: dict[str, Any]) -> Callable[[], None]:
    """The calls of `exchanges`, made by those botocore clients."""
    calls = [(by_service[one["service"]], one["operation"], one["parameters"]) for one in exchanges]

    def make() -> None:
        for client, operation, parameters in calls:
            # An answer that says no is an answer.
            with suppress(ClientError):
                client._make_api_call(operation, dict(parameters))

    return make


def turns(answers: Played, acts: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """CPU seconds of each act. They take turns, so that whatever else the machine does slows all of them alike."""
    spent = dict.fromkeys(acts, 0.0)
    for _ in range(times):
        for name, act in acts.items():
            answers.rewind()
            start = time.process_time()
            act()
            spent[name] += time.process_time() - start
    return {name: seconds / times for name, seconds in spent.items()}


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
    side = {"start": start, "floor": floor, "warm": warm}[sys.argv[2]]
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        measured = side()
    print(json.dumps(measured))

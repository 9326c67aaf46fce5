"""Looking over the shoulder of a handler: what it asks of AWS, what it counts, what it logs; and making AWS fail."""

import io
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tika import telemetry


@dataclass
class Calls:
    """Every request to AWS, in order, as (operation, parameters)."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    plans: dict[str, list[Callable[[Callable[[], Any]], Any]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.made]

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for made, parameters in self.made if made == operation]

    def refuse(self, operation: str, code: str = "ThrottlingException", times: int = 1) -> None:
        """The next requests of that kind are refused and not applied."""

        def plan(_: Callable[[], Any]) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

        self.plans[operation] += [plan] * times

    def lose_answer(self, operation: str) -> None:
        """The next request of that kind is applied, and the caller never learns of it."""

        def plan(apply: Callable[[], Any]) -> Any:
            apply()
            raise ReadTimeoutError(endpoint_url="https://aws.test")

        self.plans[operation].append(plan)

    def repeat(self, operation: str) -> None:
        """The answer of the next request of that kind is lost, and the client sends it again, as botocore does."""

        def plan(apply: Callable[[], Any]) -> Any:
            apply()
            return apply()

        self.plans[operation].append(plan)

    def pass_by(self, operation: str, times: int = 1) -> None:
        """Leave the next requests of that kind alone, so that the plan after this one meets a later request."""
        self.plans[operation] += [lambda apply: apply()] * times


def watch(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls, make = Calls(), botocore.client.BaseClient._make_api_call

    def watched(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        calls.made.append((operation, parameters))
        if calls.plans[operation]:
            return calls.plans[operation].pop(0)(lambda: make(self, operation, parameters))
        return make(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", watched)
    return calls


def queued(aws: SimpleNamespace) -> list[dict[str, Any]]:
    """The text messages that wait to be sent, taken from the queue."""
    found = []
    while messages := aws.client("sqs").receive_message(QueueUrl=aws.queue, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            aws.client("sqs").delete_message(QueueUrl=aws.queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def counted(printed: str) -> Counter[str]:
    """The metrics in what an invocation printed, summed by name."""
    total: Counter[str] = Counter()
    for line in printed.splitlines():
        value = json.loads(line) if line.startswith("{") else {}
        for directive in value.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                total[metric["Name"]] += sum(value[metric["Name"]])
    return total


def listen(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None = None) -> io.StringIO:
    """Where the log lines arrive as CloudWatch would get them, of every level: in `stream`, if it is given."""
    stream = io.StringIO() if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(telemetry.logger.registered_formatter)
    monkeypatch.setattr(telemetry.logger._logger, "handlers", [handler])
    monkeypatch.setattr(telemetry.logger._logger, "level", logging.DEBUG)
    return stream

"""What a request costs in AWS: round trips, their bytes, and the capacity units that DynamoDB would charge.

Units by DynamoDB's published rules: a write per started KiB and twice that in a transaction, a read per started 4 KiB
and half of that when eventually consistent, and a write per started KiB of each index entry that comes, goes or
changes.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import botocore.client
import botocore.endpoint
import pytest

from tests.conftest import template

INDEXES = {
    name.lower(): template()["Resources"][name]["Properties"].get("GlobalSecondaryIndexes", [])
    for name in ("Otp", "Citizens", "Slots")
}

type Item = dict[str, Any]
type Send = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Exchange:
    """A request to AWS as it went out and the answer as it came, bodies without their headers."""

    service: str
    operation: str
    parameters: dict[str, Any]
    sent: bytes
    status: int
    headers: dict[str, str]
    received: bytes


@dataclass
class Cost:
    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    index_units: int = 0
    read_units: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(len(exchange.sent) for exchange in self.exchanges)

    @property
    def received(self) -> int:
        return sum(len(exchange.received) for exchange in self.exchanges)

    def line(self) -> str:
        calls = " + ".join(f"{number} {name}" for name, number in sorted(self.calls.items())) or "none"
        return f"{calls} | {self.write_units} + {self.index_units} | {self.read_units:g}"


def measure(monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Everything that botocore sends from now on."""
    cost, make = Cost(), botocore.client.BaseClient._make_api_call
    exchange = botocore.endpoint.Endpoint._do_get_response
    asked = threading.local()  # the call that this thread makes; the meter's own are none

    def overheard(self: Any, request: Any, model: Any, context: Any) -> Any:
        result = exchange(self, request, model, context)
        if parameters := getattr(asked, "parameters", None):
            answer, body = result[0][0], request.body or b""
            cost.exchanges.append(
                Exchange(
                    service=model.service_model.service_name,
                    operation=model.name,
                    parameters=parameters,
                    sent=body.encode() if isinstance(body, str) else bytes(body),
                    status=answer.status_code,
                    headers=dict(answer.headers),
                    received=answer.content,
                )
            )
        return result

    def metered(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        def send(name: str, request: dict[str, Any]) -> dict[str, Any]:
            return make(self, name, request)

        cost.calls[operation] += 1
        writes = written(operation, parameters)
        before = [_read(send, table, key) for table, key in writes]
        asked.parameters = parameters
        try:
            answer = make(self, operation, parameters)
        finally:
            asked.parameters = None
        factor = 2 if operation.startswith("Transact") else 1
        for (table, key), old in zip(writes, before, strict=True):
            new = _read(send, table, key)
            cost.write_units += factor * max(_write_units(old), _write_units(new))
            cost.index_units += index_writes(table, old, new)
        cost.read_units += _reads(send, operation, parameters)
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", metered)
    monkeypatch.setattr(botocore.endpoint.Endpoint, "_do_get_response", overheard)
    return cost


def size(item: Item | None) -> int:
    """Bytes of an item as DynamoDB counts them, near enough: names, and values as text."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, held)] = value.items()
    if kind in ("S", "N"):
        return len(held.encode())
    return 1 if kind in ("BOOL", "NULL") else 3 + len(json.dumps(held))


def written(operation: str, parameters: dict[str, Any]) -> list[tuple[str, Item]]:
    if operation == "TransactWriteItems":
        actions = [action for actions in parameters["TransactItems"] for action in actions.values()]
    elif operation in ("PutItem", "UpdateItem", "DeleteItem"):
        actions = [parameters]
    else:
        actions = []
    return [(action["TableName"], action.get("Key") or _key(action["Item"])) for action in actions]


def _key(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk") if name in item}


def _read(send: Send, table: str, key: Item) -> Item | None:
    return send("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item")


def index_writes(table: str, old: Item | None, new: Item | None) -> int:
    units = 0
    for index in INDEXES[table]:
        keys = {part["AttributeName"] for part in index["KeySchema"]}
        before, after = (_entry(index, keys, item) for item in (old, new))
        if before and after and all(before[key] == after[key] for key in keys):
            units += _write_units(max(before, after, key=size)) if before != after else 0
        else:  # deleted, put, or both as its key changed
            units += sum(_write_units(entry) for entry in (before, after) if entry)
    return units


def _entry(index: dict[str, Any], keys: set[str], item: Item | None) -> Item | None:
    """What of `item` the index holds, or None."""
    if not item or not keys <= item.keys():
        return None
    if index["Projection"]["ProjectionType"] == "ALL":
        return item
    held = {"pk", "sk", *keys, *index["Projection"]["NonKeyAttributes"]}
    return {name: value for name, value in item.items() if name in held}


def _write_units(item: Item | None) -> int:
    return max(1, ceil(size(item) / 1024))


def _reads(send: Send, operation: str, parameters: dict[str, Any]) -> float:
    if operation == "GetItem":
        items = [_read(send, parameters["TableName"], parameters["Key"])]
    elif operation == "Query":
        items = send("Query", _unprojected(parameters))["Items"]  # charged as they are, not as they are shown
    else:
        return 0
    units = max(1, ceil(sum(size(item) for item in items) / 4096))
    return units if parameters.get("ConsistentRead") else units / 2


def _unprojected(parameters: dict[str, Any]) -> dict[str, Any]:
    query = {name: value for name, value in parameters.items() if name != "ProjectionExpression"}
    used = query["KeyConditionExpression"] + query.get("FilterExpression", "")
    names = {name: of for name, of in query["ExpressionAttributeNames"].items() if re.search(rf"{name}\b", used)}
    return query | {"ExpressionAttributeNames": names}

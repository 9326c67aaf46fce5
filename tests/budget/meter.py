"""What a request costs in AWS: round trips, and the capacity units that DynamoDB would charge for its items.

Units by DynamoDB's published rules: a write per started KiB and twice that in a transaction, a read per started 4 KiB
and half of that when eventually consistent, and a write for each index entry that comes, goes or changes.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import botocore.client
import pytest

from tests.conftest import template

INDEXES = {
    name.lower(): template()["Resources"][name]["Properties"].get("GlobalSecondaryIndexes", [])
    for name in ("Otp", "Citizens", "Slots")
}

type Item = dict[str, Any]
type Send = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass
class Cost:
    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    index_units: int = 0
    read_units: float = 0.0

    def line(self) -> str:
        calls = " + ".join(f"{number} {name}" for name, number in sorted(self.calls.items())) or "none"
        return f"{calls} | {self.write_units} + {self.index_units} | {self.read_units:g}"


def measure(monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Everything that botocore sends from now on."""
    cost, make = Cost(), botocore.client.BaseClient._make_api_call

    def metered(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        def send(name: str, request: dict[str, Any]) -> dict[str, Any]:
            return make(self, name, request)

        cost.calls[operation] += 1
        writes = written(operation, parameters)
        before = [_read(send, table, key) for table, key in writes]
        answer = make(self, operation, parameters)
        factor = 2 if operation.startswith("Transact") else 1
        for (table, key), old in zip(writes, before, strict=True):
            new = _read(send, table, key)
            cost.write_units += factor * max(1, ceil(max(size(old), size(new)) / 1024))
            cost.index_units += index_writes(table, old, new)
        cost.read_units += _reads(send, operation, parameters)
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", metered)
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
    writes = 0
    for index in INDEXES[table]:
        keys = [part["AttributeName"] for part in index["KeySchema"]]
        entries = [item if item and all(key in item for key in keys) else None for item in (old, new)]
        here = [entry and {key: entry[key] for key in keys} for entry in entries]
        if here[0] != here[1]:
            writes += sum(entry is not None for entry in entries)  # deleted, put, or both as its key changed
        elif entries[0] != entries[1]:
            writes += 1
    return writes


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

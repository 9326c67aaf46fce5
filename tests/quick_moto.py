"""Makes moto's DynamoDB answer in less than half the time, which is most of what tests in process wait for.

What moto works out anew for each request is worked out once, and rows become JSON without a look at the service's model
for each of their values. Nothing that it decides is changed.
"""

import json
import re
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import comparisons
from moto.dynamodb.models.dynamo_type import DynamoType

_ROWS = {"GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    serialize = BaseJSONSerializer._serialize_result

    def serialize_rows(self: BaseJSONSerializer, response: Any, result: Any) -> Any:
        if self.operation_model.name not in _ROWS:
            return serialize(self, response, result)
        plain = json.loads(json.dumps(result, default=DynamoType.to_json))
        return self._serialized_result_to_response(response, result, self.operation_model.output_shape, plain)

    monkeypatch.setattr(BaseJSONSerializer, "_serialize_result", serialize_rows)
    monkeypatch.setattr(comparisons, "re", SimpleNamespace(compile=cache(re.compile)))
    monkeypatch.setattr(responses, "method_names_from_class", cache(responses.method_names_from_class))

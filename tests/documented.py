"""Holding an answer against the API document."""

from typing import Any

from jsonschema import Draft202012Validator

from ops import openapi
from tests.conftest import Answer


def closed(schema: Any) -> Any:
    """The schema without room for a field that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(part) for key, part in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        schema["additionalProperties"] = False
    return schema


def operation_of(document: dict, route: openapi.Route) -> dict:
    return document["paths"][route.path][route.method]


def problems(document: dict, route: openapi.Route, answer: Answer) -> list[str]:
    """What of an answer the document does not tell."""
    response = operation_of(document, route)["responses"].get(str(answer.status))
    if response is None:
        return [f"{answer.status} is not documented"]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    documented, told = response.get("headers", {}).keys(), openapi.HEADERS.keys() & answer.headers.keys()
    if more := told - documented:
        return [f"the headers {sorted(more)} are not documented"]
    if answer.status < 400 and (less := documented - told):
        return [f"the headers {sorted(less)} are not there"]
    if answer.status in (204, 304):
        return ["a body"] if answer.text or "content" in response else []
    kind = answer.headers["Content-Type"].partition(";")[0]
    if kind not in response["content"]:
        return [f"{answer.status} as {kind} is not documented"]
    if kind == "application/pdf":
        return [] if answer.binary.startswith(b"%PDF") else ["this is not a PDF"]
    value = answer.json if kind == "application/json" else answer.text
    return schema_problems(document, response["content"][kind]["schema"], value)


def schema_problems(document: dict, schema: dict, value: Any) -> list[str]:
    components = {"schemas": closed(document["components"]["schemas"])}
    whole = {**closed(schema), "components": components}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]

"""The made parts of docs/api.md: what it says of each route and of each code, from the OpenAPI document.

A part stands between `<!-- made: NAME -->` and `<!-- end -->`; everything else in the file is written by hand.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

PART = re.compile(r"(<!-- made: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
AUTH = {"bearer": "Bearer token", "iam": "AWS IAM (Signature Version 4)"}
# The limits that speak of digits in their other writing.
OTHERS = {"integer": {"pattern"}, "string": {"minimum", "maximum"}}
SIGNED = (
    '--aws-sigv4 aws:amz:ap-south-1:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
)


def filled(text: str, parts: dict[str, str]) -> str:
    """`text` with its parts made anew. Raises LookupError for a part that nobody makes or that is missing."""
    named = [name for _, name, _, _ in PART.findall(text)]
    if sorted(named) != sorted(parts):
        raise LookupError(f"parts of docs/api.md: {sorted(set(named) ^ set(parts)) or 'one is there twice'}")
    return PART.sub(lambda part: f"{part[1]}{parts[part[2]]}{part[4]}", text)


def routes(document: Json) -> dict[str, str]:
    """A part for each summary, by the name of the handler that answers it: several routes may share one."""
    together: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            together.setdefault(operation["x-handler"], []).append((method.upper(), path, operation))
    told: dict[str, str] = {}
    return {name: "\n".join(_route(name, found, document, told)) + "\n" for name, found in together.items()}


def _route(name: str, found: list[tuple[str, str, Json]], document: Json, told: dict[str, str]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    operation = found[0][2]
    # Where some of the routes want a token, they refuse for one more reason.
    most = max((each["responses"] for _, _, each in found), key=len)
    responses = {
        status: document["components"]["responses"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for status, each in most.items()
    }
    yield ""
    for method, path, each in found:
        auth = next((AUTH[key] for one in each["security"] for key in one), "no authentication")
        yield f"- `{method} {path}` ({auth})"
    yield ""

    asked = [each for each in operation.get("parameters", []) if each["in"] != "header"]
    if asked:
        yield from _table(
            "parameter",
            [(f"`{each['name']}` in the {each['in']}", each["schema"], each["required"], each) for each in asked],
            schemas,
        )
    if "requestBody" in operation:
        yield from _table("field", list(_fields(_body(operation), schemas)), schemas)
    yield "```bash"
    yield " \\\n  ".join(_curl(*found[0]))
    yield "```"
    yield ""

    for status, response in responses.items():
        if status == "204":
            yield "Answer: 204 without a body."
            yield ""
        elif status == "200" and "application/pdf" in response["content"]:
            yield "Answer: 200 with the PDF (`Content-Type: application/pdf`)."
            yield ""
        elif status == "200":
            content = response["content"]["application/json"]
            shape, example = content["schema"]["$ref"], _pretty(content.get("example"))
            same = f"as that of `{found[0][0]} {told[example]}`" if example in told else ""
            yield f"Answer: 200{', ' + same if same else ''}"
            yield ""
            if not same:
                yield from ("```json", example, "```", "")
                told[example] = found[0][1]
                for header in response.get("headers", {}):
                    yield f"Header `{header}`: {document['components']['headers'][header]['description']}"
                    yield ""
            if shape not in told:
                told[shape] = found[0][1]
                yield from _table("field of the answer", list(_fields(content["schema"], schemas)), schemas)
            elif not same:
                yield f"Its fields are those of `{told[shape]}`."
                yield ""
    yield "Refusals: " + "; ".join(_refusals(responses)) + "."
    yield ""


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _body(operation: Json) -> Json:
    return operation["requestBody"]["content"]["application/json"]["schema"]


def _curl(method: str, path: str, operation: Json) -> Iterator[str]:
    query, headers = [], []
    for parameter in operation["parameters"]:
        if "example" not in parameter:
            continue
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif parameter["in"] == "query":
            query.append(f"{parameter['name']}={parameter['example']}")
        else:
            headers.append(f'-H "{parameter["name"]}: {parameter["example"]}"')
    address = path + (f"?{'&'.join(query)}" if query else "")
    signed = {"iam": []} in operation["security"]
    verb = f"-X {method} " if method != "GET" else ""
    yield f'curl {verb}"{"$SIGNED_API" if signed else "$API"}{address}"'
    if signed:
        yield from SIGNED
    if {"bearer": []} in operation["security"]:
        yield '-H "Authorization: Bearer $TOKEN"'
    yield from headers
    if "requestBody" in operation:
        example = next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))["value"]
        yield '-H "Content-Type: application/json"'
        yield f"-d '{json.dumps(example, ensure_ascii=False)}'"
    if "200" in operation["responses"] and "application/pdf" in operation["responses"]["200"]["content"]:
        yield "-o appointment-slip.pdf"


def _refusals(responses: Json) -> Iterator[str]:
    """`400 APPOIN0001`, ... in the order of the statuses; the plain texts by their words."""
    for status, response in responses.items():
        if status < "400":
            continue
        content = response["content"]
        codes = content.get("application/json", {}).get("schema", {}).get("allOf", [{}, {}])[1]
        words = [f"`{code}`" for code in codes.get("properties", {}).get("errorCode", {}).get("enum", [])]
        words += [f"the text `{text}`" for text in content.get("text/plain", {}).get("schema", {}).get("enum", [])]
        yield f"{status} {', '.join(words)}"


def _fields(schema: Json, schemas: Json, prefix: str = "") -> Iterator[tuple[str, Json, bool, Json]]:
    """(name, schema, required, where its description is) of each field, those of nested shapes after it."""
    schema = _resolved(schema, schemas)
    for name, field in schema.get("properties", {}).items():
        yield f"`{prefix}{name}`", field, name in schema.get("required", []), field
        yield from _nested(field, schemas, f"{prefix}{name}")


def _nested(field: Json, schemas: Json, prefix: str) -> Iterator[tuple[str, Json, bool, Json]]:
    if "$ref" in field:
        yield from _fields(field, schemas, f"{prefix}.")
    for part in field.get("anyOf", []):
        yield from _nested(part, schemas, prefix)
    if "items" in field:
        yield from _nested(field["items"], schemas, f"{prefix}[]")
    for part in field.get("patternProperties", {}).values():
        yield from _nested(part, schemas, f"{prefix}.*")


def _resolved(schema: Json, schemas: Json) -> Json:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _table(head: str, rows: list[tuple[str, Json, bool, Json]], schemas: Json) -> Iterator[str]:
    is_answer = "answer" in head
    yield f"| {head} | type | {'always there' if is_answer else 'required'} | what it is |"
    yield "|---|---|---|---|"
    for name, schema, required, described in rows:
        words = described.get("description", "").replace("|", "\\|")
        yield f"| {name} | {_type(schema, schemas)} | {'yes' if required else 'no'} | {words} |"
    yield ""


def _type(schema: Json, schemas: Json) -> str:
    """The type and its limits in words, such as "text, at most 100 characters"."""
    if "$ref" in schema:
        return _type(_resolved(schema, schemas), schemas)
    if "anyOf" in schema:
        some = " or ".join(dict.fromkeys(_type(part, schemas) for part in schema["anyOf"]))
        return ", ".join([some, *_where_absent(schema)])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):  # what the contract says stands first; how else digits may be written is said once
        kind = kind[0]
        schema = {key: value for key, value in schema.items() if key not in OTHERS[kind]}
    words = {"string": "text", "integer": "whole number", "array": "list", "boolean": "true or false"}.get(kind, kind)
    if kind == "array":
        inner = _resolved(schema["items"], schemas).get("type", "")
        words = f"list of {'objects' if inner == 'object' else _type(schema['items'], schemas)}"
    limits = []
    if "const" in schema:
        limits.append(f"`{schema['const']}`")
    if "enum" in schema:
        values = [value for value in schema["enum"] if kind != "integer" or isinstance(value, int)]
        limits.append("one of " + ", ".join(f"`{value}`" for value in values))
    if "format" in schema:
        limits.append({"uuid": "a UUID", "date-time": "an instant"}.get(schema["format"], schema["format"]))
    elif "pattern" in schema:
        limits.append(f"`{schema['pattern']}`".replace("|", "\\|"))
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", ""),
    ):
        if least in schema and most in schema:
            limits.append(f"{schema[least]} to {schema[most]}{unit}")
        elif least in schema:
            limits.append(f"at least {schema[least]}{unit}")
        elif most in schema:
            limits.append(f"at most {schema[most]}{unit}")
    return ", ".join([words, *limits, *_where_absent(schema)])


def _where_absent(schema: Json) -> list[str]:
    default = schema.get("default")
    return [] if default is None or default == {} else [f"`{default or 'empty'}` where absent"]


def code_rows(rows: list[tuple[int, str, str, str]]) -> str:
    """A table of (status, code, sentence, when)."""
    lines = ["", "| HTTP | errorCode | sentence | when |", "|---|---|---|---|"]
    for status, code, sentence, when in rows:
        lines.append(f"| {status} | {f'`{code}`' if code else '(plain text)'} | {sentence} | {when} |")
    return "\n".join([*lines, "", ""])


def gateway_rows(rows: list[tuple[str, str, str, str, str]]) -> str:
    """A table of (status, code, sentence, Retry-After, kind)."""
    lines = ["", "| HTTP | errorCode | sentence | Retry-After | API Gateway's name |", "|---|---|---|---|---|"]
    for status, code, sentence, retry_after, kind in rows:
        lines.append(f"| {status} | {f'`{code}`' if code else '(plain text)'} | {sentence} | {retry_after} | {kind} |")
    return "\n".join([*lines, "", ""])

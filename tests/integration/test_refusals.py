"""What is wrong with a field of a request is said in our own words, which name the field and repeat nothing of it."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ops import openapi
from tests import spoken
from tests.conftest import Answer
from tika.api import Command, Query

ROUTES = {route.id: route for route in openapi.routes() if openapi.models(route)}
MARK = "Zzyzx"  # in everything that is sent wrongly
WRONG_TYPE = {MARK: [1.5]}  # neither a text nor a number, nor a list, nor an object of the API
# What some fields take and others do not; none of it is a value of theirs that happens to be right.
NOT_ALLOWED = [
    True,
    -1,
    1.5,
    10**30,
    float("nan"),
    "",
    " ",
    f"={MARK}",
    MARK * 100,
    "\ud800",
    [],
    [MARK] * 5,
    {},
    {MARK: {}},
]
NOT_ALLOWED_TEXT = ["", MARK, "9" * 400, "-1", "31-02-2021", "99"]
TWICE = ["110001", "110002"]

OURS = [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(sentence)), re.DOTALL) for sentence in spoken.sentences()]


@dataclass(frozen=True)
class Broken:
    """What makes a right request wrong in one field; `certainly`: whatever else the field may take, never this."""

    field: str
    changes: dict[str, Any]
    certainly: bool = False


def broken(route: openapi.Route) -> Iterator[Broken]:
    for model in openapi.models(route):
        if issubclass(model, Command):
            yield from broken_body(route, model)
        else:
            yield from broken_parameters(route, model)


def broken_body(route: openapi.Route, model: type[Command]) -> Iterator[Broken]:
    sent = json.loads(next(iter(openapi.events(route).values()))["body"])
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    whole = {name: sent.get(name) for name in fields}
    for place in places(whole):
        needed = len(place) == 1 and fields[str(place[0])].is_required()
        for value in (..., WRONG_TYPE, *NOT_ALLOWED):
            certainly = value is WRONG_TYPE or (value is ... and needed)
            yield Broken(path(place), {"body": changed(whole, place, value)}, certainly)


def broken_parameters(route: openapi.Route, model: type[Query]) -> Iterator[Broken]:
    for name, field in model.model_fields.items():
        if f"{{{name}}}" in route.path:
            yield from (Broken(name, {"path": {name: each}}) for each in NOT_ALLOWED_TEXT)
            continue
        for value in (*NOT_ALLOWED_TEXT, TWICE, ...):
            certainly = value is TWICE or (value is ... and field.is_required())
            yield Broken(name, {"query": {name: value}}, certainly)


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each field of a body stands, those inside of fields included."""
    if place:
        yield place
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*place, name))


def path(place: tuple[str | int, ...]) -> str:
    return ".".join(map(str, place))


def changed(whole: dict[str, Any], place: tuple[str | int, ...], value: Any) -> str:
    """The body with `value` at a place, or without it."""
    body = copy.deepcopy(whole)
    inside: Any = body
    for part in place[:-1]:
        inside = inside[part]
    if value is ...:
        del inside[place[-1]]
    else:
        inside[place[-1]] = value
    return json.dumps(body)


@pytest.fixture
def ask(call: Callable[..., Answer], a_citizen: Any) -> Callable[..., Answer]:
    """`ask(route, **changes)`, signed in where that is wanted."""
    citizen = a_citizen()

    def ask(route: openapi.Route, **changes: Any) -> Answer:
        token = citizen.token if route.auth == "bearer" else None
        return call(route.operation, next(iter(openapi.events(route))), token=token, **changes)

    return ask


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_what_is_wrong_with_a_field_is_said_in_our_own_words(ask, route):
    for wrong in broken(route):
        answer = ask(route, **wrong.changes)

        assert answer.status < 500, wrong
        if answer.status < 400 and not wrong.certainly:
            continue  # there are fields that take it
        error = answer.json["error"]
        field, _, said = error.rpartition(": ")
        assert any(one.fullmatch(said) or one.fullmatch(error) for one in OURS), (wrong, error)
        assert field.partition(".")[0] in spoken.named() | {""}, error
        assert MARK not in answer.text, wrong
        if wrong.certainly:
            assert error.startswith((f"{wrong.field}: ", f"{wrong.field}.")), (wrong, error)

"""What is wrong with a field of a request is said in our own words, which name the field and repeat nothing of it.

Whatever is refused is told in English and in the language that the request prefers.
"""

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest

from ops import openapi
from tests import spoken
from tests.conftest import Answer, Context, event_of
from tika import api, sentences
from tika.api import Command, Query
from tika.languages import LANGUAGES
from tika.refusals import Invalid, Refusal

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


def patterns(told: Iterable[str]) -> list[re.Pattern[str]]:
    """What answers say by these sentences, whatever stands for the names in them."""
    return [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(sentence)), re.DOTALL) for sentence in told]


OURS = patterns(spoken.sentences())
TOLD = {language: patterns(words["sentences"].values()) for language, words in spoken.catalogues().items()}


def is_told(text: str, language: str) -> bool:
    """Whether this is a sentence of ours in `language`, after the name of a field or without one."""
    if language == "en":
        return text == ""
    after = [text, *(text[place.end() :] for place in re.finditer(": ", text))]
    return any(one.fullmatch(said) for said in after for one in TOLD[language])


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
    for wrong, language in zip(broken(route), cycle(["en", *LANGUAGES])):
        headers = {} if language == "en" else {"Accept-Language": language}
        answer = ask(route, **wrong.changes, headers=headers)

        assert answer.status < 500, wrong
        if answer.status < 400 and not wrong.certainly:
            continue  # there are fields that take it
        error = answer.json["error"]
        field, _, said = error.rpartition(": ")
        assert any(one.fullmatch(said) or one.fullmatch(error) for one in OURS), (wrong, error)
        assert field.partition(".")[0] in spoken.named() | {""}, error
        assert is_told(answer.json["error_l"], language), (wrong, answer.json)
        assert MARK not in answer.text, wrong
        if wrong.certainly:
            assert error.startswith((f"{wrong.field}: ", f"{wrong.field}.")), (wrong, error)


# --- in the language of the reader -----------------------------------------------------------------------------------


def refused(refusal: Refusal, accept_language: str | None) -> str:
    """The body of the answer to a request that is refused so."""
    app = api.new_app()

    @app.get("/api/v2/status")
    def refuse() -> None:
        raise refusal

    headers = {} if accept_language is None else {"Accept-Language": accept_language}
    return api.entrypoint(app)(event_of("status", "status", headers=headers), Context())["body"]


def whatever_is_refused() -> Iterator[Refusal]:
    """Every code as it stands, every sentence and every field."""
    yield from (each() for each in openapi.all_refusals() if each.code)
    for sentence in spoken.sentences():
        yield Invalid(sentence, **dict.fromkeys(spoken.holes(sentence), 7))
    yield from (Invalid(field=name) for name in spoken.named())


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_whatever_is_refused_is_told_in_english_and_in_the_language_of_the_reader(language):
    for refusal in whatever_is_refused():
        answer = json.loads(refused(refusal, None if language == "en" else language))

        assert list(answer) == ["errorCode", "error", "error_l"]
        assert (answer["errorCode"], answer["error"]) == (refusal.code, refusal.error)
        assert is_told(answer["error_l"], language), (refusal.error, answer["error_l"])
        if language != "en":
            name = f"{spoken.catalogues()[language]['fields'][refusal.field]}: " if refusal.field else ""
            assert answer["error_l"].startswith(name)
            assert answer["error_l"].endswith(spoken.SCRIPTS[language][1])
            assert spoken.foreign(answer["error_l"], language) == ""


def test_what_the_protocol_says_in_plain_text_is_told_so_in_every_language():
    assert {refused(each(), "hi") for each in openapi.all_refusals() if not each.code} == spoken.PLAIN


@pytest.mark.parametrize(
    ("accept_language", "language"),
    [
        ("hi-IN,hi;q=0.9,en;q=0.8", "hi"),
        ("ta_IN", "ta"),
        ("OR", "or"),
        ("en-IN,hi;q=0.9", "en"),
        ("fr-FR,hi;q=0.9", "en"),
        ("hin", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_first_language_that_is_preferred_is_the_one(accept_language, language):
    answer = json.loads(refused(Invalid(), accept_language))

    assert answer["error_l"] == sentences.told(Invalid(), language)


@pytest.mark.parametrize("body", ["x" * api.MAX_BODY_BYTES, "x" * (api.MAX_BODY_BYTES + 1), "[]"])
def test_a_body_that_is_not_even_read_is_refused_in_the_language_of_the_reader(call, body):
    answer = call("request_otp", "public", body=body, headers={"Accept-Language": "mr"})

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error_l"].startswith("पाठवलेली विनंती: ")

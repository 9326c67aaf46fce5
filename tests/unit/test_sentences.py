"""What refusals say: each sentence is written once, in our own words, where the tests find it."""

import typing
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

from ops import openapi
from tests import spoken
from tika import fields
from tika.fields import Unfit, explained
from tika.refusals import Invalid, LapseCooldown

MODELS = {model.__name__: model for route in openapi.routes() for model in openapi.models(route)}


def test_a_sentence_is_told_with_its_values_and_its_field():
    said = Invalid("from {least} to {most} is needed.", field="lat", least=8.06, most=37.1)

    assert (said.error, str(said)) == ("lat: from 8.06 to 37.1 is needed.",) * 2
    assert LapseCooldown(retry_after=0).error == LapseCooldown.sentence


def test_every_sentence_is_written_where_it_can_be_found():
    assert [call.where for call in spoken.calls() if call.unknown] == []


@pytest.mark.parametrize(
    "source",
    [
        'raise Invalid(f"no {x}")',
        'raise Invalid("no " + x)',
        "raise refusals.Invalid(SAID)",
        "class Own(Invalid):\n pass\nraise Own(x)",
        "def one(said):\n raise Unfit(said)\none(x)",
        "def one(said):\n def two():\n  raise Unfit(said)\n return two\ndef three(heard):\n one(heard)\nthree(x)",
    ],
)
def test_a_sentence_that_is_put_together_is_noticed(source):
    assert [call.unknown for call in spoken.calls_in({"one": source})] == [True]


def test_a_sentence_that_is_handed_on_is_found():
    source = 'def one(first, said):\n raise Invalid(said, field=first)\none("a", "Nothing {of} that.")'

    assert [call.sentence for call in spoken.calls_in({"one": source})] == ["Nothing {of} that."]


def test_the_names_in_a_sentence_are_those_of_its_values():
    wrong = [call.where for call in spoken.calls() if spoken.holes(call.sentence or "") != call.values]

    assert wrong == []
    assert [each.__name__ for each in openapi.all_refusals() if spoken.holes(each.sentence)] == []


def kinds(model: type[BaseModel]) -> set[str]:
    """What pydantic may find wrong in a request of this shape, by its own names."""
    found: set[str] = set()
    for node in spoken.nodes(model.__pydantic_core_schema__):
        found |= KINDS[node["type"]](node)
    return found


def numbers(kind: str, node: dict[str, Any]) -> set[str]:
    assert {"gt", "lt", "multiple_of"}.isdisjoint(node)
    limits = {"ge": "greater_than_equal", "le": "less_than_equal", "allow_inf_nan": "finite_number"}
    return {kind} | {limits[name] for name in limits if name in node}


def lengths(kinds: set[str], short: str, long: str, node: dict[str, Any]) -> set[str]:
    assert node.get("min_length", 1) == 1
    return kinds | ({short} if "min_length" in node else set()) | ({long} if "max_length" in node else set())


# By the type of a node of pydantic's schema; one that is new here must be looked up in pydantic's table of errors.
KINDS = {
    "any": lambda _: set(),
    "default": lambda _: set(),
    "dict": lambda node: lengths({"dict_type"}, "too_short", "too_long", node),
    "float": lambda node: numbers("float_type", node),
    "function-after": lambda _: set(),  # our own: Unfit
    "function-before": lambda _: set(),  # our own, which take a value in another form and refuse none
    "int": lambda node: numbers("int_type", node),
    "list": lambda node: lengths({"list_type"}, "too_short", "too_long", node),
    "literal": lambda _: {"literal_error"},
    "model": lambda _: {"model_type"},
    "model-field": lambda node: set() if node["schema"]["type"] == "default" else {"missing"},
    "model-fields": lambda _: set(),
    "no-info": lambda _: set(),
    "nullable": lambda _: set(),
    "str": lambda node: (
        lengths({"string_type", "string_unicode"}, "string_too_short", "string_too_long", node)
        | ({"string_pattern_mismatch"} if "pattern" in node else set())
    ),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_whatever_pydantic_finds_wrong_is_said_in_our_words(model):
    assert kinds(model) - fields.SENTENCES.keys() == set()


def test_numbers_are_strict_so_that_pydantic_parses_none():
    """Parsing has kinds of errors of its own."""
    lax = [model for model in MODELS.values() if not model.model_config.get("strict")]

    found = {node["type"] for model in lax for node in spoken.nodes(model.__pydantic_core_schema__)}
    assert found & {"int", "float"} == set()


def test_nothing_is_said_of_what_pydantic_never_finds():
    assert fields.SENTENCES.keys() - set(typing.get_args(ErrorType)) == set()
    assert fields.SENTENCES.keys() - set().union(*map(kinds, MODELS.values())) == set()


class Novel(BaseModel):
    wait: timedelta = timedelta()
    names: dict[str, int] = {}


def wrong(**given: Any) -> list[str]:
    with pytest.raises(ValidationError) as found:
        Novel.model_validate(given, strict=True)
    return [refusal.error for refusal in explained(found.value)]


def test_what_nobody_thought_of_is_said_in_our_words_too():
    assert wrong(wait="Zzyzx") == ["wait: this value is not valid."]


def test_a_key_that_is_wrong_is_not_repeated():
    assert wrong(names={8: 1}) == ["names: a text is needed."]


def test_what_does_not_fit_becomes_a_refusal_once_its_field_is_known():
    assert Unfit("at most {most} of them.", most=3).at("slots.0.slot").error == "slots.0.slot: at most 3 of them."

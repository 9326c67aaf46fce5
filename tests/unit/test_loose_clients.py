"""What some clients write otherwise than the contract: days without zeros, numbers as text, digits as numbers."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import openapi
from tika.api import Command, as_number, as_text, number_of, parse_day, text_like, whole_number

BODIES = {
    f"{route.id} {case}": (shape, json.loads(event["body"]))
    for route in openapi.routes()
    for shape in openapi.models(route)
    for case, event in openapi.events(route).items()
    if issubclass(shape, Command) and event["body"]
}
NOT_TURNED = {"mobile"}  # it is read by a rule of its own


def turned(value):
    """Each whole number as text, and each text of digits as a number."""
    if isinstance(value, dict):
        return {name: part if name in NOT_TURNED else turned(part) for name, part in value.items()}
    if isinstance(value, list):
        return [turned(part) for part in value]
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize(("shape", "body"), BODIES.values(), ids=BODIES)
def test_every_body_may_have_its_numbers_as_text_and_its_digits_as_numbers(shape, body):
    body = {name: part for name, part in body.items() if part is not None}

    assert shape.model_validate(turned(body)) == shape.model_validate(body)


def test_there_is_something_to_turn():
    assert sum(turned(body) != body for _, body in BODIES.values()) >= 5


class Some(Command):
    number: whole_number(0, 10**9) = 0
    one_of: number_of((1, 2)) = 1
    digits: text_like("[0-9]{1,14}", "some digits") = "0"


@given(st.integers(0, 10**9))
def test_a_number_and_its_digits_are_the_same(number):
    assert Some(number=str(number), digits=number) == Some(number=number, digits=str(number))


@given(st.from_regex("0[0-9]{1,12}", fullmatch=True))
def test_no_zero_in_front_of_digits_is_lost(digits):
    assert Some(digits=digits).digits == digits


NO_DIGITS = st.one_of(
    st.booleans(),
    st.none(),
    st.floats(),
    st.integers(max_value=-1),
    st.from_regex(r"[+-][0-9]{1,9}|[0-9]{1,4}[ ._,\u00a0\n][0-9]{0,4}|[0-9]{19,}|", fullmatch=True),
    st.text(st.characters(categories=["Nd", "No", "Nl"], exclude_characters="0123456789"), min_size=1),
)


@given(NO_DIGITS)
def test_nothing_else_becomes_digits_or_a_number(value):
    assert as_text(value) is value
    assert as_number(value) is value


@pytest.mark.parametrize("field", ["number", "one_of", "digits"])
@pytest.mark.parametrize("value", [True, 1.5, -1, "+1", "1 ", "१", "１", "", [1], {"1": 1}], ids=ascii)
def test_what_is_neither_is_refused(field, value):
    with pytest.raises(ValueError, match=field):
        Some.model_validate({field: value})


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(DAYS, st.sampled_from(["{0.day:02}", "{0.day}"]), st.sampled_from(["{0.month:02}", "{0.month}"]), st.booleans())
def test_every_spelling_of_a_day_is_that_day(day, of_day, of_month, century):
    year = f"{day.year}" if century else f"{day.year % 100:02}"

    assert parse_day("-".join([of_day.format(day), of_month.format(day), year])) == day


@given(st.from_regex("[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|[0-9]{4})", fullmatch=True))
def test_a_text_that_is_read_as_a_day_says_that_day(text):
    try:
        day = parse_day(text)
    except ValueError:
        return
    said = [int(part) for part in text.split("-")]
    assert said in ([day.day, day.month, day.year], [day.day, day.month, day.year - 2000])

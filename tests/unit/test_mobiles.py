"""Mobile numbers as people write them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tika.refusals import MobileInvalid
from tika.signin import mobiles


@pytest.mark.parametrize(
    "written",
    [
        "9876543210",
        "+919876543210",
        "919876543210",
        "09876543210",
        "00919876543210",
        "+00919876543210",
        "+91 0 98765 43210",
        "91 00 98765 43210",
        " 98765 43210 ",
        "98765-43210",
        "+91-98765-43210",
        "(+91) 98765.43210",
        "+91\u00a098765\u00a043210",  # the spaces that a web page puts in
        "98765\u201143210",  # the dash that does not break
        "\u202a+91 98765 43210\u202c",  # copied from a phone book, with its invisible marks
        "9876543210\n",
        "\t9876543210\r\n",
    ],
    ids=ascii,
)
def test_one_number_written_in_many_ways_is_one_number(written):
    assert mobiles.normal(written) == "9876543210"


def test_every_series_of_mobile_numbers_is_taken(measured):
    dice, refused, tried = random.Random(28042021), [], 100_000
    for _ in range(tried):
        number = f"{dice.choice('6789')}{dice.randrange(10**9):09d}"
        try:
            assert mobiles.normal(number) == number
        except MobileInvalid:
            refused.append(number)

    measured(f"of {tried:,} random Indian mobile numbers {len(refused)} are refused")
    assert refused == []


NATIONAL = st.from_regex("[6-9][0-9]{9}", fullmatch=True)
BEFORE = ["", "+91", "91", "0", "0091", "+0091", "+910", "910", "9100", "00910"]
BETWEEN = st.text(" -.()\u00a0\u2009\u2011\u2013\u200e\u202c", max_size=1)


@given(NATIONAL, st.sampled_from(BEFORE), st.lists(BETWEEN, min_size=16))
def test_whatever_stands_before_and_between_its_digits_a_number_is_the_same(number, before, between):
    written = "".join(char + space for char, space in zip(before + number, between, strict=False))

    assert mobiles.normal(written) == number


@given(st.from_regex("91[0-9]{8}", fullmatch=True))
def test_ten_digits_that_begin_like_the_countrys_code_are_a_number_of_their_own(number):
    assert [mobiles.normal(before + number) for before in BEFORE] == [number] * len(BEFORE)


@given(st.text("+019", max_size=7), NATIONAL)
def test_nothing_else_may_stand_before_it(before, number):
    if before in [*BEFORE, "+9100", "+00910", "009100", "+009100"]:
        assert mobiles.normal(before + number) == number
    else:
        with pytest.raises(MobileInvalid):
            mobiles.normal(before + number)


@pytest.mark.parametrize("number", [9876543210, 919876543210])
def test_a_number_may_be_written_as_one(number):
    assert mobiles.normal(number) == "9876543210"


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "98765",
        "987654321",  # nine digits
        "98765432101",  # eleven
        "910987654321",
        "1234567890",
        "0000000000",
        "5876543210",
        "2228482848",  # a landline in Mumbai
        "01123456789",  # a landline in Delhi
        "18001111111",  # a free call
        "+12025550123",
        "+8801712345678",  # a mobile in Bangladesh
        "+9779841234567",  # in Nepal
        "+91+9876543210",
        "+0009876543210",  # no country has this code
        "9876543210 ext 5",
        "9876543210;ext=5",
        "9876543210x1",
        "9876543210,9876543211",
        "9876543210/9876543211",
        "98FLOWERS0",
        "tel:9876543210",
        "9876543210\x00",
        "9876543210'--",
        "98765#43210",
        "*9876543210",
        "९८७६५४३२१०",
        "৯৮৭৬৫৪৩২১০",
        "９８７６５４３２１０",  # full width
        "987654321०",
        "98765432¹⁰",
        "\ud8009876543210",
        "9" * 100_000,
        " " * 100_000 + "9876543210",
        "+" + "0" * 30 + "9876543210",
    ],
    ids=lambda written: ascii(written[:24]),
)
def test_what_is_no_indian_mobile_number_is_refused(written):
    with pytest.raises(MobileInvalid):
        mobiles.normal(written)


@pytest.mark.parametrize(
    "thing",
    [None, 9876543210.0, True, False, 987654321, -9876543210, 10**5000, [], ["9876543210"], {}, b"9876543210"],
    ids=lambda thing: f"{thing:.12e}" if isinstance(thing, float) else ascii(thing) if thing != 10**5000 else "huge",
)
def test_what_is_neither_text_nor_such_a_number_is_refused(thing):
    with pytest.raises(MobileInvalid):
        mobiles.normal(thing)

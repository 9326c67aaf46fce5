"""Mobile numbers as people write them."""

import pytest

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
        "+91 0 98765 43210",
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


@pytest.mark.parametrize("written", ["6000000000", "7000000000", "8000000000", "9999999999"])
def test_every_series_of_mobile_numbers_is_taken(written):
    assert mobiles.normal(written) == written


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
    "thing", [None, 9876543210, 9876543210.0, True, [], ["9876543210"], {}, b"9876543210"], ids=repr
)
def test_what_is_not_text_is_refused(thing):
    with pytest.raises(MobileInvalid):
        mobiles.normal(thing)

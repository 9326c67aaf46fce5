"""A centre takes places back while a crowd is booking them, on the emulator's real conditional writes."""

import pytest

from tests.concurrency.cut import cut_while_booking

pytestmark = pytest.mark.system


def test_a_cut_under_a_crowd_leaves_exactly_the_places_it_reports(system, measured):
    outcome = cut_while_booking(system, people=160, seats=100, to=20)

    measured(f"100 places cut to 20 while 160 people book: {outcome}")
    assert 20 <= outcome.places < 100
    assert outcome.booked == outcome.told["booked"] <= outcome.places


def test_a_cut_that_only_lowers_a_number_is_oversold(system, measured):
    """The twin that must lose, or the cut above proves nothing."""
    outcome = cut_while_booking(system, people=160, seats=100, to=20, design="number")

    measured(f"the same by lowering a number: {outcome}")
    assert outcome.booked > outcome.places

"""Crowds of parallel processes at one slot, on the emulator's real conditional writes."""

import pytest

from tests.concurrency.crowd import rush

pytestmark = pytest.mark.system


def test_two_hundred_at_fifty_seats_sell_exactly_fifty(system, measured):
    told, transactions = rush(system, people=200, seats=50)

    measured(f"200 people at 50 seats: {dict(told)}, {transactions / 50:.2f} transactions a booking")
    assert told == {"booked": 50, "FullyBooked": 150, "rows": 50}
    assert transactions <= 500  # all see the empty slot at once, so each writes once; the more, the slower the machine


def test_the_last_seat_goes_to_one_of_forty(system):
    told, _ = rush(system, people=40, seats=1)

    assert told == {"booked": 1, "FullyBooked": 39, "rows": 1}


def test_the_design_that_looks_before_it_writes_oversells(system, measured):
    """The twin that must lose, or the crowds above prove nothing."""
    told, _ = rush(system, people=200, seats=50, design="counting")

    measured(f"without the condition: {dict(told)}")
    assert told["booked"] > 50
    assert told["rows"] <= 50

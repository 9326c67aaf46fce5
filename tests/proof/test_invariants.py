"""Each invariant notices: a Tika in which one thing is broken by hand must fail it, and the sound one must pass."""

import json
from datetime import timedelta

import pytest

from tests.conftest import MORNING, NOONTIME, load
from tests.proof import invariants
from tests.proof.invariants import Broken
from tests.proof.world import code_in
from tika import telemetry
from tika.booking import seats
from tika.people import registry
from tika.refusals import PhotoIdInUse
from tika.sessions import sessions
from tika.signin import otp
from tika.tables.citizens import CitizenRow
from tika.tables.otp import Challenge
from tika.tables.slots import Seat, SlotRow
from tika.texts import messages

ANYTHING = Seat.pk.exists() | Seat.pk.does_not_exist()


def test_an_ordinary_day_passes(world):
    session = world.session(seats=3, slots=(MORNING, NOONTIME))
    asha, family = world.citizen(), world.citizen(people=2)

    held = world.hold(asha, session)
    invariants.check(world)
    assert world.confirm(asha, held.json["appointment_id"]).ok
    booked = world.schedule(family, session)
    invariants.check(world)
    world.drain()
    assert world.reschedule(family, booked.json["appointment_confirmation_no"], session, NOONTIME).ok
    assert world.cancel(asha, held.json["appointment_id"]).ok
    assert world.hold(asha, session).ok
    code = sign_in(world, asha)

    invariants.check_settled(world)
    assert len(world.state.texts) == 4
    assert world.state.secrets[code] == "code"


def sign_in(world, citizen):
    """With the code that comes; the code."""
    asked = world.request_otp(citizen.caller.mobile)
    world.drain()
    code = code_in(world.state.texts[-1][1])
    assert world.verify_otp(asked.json["txnId"], code).ok
    return code


@pytest.fixture
def book(world):
    """`book(2)`: so many people, each with a mobile number of their own, book a place in a slot of two; the answers."""
    session = world.session(seats=2, slots=(MORNING, NOONTIME))
    return lambda number=1: [world.schedule(world.citizen(), session) for _ in range(number)]


@pytest.fixture
def held(world):
    """Somebody who holds a place, the session, and the appointment's id."""
    citizen, session = world.citizen(), world.session(seats=2, slots=(MORNING, NOONTIME))
    return citizen, session, world.hold(citizen, session).json["appointment_id"]


def broken(world, check=invariants.check):
    """The names of the invariants that do not hold."""
    with pytest.raises(Broken) as caught:
        check(world)
    return {problem.split(":")[0] for problem in str(caught.value).split("; ")}


def test_i1_a_seat_beyond_the_last_is_noticed(world, book, monkeypatch):
    monkeypatch.setattr(seats, "_choose", lambda session, slot, dose, wanted, **_: [slot.seats[dose]])
    book()

    assert broken(world) == {"i1_live_seats_never_exceed_capacity"}


def test_i2_a_seat_sold_twice_is_noticed(world, book, monkeypatch):
    monkeypatch.setattr(seats, "free", lambda now: ANYTHING)
    monkeypatch.setattr(seats, "_choose", lambda session, slot, dose, wanted, **_: list(range(wanted)))
    book(2)

    assert "i2_a_booking_told_is_there_until_its_citizen_cancels" in broken(world)


def test_i2_a_booking_that_is_not_shown_is_noticed(world, book, monkeypatch):
    book()
    monkeypatch.setattr(registry, "stands", lambda row, now: False)

    assert broken(world, invariants.check_settled) == {"i2_what_a_citizen_sees_is_what_is_booked"}


def test_i3_a_seat_without_its_appointment_is_noticed(world, book, monkeypatch):
    transact = seats.transact
    monkeypatch.setattr(seats, "transact", lambda puts: transact(puts=puts[:1]))
    book()

    assert "i3_each_seat_has_its_appointment" in broken(world)


def test_i3_a_seat_that_is_never_freed_is_noticed(world, held, monkeypatch):
    monkeypatch.setattr(seats, "release", lambda batch, now: 0)

    assert broken(world, invariants.check_settled) == {"i3_free_and_booked_are_the_capacity"}


def test_i3_counts_that_go_on_being_old_are_noticed(world, book, monkeypatch):
    book()
    monkeypatch.setattr(sessions, "_store", lambda *args, **named: None)

    assert broken(world, invariants.check_settled) == {"i3_free_and_booked_are_the_capacity"}


def test_i4_a_hold_confirmed_after_it_lapsed_is_noticed(world, held, monkeypatch):
    citizen, _, appointment_id = held
    world.clock.now += timedelta(minutes=6)
    monkeypatch.setattr(registry, "stands", lambda row, now: True)
    monkeypatch.setattr(seats, "epoch", lambda now: 0)
    assert world.confirm(citizen, appointment_id).ok

    assert broken(world) == {"i4_each_hold_ends_once"}


def test_i4_a_hold_that_is_extended_is_noticed(world, held):
    invariants.check(world)
    for row in (*CitizenRow.scan(), *SlotRow.scan()):
        if getattr(row, "hold_until", None):
            row.update(actions=[type(row).hold_until.set(row.hold_until + 60)])

    assert broken(world) == {"i4_each_hold_ends_once"}


def test_i5_a_code_accepted_twice_is_noticed(world, monkeypatch):
    monkeypatch.setattr(otp, "_usable", lambda at: Challenge.pk.exists())
    citizen = world.citizen(people=0)
    code = sign_in(world, citizen)
    assert world.verify_otp(world.state.ledger[-1].sent["txnId"], code).ok

    assert broken(world) == {"i5_a_code_is_accepted_once_and_tries_are_counted_first"}


def test_i5_a_guess_compared_before_it_is_counted_is_noticed(world, monkeypatch):
    monkeypatch.setattr(otp, "_count_try", lambda txn_id, at: Challenge.get(Challenge.key(txn_id)))
    sign_in(world, world.citizen(people=0))

    assert broken(world) == {"i5_a_code_is_accepted_once_and_tries_are_counted_first"}


def test_i5_a_code_that_goes_nowhere_is_noticed(world, monkeypatch):
    monkeypatch.setattr(messages, "_queue", lambda message: None)
    world.request_otp(world.citizen(people=0).caller.mobile)

    assert broken(world, invariants.check_settled) == {"i5_every_code_promised_was_sent_or_is_a_dead_letter"}


def test_i6_a_second_appointment_for_one_order_is_noticed(world, held, monkeypatch):
    citizen, session, _ = held
    monkeypatch.setattr(seats, "_standing", lambda *args, **named: [])
    monkeypatch.setattr(seats, "_as_read", lambda row, now: ANYTHING)
    assert world.hold(citizen, session).ok

    names = broken(world)
    assert "i6_the_same_order_has_one_appointment" in names
    assert "i7_one_live_appointment_per_person_and_dose" in names


def test_i6_a_fault_of_our_own_is_noticed(world, book, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(seats, "schedule", fail)
    book()

    assert broken(world) == {"i6_no_answer_is_a_fault_of_our_own"}


def test_i6_another_answer_to_the_same_request_is_noticed(world, held, monkeypatch):
    citizen, session, _ = held
    told = world.state.ledger[-1]
    monkeypatch.setattr(load("book_slot"), "iso", lambda seconds: f"{world.state.ticks}")

    with pytest.raises(Broken, match="i6_again"):
        invariants.check_again(world, lambda: world.hold(citizen, session), told)


def test_i6_a_second_effect_of_the_same_request_is_noticed(world, held):
    told = world.state.ledger[-1]

    with pytest.raises(Broken, match="changed the tables"):
        invariants.check_again(world, lambda: (world.cancel(held[0], held[2]), told)[1], told)


def test_i9_a_request_more_is_noticed(world, book, monkeypatch):
    load_once = registry.load
    monkeypatch.setattr(registry, "load", lambda account: (load_once(account), load_once(account))[1])
    book()

    assert broken(world) == {"i9_requests_stay_within_budget_also_under_retries"}


def test_i9_a_row_that_has_grown_is_noticed(world, book, monkeypatch):
    place = seats._place
    monkeypatch.setattr(seats, "_place", lambda *args: place(*args) | {"vaccine": "x" * 3000})
    book()

    assert broken(world) == {"i9_requests_stay_within_budget_also_under_retries"}


def _log(world, citizen):
    telemetry.logger.warning("this one", extra={"who": world.page(citizen).json["beneficiaries"][0]["name"]})


def _measure(world, citizen):
    telemetry.count("Called", 1)
    telemetry.metrics.add_metadata("caller", citizen.caller.mobile)
    telemetry.metrics.flush_metrics()


def _name_in_an_error(world, citizen):
    fields = world.newcomer()
    assert world.register(citizen, **fields).ok
    PhotoIdInUse.sentence = f"{fields['photo_id_number']} is in use."
    world.register(world.citizen(people=0), **fields)


def _queue_in_the_open(world, citizen):
    load("request_otp").seal = json.dumps
    world.request_otp(citizen.caller.mobile)
    world.pull()


@pytest.mark.parametrize("leak", [_log, _measure, _name_in_an_error, _queue_in_the_open])
def test_i10_a_leak_is_noticed(world, monkeypatch, leak):
    monkeypatch.setattr(PhotoIdInUse, "sentence", PhotoIdInUse.sentence)
    monkeypatch.setattr(load("request_otp"), "seal", load("request_otp").seal)
    citizen = world.citizen()
    invariants.check(world)
    leak(world, citizen)

    assert broken(world) == {"i10_no_person_where_others_read"}

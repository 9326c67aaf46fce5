"""A crowd, a clock and a sweep in every order: what must hold after each step of the booking's life."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from tests.conftest import MORNING, NOONTIME, Citizen, new_container
from tika import policy, registry, seats
from tika.clock import epoch
from tika.refusals import Refusal
from tika.tables import BOOKED, LAPSING_SHARDS, Seat, SessionRow

SEATS = 2  # of each slot: few, so that people meet
CITIZENS = 3
SLOTS = (MORNING, NOONTIME)

people = st.integers(0, CITIZENS - 1)
slots = st.sampled_from(SLOTS)


class Booking(RuleBasedStateMachine):
    """Three accounts of two people each, two slots of two seats, and every operation that moves a seat.

    `told` remembers what each account was told with success, which no later step may make untrue.
    """

    make_citizen = make_session = clock = None  # set by the test

    @initialize(seed=st.integers(0, 2**32 - 1))
    def begin(self, seed):
        random.seed(seed)
        self.session = self.make_session(seats=SEATS)
        self.citizens: list[Citizen] = [self.make_citizen(people=2) for _ in range(CITIZENS)]
        self.booked: dict[str, int] = {}  # appointment id: people in it
        self.holds: dict[str, tuple[Citizen, int]] = {}  # appointment id: owner, hold_until as first told
        self.ended: set[str] = set()  # appointment ids whose hold lapsed or was cancelled
        self.ids: list[tuple[Citizen, str]] = []

    # What people do

    @rule(who=people, slot=slots, both=st.booleans(), book=st.booleans())
    def take(self, who, slot, both, book):
        citizen = self.citizens[who]
        order = seats.Order(self.session, slot, 1, tuple(citizen.people if both else citizen.people[:1]))
        take = seats.schedule if book else seats.hold
        try:
            rows = take(citizen.account, order, policy.current(), now=self.clock.now)
        except Refusal:
            return
        again = take(citizen.account, order, policy.current(), now=self.clock.now)
        assert [row.appointment_id for row in again] == [row.appointment_id for row in rows], (
            "a repeat changed something"
        )
        appointment_id = rows[0].appointment_id
        self.ids.append((citizen, appointment_id))
        if book:
            self.booked[appointment_id] = len(rows)
        else:
            _, until = self.holds.setdefault(appointment_id, (citizen, rows[0].hold_until))
            assert {row.hold_until for row in rows} == {until}, "a hold was extended"

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def confirm(self, data):
        citizen, appointment_id = data.draw(st.sampled_from(self.ids))
        try:
            rows = seats.confirm(citizen.account, appointment_id, now=self.clock.now)
        except Refusal:
            return
        assert appointment_id not in self.ended, "a hold that had ended was confirmed"
        if appointment_id not in self.booked:
            assert self.holds[appointment_id][1] > epoch(self.clock.now), "a lapsed hold was confirmed"
        self.booked[appointment_id] = len(rows)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), one=st.booleans())
    def cancel(self, data, one):
        citizen, appointment_id = data.draw(st.sampled_from(self.ids))
        chosen = citizen.people[:1] if one else None
        try:
            given_back = seats.cancel(citizen.account, appointment_id, chosen, now=self.clock.now)
        except Refusal:
            return
        if appointment_id in self.booked:
            self.booked[appointment_id] -= given_back
        if chosen is None:
            self.ended.add(appointment_id)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), slot=slots)
    def reschedule(self, data, slot):
        citizen, appointment_id = data.draw(st.sampled_from(self.ids))
        before = self.standing(citizen, appointment_id)
        try:
            seats.reschedule(citizen.account, appointment_id, self.session, slot, policy.current(), now=self.clock.now)
        except Refusal:
            assert self.standing(citizen, appointment_id) == before, "a refused move changed the old place"
            return
        assert {row[1] for row in self.standing(citizen, appointment_id)} == {slot}

    # What time and the machinery do

    @rule(seconds=st.sampled_from([1, 60, 295, 299, 300, 301, 306, 3600]))
    def time_passes(self, seconds):
        self.clock.now += timedelta(seconds=seconds)
        self.ended |= {
            appointment_id
            for appointment_id, (_, until) in self.holds.items()
            if appointment_id not in self.booked and until <= epoch(self.clock.now)
        }

    @rule()
    def sweep(self):
        for shard in range(LAPSING_SHARDS):
            for batch in seats.lapsed(shard, now=self.clock.now):
                seats.release(batch, now=self.clock.now)

    @rule()
    def container_is_replaced(self):
        new_container()

    # What must hold

    @invariant()
    def live_seats_never_exceed_capacity_and_belong_to_one(self):
        for number in range(len(SLOTS)):
            rows = list(Seat.query(SessionRow.key(self.session), Seat.sk.startswith(Seat.prefix(1, number))))
            live = [seat for seat in rows if not seats.is_free(seat, now=self.clock.now)]
            assert len(live) <= SEATS
            owners = [seat.reference_id for seat in live if seat.status == BOOKED]
            assert len(owners) == len(set(owners))

    @invariant()
    def every_booking_told_is_there_and_both_sides_agree(self):
        seats_now = {seat.sk: seat for seat in Seat.query(SessionRow.key(self.session), Seat.sk.startswith("SEAT#"))}
        found: Counter[str] = Counter()
        for citizen in self.citizens:
            for row in registry.load(citizen.account).appointments.values():
                if registry.stands(row, now=self.clock.now):
                    seat = seats_now.get(row.seat)
                    assert seat is not None
                    assert (seat.appointment_id, seat.status) == (row.appointment_id, row.status)
                    found[row.appointment_id] += 1
        for appointment_id, number in self.booked.items():
            assert found[appointment_id] == number

    def teardown(self):
        """After the clock passed every hold and one sweep, each seat is booked by somebody or free."""
        if not hasattr(self, "citizens"):
            return
        self.clock.now += timedelta(minutes=6)
        self.sweep()
        rows = list(Seat.query(SessionRow.key(self.session), Seat.sk.startswith("SEAT#")))
        assert {seat.status for seat in rows} <= {BOOKED}
        assert len(rows) == sum(self.booked.values())

    def standing(self, citizen, appointment_id):
        rows = registry.load(citizen.account).appointments.values()
        return {
            (row.reference_id, row.slot, row.seat)
            for row in rows
            if row.appointment_id == appointment_id and registry.stands(row, now=self.clock.now)
        }


@pytest.fixture
def run(a_citizen, a_session, at, monkeypatch):
    monkeypatch.setattr(seats, "pause", lambda attempt: None)
    start = at.now

    class Machine(Booking):
        make_citizen, make_session, clock = staticmethod(a_citizen), staticmethod(a_session), at

        def __init__(self):
            at.now = start  # each run has the same day
            super().__init__()

    def go(examples: int, *phases: Phase) -> None:
        bounds = settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=phases,
        )
        run_machine(Machine, settings=bounds)

    return go


def test_in_every_order_of_steps_the_seats_add_up(run):
    run(12, Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def test_the_machine_notices_when_a_seat_is_sold_without_its_condition(run, monkeypatch):
    """The twin that must lose: seats written whatever is in the row, as by a design that counts."""
    anything = Seat.pk.exists() | Seat.pk.does_not_exist()
    monkeypatch.setattr(seats, "free", lambda now: anything)
    monkeypatch.setattr(seats, "_choose", lambda session, slot, dose, wanted, **_: list(range(wanted)))

    with pytest.raises(AssertionError):
        run(50, Phase.generate)

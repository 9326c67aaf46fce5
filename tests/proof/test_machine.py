"""Everything at any time: people, ops and machinery in whatever order Hypothesis thinks of, whatever fails meanwhile.

Each step is a request, perhaps by a container whose clock is ahead, perhaps struck by a fault of the matrix at one of
its requests to AWS; then whoever sent it may send it again, or go on with something else.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from tests.conftest import MORNING, NOONTIME, Citizen, new_container
from tests.proof import invariants
from tests.proof.faults import AFTER_ALL, FAULTS, Fault, Injector
from tests.proof.world import Told, World, code_in
from tika.booking import seats
from tika.tables import writing
from tika.tables.slots import Seat

WHOLE = os.environ.get("TIKA_PROOF") == "whole"
SEEDS = range(int(os.environ.get("TIKA_SEEDS", "1")))
EXAMPLES = 150 if WHOLE else 20
SLOTS = (MORNING, NOONTIME)
SEATS = 2  # of each slot: few, so that people meet
SIGNED_FOR_S = 900  # a request that is later than this is refused by AWS, as its signature has expired

whoever = st.integers(0, 2)
slots = st.sampled_from(SLOTS)
ways = st.sampled_from(["hold", "schedule"])
ahead = st.sampled_from([0, 0, 0, 2, 4])  # seconds, of the clock of the container that answers
# A fault, the request to AWS that it strikes, and whether whoever sent it tries again.
trouble = st.none() | st.tuples(st.sampled_from(FAULTS), st.integers(0, 4), st.booleans())

type Trouble = tuple[Fault, int, bool] | None


class Vaccination(RuleBasedStateMachine):
    """Three accounts, a session of two slots, codes, and everything that moves any of them."""

    # Set by the test.
    world: World
    blank: bytes
    tried: Counter[str]

    @initialize(number=st.integers(0, 2**32 - 1))
    def begin(self, number: int) -> None:
        self.world.restore(self.blank)
        self.world.seed(number)
        self.session = self.world.session(seats=SEATS, slots=SLOTS)
        self.citizens: list[Citizen] = [self.world.citizen(people=2) for _ in range(3)]
        self.appointments: list[tuple[Citizen, str]] = []
        self.challenges: list[tuple[Citizen, str]] = []
        self.late: list[Injector] = []
        self.tried["runs"] += 1

    def ask(self, send: Callable[[], Told | None], ahead_s: int = 0, trouble: Trouble = None) -> Told | None:
        world = self.world
        world.clock.now += timedelta(seconds=ahead_s)
        if trouble is None:
            told = send()
            if told and told.ok and told.account:
                invariants.check_again(world, send, told)
        else:
            fault, at, again = trouble
            world.on_call = injector = Injector(world, fault, at)
            told = send()
            world.on_call = None
            self.tried["faults"] += injector.struck > 0
            if fault.name == AFTER_ALL:
                self.late.append(injector)
            else:
                injector.arrive()
            if again and told and told.again:
                told = send()
        world.clock.now -= timedelta(seconds=ahead_s)
        self.tried["steps"] += 1
        return told

    # What people do

    @rule(who=whoever, slot=slots, how=ways, most=st.integers(1, 4), s=ahead, t=trouble)
    def take(self, who: int, slot: str, how: str, most: int, s: int, t: Trouble) -> None:
        citizen = self.citizens[who]
        if people := citizen.people[:most]:
            told = self.ask(lambda: self.world.book(how, citizen, self.session, slot, people), s, t)
            if told and told.ok:
                name = "appointment_id" if how == "hold" else "appointment_confirmation_no"
                self.appointments.append((citizen, told.json[name]))

    def one_of_theirs(self, data: st.DataObject) -> tuple[Citizen, str]:
        return data.draw(st.sampled_from(self.appointments))

    @precondition(lambda self: self.appointments)
    @rule(data=st.data(), s=ahead, t=trouble)
    def confirm(self, data: st.DataObject, s: int, t: Trouble) -> None:
        citizen, appointment_id = self.one_of_theirs(data)
        self.ask(lambda: self.world.confirm(citizen, appointment_id), s, t)

    @precondition(lambda self: self.appointments)
    @rule(data=st.data(), one=st.booleans(), s=ahead, t=trouble)
    def cancel(self, data: st.DataObject, one: bool, s: int, t: Trouble) -> None:
        citizen, appointment_id = self.one_of_theirs(data)
        people = citizen.people[:1] if one else None
        self.ask(lambda: self.world.cancel(citizen, appointment_id, people or None), s, t)

    @precondition(lambda self: self.appointments)
    @rule(data=st.data(), slot=slots, s=ahead, t=trouble)
    def move(self, data: st.DataObject, slot: str, s: int, t: Trouble) -> None:
        citizen, appointment_id = self.one_of_theirs(data)
        self.ask(lambda: self.world.reschedule(citizen, appointment_id, self.session, slot), s, t)

    @rule(who=whoever, s=ahead, t=trouble)
    def register(self, who: int, s: int, t: Trouble) -> None:
        newcomer = self.world.newcomer()
        self.ask(lambda: self.world.register(self.citizens[who], **newcomer), s, t)

    @rule(who=whoever, s=ahead, t=trouble)
    def delete(self, who: int, s: int, t: Trouble) -> None:
        citizen = self.citizens[who]
        if citizen.people:
            person = citizen.people[-1]
            told = self.ask(lambda: self.world.delete(citizen, person), s, t)
            if told and told.ok:
                citizen.people.remove(person)

    @rule(who=whoever, s=ahead, t=trouble)
    def ask_for_a_code(self, who: int, s: int, t: Trouble) -> None:
        citizen = self.citizens[who]
        told = self.ask(lambda: self.world.request_otp(citizen.caller.mobile), s, t)
        if told and told.ok:
            self.challenges.append((citizen, told.json["txnId"]))

    @precondition(lambda self: self.challenges)
    @rule(data=st.data(), right=st.booleans(), s=ahead, t=trouble)
    def guess(self, data: st.DataObject, right: bool, s: int, t: Trouble) -> None:
        """The last code that came, or a wrong one."""
        citizen, txn_id = data.draw(st.sampled_from(self.challenges))
        mine = [text for mobile, text in self.world.state.texts if mobile == citizen.caller.mobile and "OTP" in text]
        code = code_in(mine[-1]) if right and mine else "000000"
        self.ask(lambda: self.world.verify_otp(txn_id, code), s, t)

    # What ops do

    @rule(places=st.integers(0, 3), slot=slots, s=ahead, t=trouble)
    def change(self, places: int, slot: str, s: int, t: Trouble) -> None:
        self.ask(lambda: self.world.change(self.session, places, slot), s, t)

    @rule(s=ahead, t=trouble)
    def withdraw(self, s: int, t: Trouble) -> None:
        told = self.ask(lambda: self.world.withdraw(self.session), s, t)
        if told and told.ok:
            self.session = self.world.session(seats=SEATS, slots=SLOTS)

    # What time and the machinery do

    @rule(seconds=st.sampled_from([1, 60, 295, 299, 300, 301, 306, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)
        if seconds > SIGNED_FOR_S:
            self.late.clear()

    @rule(s=ahead, t=trouble)
    def sweep(self, s: int, t: Trouble) -> None:
        self.ask(self.world.sweep, s, t)

    @rule(twice=st.booleans(), s=ahead, t=trouble)
    def deliver(self, twice: bool, s: int, t: Trouble) -> None:
        self.ask(lambda: self.world.deliver(twice=twice), s, t)

    @rule(twice=st.booleans(), s=ahead, t=trouble)
    def count(self, twice: bool, s: int, t: Trouble) -> None:
        self.ask(lambda: self.world.count(twice=twice), s, t)

    @rule()
    def container_is_replaced(self) -> None:
        new_container()

    @precondition(lambda self: self.late)
    @rule()
    def requests_arrive_that_were_given_up(self) -> None:
        for injector in self.late:
            injector.arrive()
        self.late.clear()

    # What must hold

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "session"):
            invariants.check(self.world)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.requests_arrive_that_were_given_up()
            invariants.check_settled(self.world)


@pytest.fixture
def run(world: World, record_property: Any) -> Any:
    tried = Counter[str]()
    blank = world.save()

    def go(number: int, examples: int, *phases: Phase) -> None:
        machine = type("Vaccination", (Vaccination,), {"world": world, "blank": blank, "tried": tried})
        bounds = settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=phases,
        )
        run_machine(seed(number)(machine), settings=bounds)

    yield go
    record_property("state machine", dict(tried))


@pytest.mark.parametrize("number", SEEDS)
def test_whatever_happens_in_whatever_order_everything_holds(run, number):
    run(number, EXAMPLES, Phase.generate, Phase.shrink)


def test_the_machine_notices_when_a_seat_is_sold_without_its_condition(run, monkeypatch):
    """A twin that must lose: seats written whatever is in the row, as by a design that counts."""
    anything = Seat.pk.exists() | Seat.pk.does_not_exist()
    monkeypatch.setattr(seats, "free", lambda now: anything)
    monkeypatch.setattr(seats, "_choose", lambda session, slot, dose, wanted, **_: list(range(wanted)))

    with pytest.raises(AssertionError):
        run(0, 50, Phase.generate)


def test_the_machine_notices_when_seat_and_appointment_are_written_one_after_the_other(run, monkeypatch):
    """A twin that must lose: each under its own condition, but not both or neither."""
    transact = writing.transact

    def torn(**actions: Any) -> None:
        for kind, each in actions.items():
            for action in each:
                transact(**{kind: [action]})

    monkeypatch.setattr(seats, "transact", torn)

    with pytest.raises(AssertionError):
        run(0, 100, Phase.generate)

"""Two functions at once, in every order of their requests; more of them in random orders. See scheduler.py.

After each move that changed something the invariants must hold, and again when all has settled.
"""

import os
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import MORNING, NOONTIME
from tests.proof import invariants, scheduler
from tests.proof.scheduler import Actor, Run, Stage
from tests.proof.twins import twin
from tests.proof.world import Told, World, code_in
from tika import refusals
from tika.booking import capacity, seats
from tika.people import registry
from tika.sessions import sessions
from tika.signin import otp
from tika.texts import sending

WHOLE = os.environ.get("TIKA_PROOF") == "whole"
SEEDS = int(os.environ.get("TIKA_SEEDS", "1"))
FEW = None if WHOLE else 2  # switches, where there are hundreds of orders
CROWDS = 400 * SEEDS if WHOLE else 25  # random orders of more than two actors

OK = "ok"
LASTS_S = 300  # a hold, by the policy
SKEWS = [(0, 0), (4, 0), (0, 4)]  # how far the clocks of two containers may be ahead, in seconds

_REFUSALS = {
    each.code: name
    for name, each in reversed(vars(refusals).items())
    if isinstance(each, type) and hasattr(each, "sentence") and each.code
}

type Scene = Callable[[Stage], Sequence[Actor | Callable[[], Any]]]


def outcome(result: Any) -> Any:
    """What an actor was told: "ok", or the name of the refusal."""
    if isinstance(result, Told):
        return OK if result.ok else _REFUSALS.get(result.code) or result.text
    return result


class Rehearsal:
    """Plays scenes in many orders. `moves` and `orders` count what was played, `ends` are what came of it."""

    def __init__(self, world: World):
        self.world, self._blank = world, world.save()
        self.orders = self.moves = 0
        self.ends: set[int] = set()

    def every_order(
        self,
        scene: Scene,
        *,
        then: Callable[[Run], None] | None = None,
        prune: bool = True,
        switches: int | None = None,
    ) -> set[Any]:
        """Plays all orders; gives back what the actors were told in them, as tuples of `outcome`.

        `then` looks at each run when all has settled. `switches` as in scheduler.every_order.
        """
        stage = self._stage(scene)
        return self._watch(stage, scheduler.every_order(stage, prune=prune, switches=switches), then)

    def random_orders(self, scene: Scene, number: int, *, then: Callable[[Run], None] | None = None) -> None:
        stage = self._stage(scene)
        self._watch(stage, scheduler.random_orders(stage, number), then)

    def _stage(self, scene: Scene) -> Stage:
        def actors(stage: Stage) -> list[Actor]:
            return [each if isinstance(each, Actor) else Actor(each) for each in scene(stage)]

        self.world.restore(self._blank)
        return Stage(self.world, actors, lambda: invariants.check(self.world))

    def _watch(self, stage: Stage, runs: Any, then: Callable[[Run], None] | None) -> set[Any]:
        if scheduler.REPLAY:
            runs = [scheduler.the_order(stage, scheduler.REPLAY)]
        told = set()
        for run in runs:
            try:
                told.add(tuple(outcome(result) for result in run.results))
                self._settle()
                if then:
                    then(run)
            except AssertionError as error:
                error.add_note(run.told())
                raise
            self.orders += 1
        self.moves += stage.moves
        return told

    def _settle(self) -> None:
        """Once for each end: what comes of it depends on no more than what is compared here."""
        state = self.world.state
        rows = sorted(str(row) for table in ("otp", "citizens", "slots") for row in self.world.rows(table))
        told = sorted((each.operation, each.account, each.event, each.status or 0, each.text) for each in state.ledger)
        waiting = [str(each.body) for each in (*self.world.pull(), *state.stream)]
        end = hash(f"{rows} {told} {waiting} {state.texts} {self.world.clock.now}")
        if end not in self.ends:
            invariants.check_settled(self.world)
            self.ends.add(end)


@pytest.fixture
def rehearse(world, monkeypatch, record_property):
    """Time stands still but where an order moves it: who waits for a moment waits for others to move."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    rehearsal = Rehearsal(world)
    yield rehearsal
    record_property("interleavings", {"orders": rehearsal.orders, "moves": rehearsal.moves})


# --- the schedule itself ---------------------------------------------------------------------------------------------


def confirm_and_cancel(stage: Stage) -> list[Any]:
    it = held(stage)
    return [lambda: it.world.confirm(it.who, it.id), lambda: it.world.cancel(it.who, it.id)]


def test_the_orders_that_are_left_out_lead_nowhere_else(rehearse):
    """All orders of all moves, against those that are left when what commutes is not tried twice."""
    told = rehearse.every_order(confirm_and_cancel, prune=False)
    all_orders, all_ends = rehearse.orders, rehearse.ends
    rehearse.orders, rehearse.ends = 0, set()

    assert rehearse.every_order(confirm_and_cancel) == told
    assert rehearse.ends == all_ends
    assert rehearse.orders < all_orders


def test_the_same_order_makes_the_same_requests(rehearse):
    def requests(run):
        made.append([(told.calls, told.text) for told in run.results])

    made: list[Any] = []
    for _ in "ab":
        rehearse.random_orders(rush, 2, then=requests)

    assert made[:2] == made[2:]


# --- one seat, two people --------------------------------------------------------------------------------------------


def one_seat(stage: Stage) -> list[Any]:
    world = stage.world
    session, first, second = world.session(seats=1), world.citizen(), world.citizen()
    return [lambda: world.hold(first, session), lambda: world.hold(second, session)]


def test_two_people_and_one_seat(rehearse):
    assert rehearse.every_order(one_seat) == {(OK, "FullyBooked"), ("FullyBooked", OK)}


def test_two_people_and_one_seat_in_one_step(rehearse):
    def scene(stage):
        world = stage.world
        session, first, second = world.session(seats=1), world.citizen(), world.citizen()
        return [lambda: world.schedule(first, session), lambda: world.schedule(second, session)]

    assert rehearse.every_order(scene) == {(OK, "FullyBooked"), ("FullyBooked", OK)}


def test_two_people_and_the_last_two_seats(rehearse):
    def scene(stage):
        world = stage.world
        session, first, second = world.session(seats=2), world.citizen(), world.citizen()
        return [lambda: world.hold(first, session), lambda: world.hold(second, session)]

    assert rehearse.every_order(scene) == {(OK, OK)}


def test_a_family_and_a_neighbour_and_the_last_two_seats(rehearse):
    def scene(stage):
        world = stage.world
        session, family, neighbour = world.session(seats=2), world.citizen(people=2), world.citizen()
        return [lambda: world.hold(family, session), lambda: world.hold(neighbour, session)]

    assert rehearse.every_order(scene) == {(OK, "FullyBooked"), ("FullyBooked", OK)}


# --- one person, two devices -----------------------------------------------------------------------------------------


def same_slot(stage: Stage) -> list[Any]:
    world = stage.world
    session, citizen = world.session(seats=2), world.citizen()
    return [lambda: world.hold(citizen, session), lambda: world.hold(citizen, session)]


def test_one_person_holds_the_same_slot_on_two_devices(rehearse):
    def one_hold(run):
        assert len({told.json["appointment_id"] for told in run.results}) == 1

    assert rehearse.every_order(same_slot, then=one_hold) == {(OK, OK)}


def test_one_person_holds_two_slots_on_two_devices(rehearse):
    def scene(stage):
        world = stage.world
        session, citizen = world.session(seats=2, slots=(MORNING, NOONTIME)), world.citizen()
        return [lambda: world.hold(citizen, session), lambda: world.hold(citizen, session, NOONTIME)]

    assert rehearse.every_order(scene) == {(OK, "AlreadyBooked"), ("AlreadyBooked", OK)}


def test_one_person_holds_and_books_the_same_slot(rehearse):
    def scene(stage):
        world = stage.world
        session, citizen = world.session(seats=2), world.citizen()
        return [lambda: world.hold(citizen, session), lambda: world.schedule(citizen, session)]

    assert rehearse.every_order(scene) == {(OK, OK), ("AlreadyBooked", OK)}


def held(stage: Stage, *, slots: tuple[str, ...] = (MORNING,), booked: bool = False) -> SimpleNamespace:
    """Somebody who holds one of two places, or has booked it."""
    world = stage.world
    session, who = world.session(seats=2, slots=slots), world.citizen()
    appointment = world.hold(who, session).json["appointment_id"]
    if booked:
        assert world.confirm(who, appointment).ok
    return SimpleNamespace(world=world, session=session, who=who, id=appointment)


def test_one_person_confirms_and_cancels(rehearse):
    assert rehearse.every_order(confirm_and_cancel) == {(OK, OK), ("NotBooked", OK)}


def test_one_person_confirms_on_two_devices(rehearse):
    def scene(stage):
        it = held(stage)
        return [lambda: it.world.confirm(it.who, it.id)] * 2

    assert rehearse.every_order(scene) == {(OK, OK)}


@pytest.mark.parametrize("booked", [False, True])
def test_one_person_cancels_and_moves(rehearse, booked):
    def scene(stage):
        it = held(stage, slots=(MORNING, NOONTIME), booked=booked)
        return [
            lambda: it.world.cancel(it.who, it.id),
            lambda: it.world.reschedule(it.who, it.id, it.session, NOONTIME),
        ]

    assert rehearse.every_order(scene) == {(OK, OK), (OK, "NotBooked")}


@pytest.mark.parametrize("booked", [False, True])
def test_one_person_moves_to_two_slots(rehearse, booked):
    def scene(stage):
        it = held(stage, slots=(MORNING, NOONTIME, "01:00PM-03:00PM"), booked=booked)
        return [
            lambda: it.world.reschedule(it.who, it.id, it.session, NOONTIME),
            lambda: it.world.reschedule(it.who, it.id, it.session, "01:00PM-03:00PM"),
        ]

    assert rehearse.every_order(scene) == {(OK, OK)}


def test_one_person_moves_and_confirms(rehearse):
    def scene(stage):
        it = held(stage, slots=(MORNING, NOONTIME))
        return [
            lambda: it.world.reschedule(it.who, it.id, it.session, NOONTIME),
            lambda: it.world.confirm(it.who, it.id),
        ]

    assert rehearse.every_order(scene) == {(OK, OK)}


def test_one_person_moves_to_the_place_that_another_gives_back(rehearse):
    def scene(stage):
        world = stage.world
        session = world.session(seats=1, slots=(MORNING, NOONTIME))
        first, second = world.citizen(), world.citizen()
        one = world.hold(first, session).json["appointment_id"]
        other = world.hold(second, session, NOONTIME).json["appointment_id"]
        return [
            lambda: world.reschedule(first, one, session, NOONTIME),
            lambda: world.cancel(second, other),
        ]

    assert rehearse.every_order(scene) == {(OK, OK), ("FullyBooked", OK)}


# --- a hold that lapses ----------------------------------------------------------------------------------------------


def lapsing(stage: Stage, *, lapsed_s: int, seats: int = 1) -> SimpleNamespace:
    """Somebody whose hold lapsed so many seconds ago, or will, and somebody who wants their place."""
    world = stage.world
    session, who, rival = world.session(seats=seats), world.citizen(), world.citizen()
    appointment = world.hold(who, session).json["appointment_id"]
    world.clock.advance(seconds=LASTS_S + lapsed_s)
    return SimpleNamespace(world=world, session=session, who=who, rival=rival, id=appointment)


@pytest.mark.parametrize("skews", SKEWS)
@pytest.mark.parametrize("lapsed_s", [1, 6, 10])
def test_a_hold_against_the_sweep(rehearse, lapsed_s, skews):
    def scene(stage):
        it = lapsing(stage, lapsed_s=lapsed_s)
        return [Actor(lambda: it.world.hold(it.rival, it.session), skews[0]), Actor(it.world.sweep, skews[1])]

    free = lapsed_s + skews[0] > seats.CLOCK_SKEW_S
    swept = lapsed_s + skews[1] > seats.CLOCK_SKEW_S
    either = {(OK, OK), ("FullyBooked", OK)}
    assert rehearse.every_order(scene) == ({(OK, OK)} if free else either if swept else {("FullyBooked", OK)})


def test_the_same_person_holds_again_against_the_sweep(rehearse):
    def scene(stage):
        it = lapsing(stage, lapsed_s=6)
        return [lambda: it.world.hold(it.who, it.session), it.world.sweep]

    assert rehearse.every_order(scene) == {(OK, OK)}


@pytest.mark.parametrize("skews", SKEWS)
def test_a_confirmation_against_the_lapse(rehearse, skews):
    """The clock passes the end of the hold, and then the seconds in which nobody may claim the place."""

    def scene(stage):
        it = lapsing(stage, lapsed_s=-2)

        def time():
            stage.passes(seconds=3)
            stage.passes(seconds=5)
            return it.world.hold(it.rival, it.session)

        return [Actor(lambda: it.world.confirm(it.who, it.id), skews[0]), Actor(time, skews[1])]

    late = ("HoldLapsed", OK)
    assert rehearse.every_order(scene) == ({late} if skews[0] else {(OK, "FullyBooked"), late})


@pytest.mark.parametrize("skews", SKEWS)
@pytest.mark.parametrize("what", ["confirm", "cancel", "reschedule"])
def test_what_its_owner_does_with_a_hold_against_the_lapse_and_the_sweep(rehearse, what, skews):
    def scene(stage):
        it = lapsing(stage, lapsed_s=-1)
        other = it.world.session(seats=1)
        more = [other] if what == "reschedule" else []

        def sweep():
            stage.passes(seconds=7)
            return it.world.sweep()

        return [Actor(lambda: getattr(it.world, what)(it.who, it.id, *more), skews[0]), Actor(sweep, skews[1])]

    told = rehearse.every_order(scene)
    late = ("HoldLapsed", OK)
    assert told == ({(OK, OK)} if what == "cancel" else {late} if skews[0] else {(OK, OK), late})


def late_cancellation(stage: Stage, skews: tuple[int, int] = (0, 0)) -> list[Any]:
    it = lapsing(stage, lapsed_s=-1)

    def hold() -> Told:
        stage.passes(seconds=7)
        return it.world.hold(it.rival, it.session)

    return [Actor(lambda: it.world.cancel(it.who, it.id), skews[0]), Actor(hold, skews[1])]


@pytest.mark.parametrize("skews", SKEWS)
def test_a_cancellation_against_the_lapse_and_the_next_hold(rehearse, skews):
    """Who cancels what lapsed meanwhile must not give back the place of somebody else."""
    assert rehearse.every_order(lambda stage: late_cancellation(stage, skews)) == {(OK, OK)}


@pytest.mark.parametrize("lapsed_s", [-1, 0, 1, 4, 6])
@pytest.mark.parametrize("skews", SKEWS)
def test_one_person_confirms_and_cancels_as_the_hold_lapses(rehearse, lapsed_s, skews):
    """Both may be told that it was done: then it was confirmed first. In the end the place is given back."""

    def scene(stage):
        it = lapsing(stage, lapsed_s=lapsed_s)
        return [
            Actor(lambda: it.world.confirm(it.who, it.id), skews[0]),
            Actor(lambda: it.world.cancel(it.who, it.id), skews[1]),
        ]

    def given_back(run):
        assert not any(row["status"] == "BOOKED" for row in rehearse.world.rows("citizens") if "seat" in row)

    rehearse.every_order(scene, then=given_back)


def test_a_sweep_against_a_sweep(rehearse):
    def scene(stage):
        it = lapsing(stage, lapsed_s=6, seats=2)
        it.world.hold(it.rival, it.session)
        it.world.clock.advance(seconds=LASTS_S + 6)
        return [it.world.sweep, it.world.sweep]

    assert rehearse.every_order(scene) == {(OK, OK)}


# --- the centre ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remembers", [False, True])
def test_a_withdrawal_against_a_hold(rehearse, remembers):
    def scene(stage):
        world = stage.world
        session, who = world.session(seats=1), world.citizen()
        sessions.load(session, now=world.clock.now)
        return [lambda: world.withdraw(session), Actor(lambda: world.hold(who, session), remembers=remembers)]

    refused = {(OK, "FullyBooked")} if remembers else {(OK, "FullyBooked"), (OK, "NoSuchSlot")}
    assert rehearse.every_order(scene) == {("SeatsInUse", OK), *refused}


def cut_and_hold(stage: Stage, remembers: bool = False) -> list[Any]:
    world = stage.world
    session, who = world.session(seats=1), world.citizen()
    sessions.load(session, now=world.clock.now)
    return [lambda: world.change(session, 0), Actor(lambda: world.hold(who, session), remembers=remembers)]


@pytest.mark.parametrize("remembers", [False, True])
def test_a_cut_against_a_hold(rehearse, remembers):
    """What the centre is told remains is what remains."""

    def as_told(run):
        cut, hold = run.results
        assert cut.json["slots"][0]["dose1"] == (1 if hold.ok else 0)

    told = rehearse.every_order(lambda stage: cut_and_hold(stage, remembers), then=as_told, switches=FEW)
    assert told == {(OK, OK), (OK, "FullyBooked")}


def changes(stage: Stage) -> list[Any]:
    world = stage.world
    session = world.session(seats=2)

    def change(places: int) -> Told:
        body = {"slots": [{"slot": MORNING, "dose1": places, "dose2": 2}]}
        return world.api("publish_session", "change", path={"session_id": session}, body=body)

    return [lambda: change(1), lambda: change(3)]


def test_two_changes_of_one_session(rehearse):
    """One may overtake the other, which is told so and has then changed no more."""
    told = rehearse.every_order(changes, switches=4 if WHOLE else 1)
    assert told <= {(OK, OK), ("Crowded", OK), (OK, "Crowded")}
    assert (OK, OK) in told or scheduler.REPLAY


# --- people ----------------------------------------------------------------------------------------------------------


def deletion(stage: Stage) -> list[Any]:
    world = stage.world
    session, who = world.session(seats=1), world.citizen()
    [person] = who.people
    return [lambda: world.delete(who, person), lambda: world.hold(who, session)]


def test_a_deletion_against_a_hold(rehearse):
    assert rehearse.every_order(deletion) == {(OK, "NobodyRegistered"), ("StillNeeded", OK)}


@pytest.mark.parametrize("skews", SKEWS)
def test_a_deletion_against_a_confirmation_as_the_hold_lapses(rehearse, skews):
    def scene(stage):
        it = lapsing(stage, lapsed_s=-1)
        [person] = it.who.people

        def delete():
            stage.passes(seconds=2)
            return it.world.delete(it.who, person)

        return [Actor(lambda: it.world.confirm(it.who, it.id), skews[0]), Actor(delete, skews[1])]

    told = rehearse.every_order(scene)
    assert told <= {(OK, "StillNeeded"), ("HoldLapsed", OK), ("NoSuchAppointment", OK), ("HoldLapsed", "StillNeeded")}


def one_photo_id(stage: Stage) -> list[Any]:
    world = stage.world
    newcomer, one, other = world.newcomer(), world.citizen(), world.citizen()
    return [lambda: world.register(one, **newcomer), lambda: world.register(other, **newcomer)]


def test_one_photo_id_registered_from_two_accounts(rehearse):
    assert rehearse.every_order(one_photo_id) == {(OK, "PhotoIdInUse"), ("PhotoIdInUse", OK)}


def test_one_photo_id_registered_twice_from_one_account(rehearse):
    def scene(stage):
        world = stage.world
        newcomer, citizen = world.newcomer(), world.citizen()
        return [lambda: world.register(citizen, **newcomer)] * 2

    def one_person(run):
        assert len({told.text for told in run.results}) == 1

    assert rehearse.every_order(scene, then=one_person) == {(OK, OK)}


def fourth_and_fifth(stage: Stage) -> list[Any]:
    world = stage.world
    citizen = world.citizen(people=3)
    one, other = world.newcomer(), world.newcomer()
    return [lambda: world.register(citizen, **one), lambda: world.register(citizen, **other)]


def test_the_fourth_and_the_fifth_person_at_once(rehearse):
    assert rehearse.every_order(fourth_and_fifth) == {(OK, "TooManyPeople"), ("TooManyPeople", OK)}


def test_one_person_deleted_twice_at_once_leaves_room_for_one(rehearse):
    def scene(stage):
        world = stage.world
        citizen = world.citizen(people=2)
        return [lambda: world.delete(citizen, citizen.people[0])] * 2

    def one_left(run):
        [account] = [row for row in rehearse.world.rows("citizens") if row["kind"] == "ACCOUNT"]
        assert account["people"] == 1

    assert rehearse.every_order(scene, then=one_left) == {(OK, OK)}


# --- counts ----------------------------------------------------------------------------------------------------------


def sale_and_counts(stage: Stage, skews: tuple[int, int] = (0, 0)) -> list[Any]:
    """A count that an earlier sale set off, and another sale with the count that follows it."""
    world = stage.world
    session, first, second = world.session(seats=3), world.citizen(), world.citizen()
    world.schedule(first, session)
    earlier = world.stream_event(list(world.state.stream))
    world.state.stream.clear()

    def count() -> Told:
        return world.handle("count_seats", "seats_moved", earlier)

    def sell_and_count() -> Told | None:
        stage.passes(seconds=0.1)
        world.schedule(second, session)
        return world.count()

    return [Actor(count, skews[0]), Actor(sell_and_count, skews[1])]


@pytest.mark.parametrize("skews", SKEWS)
def test_a_count_against_a_sale_and_its_count(rehearse, skews):
    """When both have counted, what is shown is what is free: no later count puts it right."""

    def shown(run):
        [session] = [row for row in rehearse.world.rows("slots") if row["kind"] == "SESSION"]
        assert session["free"] == "[[1,3]]"

    told = rehearse.every_order(lambda stage: sale_and_counts(stage, skews), then=shown, switches=FEW)
    assert told == {(OK, OK)}


# --- codes -----------------------------------------------------------------------------------------------------------


def texted(stage: Stage) -> tuple[World, str, str]:
    """A code on its way to a mobile: the world, the id of its challenge, and the code."""
    world = stage.world
    told = world.request_otp(world.citizen().caller.mobile)
    world.deliver()
    return world, told.json["txnId"], code_in(world.state.texts[-1][1])


def two_verifications(stage: Stage) -> list[Any]:
    world, txn_id, code = texted(stage)
    return [lambda: world.verify_otp(txn_id, code)] * 2


def test_two_verifications_of_one_code(rehearse):
    assert rehearse.every_order(two_verifications) == {(OK, "OtpRejected"), ("OtpRejected", OK)}


def test_the_last_try_and_another(rehearse):
    def scene(stage):
        world, txn_id, code = texted(stage)
        for _ in range(otp.TRIES_PER_CODE - 1):
            world.verify_otp(txn_id, "000000")
        return [lambda: world.verify_otp(txn_id, code), lambda: world.verify_otp(txn_id, "000000")]

    assert rehearse.every_order(scene) == {(OK, "OtpRejected"), ("OtpRejected", "OtpRejected")}


def two_requests(stage: Stage) -> list[Any]:
    world = stage.world
    mobile = world.citizen().caller.mobile
    return [lambda: world.request_otp(mobile)] * 2


def test_two_requests_of_a_code_for_one_number(rehearse):
    sent = "OTP Already Sent"
    assert rehearse.every_order(two_requests) == {(OK, sent), (sent, OK)}


def delivered_twice(stage: Stage) -> list[Any]:
    world = stage.world
    world.request_otp(world.citizen().caller.mobile)
    event = world.queue_event(list(world.pull()))
    return [lambda: world.handle("send_otp", "code", event)] * 2


def test_a_message_delivered_twice_at_once(rehearse):
    """One of them is sent; the other is told that it was, or waits for the queue to bring it back."""

    def one_text(run):
        assert len(rehearse.world.state.texts) == 1

    assert rehearse.every_order(delivered_twice, then=one_text) == {(OK, OK)}


# --- more than two ---------------------------------------------------------------------------------------------------


def as_it_lapses(stage: Stage) -> list[Any]:
    """Three or four who all have to do with a hold that is about to lapse, each with a clock of their own."""
    dice = random.Random(f"lapse {stage.seed}")
    it = lapsing(stage, lapsed_s=dice.randint(-3, 10), seats=dice.randint(1, 2))
    world, other = it.world, it.world.session(seats=1)
    [person] = it.who.people

    waits_s = [dice.randint(1, 3) for _ in range(3)]

    def time() -> None:
        for seconds in waits_s:
            stage.passes(seconds=seconds)

    able = [
        lambda: world.confirm(it.who, it.id),
        lambda: world.cancel(it.who, it.id),
        lambda: world.reschedule(it.who, it.id, other),
        lambda: world.hold(it.who, it.session),
        lambda: world.schedule(it.who, other),
        lambda: world.hold(it.rival, it.session),
        lambda: world.schedule(it.rival, it.session),
        lambda: world.delete(it.who, person),
        lambda: world.change(it.session, 1),
        lambda: world.withdraw(it.session),
        world.sweep,
    ]
    doing = dice.sample(able, dice.randint(2, 3))
    return [time, *(Actor(each, dice.choice([0, 2, 4]), remembers=dice.random() < 0.5) for each in doing)]


def test_several_people_and_machines_as_a_hold_lapses(rehearse):
    rehearse.random_orders(as_it_lapses, CROWDS)


def rush(stage: Stage) -> list[Any]:
    """Five people, some with family, and three seats; some go on to confirm, some cancel."""
    dice = random.Random(f"rush {stage.seed}")
    world = stage.world
    session = world.session(seats=3)

    def booking(people: int, then: str) -> Callable[[], Any]:
        citizen = world.citizen(people=people)

        def book() -> Any:
            told = world.hold(citizen, session)
            if told.ok and then:
                told = getattr(world, then)(citizen, told.json["appointment_id"])
            return told

        return book

    return [booking(dice.randint(1, 2), dice.choice(["", "confirm", "cancel"])) for _ in range(5)]


def test_five_people_and_three_seats(rehearse):
    rehearse.random_orders(rush, CROWDS)


# --- the twins that must lose ----------------------------------------------------------------------------------------


def early_sweep(stage: Stage) -> list[Any]:
    it = lapsing(stage, lapsed_s=-2)
    return [Actor(it.world.sweep, 4), lambda: it.world.confirm(it.who, it.id)]


# The scene, what is told in it where nothing is taken out, and what is.
ONE_OF_TWO = {(OK, "FullyBooked"), ("FullyBooked", OK)}
ANY_SEAT = "Seat.pk.exists() | Seat.pk.does_not_exist()"

TWINS = {
    "a seat is taken whatever its row says": (
        one_seat, ONE_OF_TWO,
        seats.free, "Seat.pk.does_not_exist() | (", f"{ANY_SEAT} | (",
    ),
    "a hold is taken before it has lapsed": (
        one_seat, ONE_OF_TWO,
        seats.free, " & (Seat.hold_until < epoch(now) - CLOCK_SKEW_S)", "",
    ),
    "a place is taken back though somebody holds it": (
        cut_and_hold, {(OK, OK), (OK, "FullyBooked")},
        capacity._Work.remove, "seats.free(self.now)", ANY_SEAT,
    ),
    "an appointment may have been made since it was read": (
        same_slot, {(OK, OK)},
        seats._as_read, "AppointmentRow.pk.does_not_exist()", "None",
    ),
    "a seat is given back whoever has it": (
        late_cancellation, {(OK, OK)},
        seats.cancel, "mine = Seat.appointment_id == appointment_id", f"mine = {ANY_SEAT}",
    ),
    "a person is deleted whatever they hold": (
        deletion, {(OK, "NobodyRegistered"), ("StillNeeded", OK)},
        registry._idle, "return ", "return AppointmentRow.pk.exists() | ",
    ),
    "a photo id may be somebody else's": (
        one_photo_id, {(OK, "PhotoIdInUse"), ("PhotoIdInUse", OK)},
        registry.register, "PhotoId.pk.does_not_exist()", "None",
    ),
    "a fifth person is let in": (
        fourth_and_fifth, {(OK, "TooManyPeople"), ("TooManyPeople", OK)},
        registry.register, "(Account.people < MAX_PEOPLE)", "Account.people.exists()",
    ),
    "a code is good for as many as know it": (
        two_verifications, {(OK, "OtpRejected"), ("OtpRejected", OK)},
        otp.use_up, "_usable(epoch(now))", "Challenge.expires_at.exists()",
    ),
    "two codes are sent at once": (
        two_requests, {(OK, "OTP Already Sent"), ("OTP Already Sent", OK)},
        otp._count_send, "new_day & rested & trusted", "None",
    ),
    "a text is sent by whoever is given it": (
        delivered_twice, {(OK, OK)},
        sending._send_once, "untold & unleased", "None",
    ),
    "a count is stored over one that is newer": (
        sale_and_counts, {(OK, OK)},
        sessions._store, "SessionRow.counted_at == before", "SessionRow.pk.exists()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("missing", TWINS)
def test_the_orders_notice_where(rehearse, monkeypatch, missing):
    scene, expected, function, old, new = TWINS[missing]
    twin(monkeypatch, function, old, new)

    with pytest.raises(AssertionError):
        assert rehearse.every_order(scene, switches=2) == expected


def test_the_orders_notice_where_nobody_waits_for_clocks_that_are_late(rehearse, monkeypatch):
    monkeypatch.setattr(seats, "CLOCK_SKEW_S", 0)

    with pytest.raises(AssertionError):
        rehearse.every_order(early_sweep)

"""Where each operation is tried: what is there before, the event that is sent, who gets in its way, who tries again.

Events come from events/: whatever lies there is tried, in every scene that suits its operation. Fields that name things
of the scene are filled in; everything else is sent as it is.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conftest import MORNING, NOONTIME, ROOT, Citizen, new_container
from tests.proof.faults import Fault, rival
from tests.proof.world import Queued, Told, World, code_in, digest
from tika import policy
from tika.booking import seats

TAPS = 5  # of a patient citizen


@dataclass
class Scene:
    """Me, those who are after the same places, and what my next request is about."""

    me: Citizen
    crowd: list[Citizen]
    session: str
    appointment_id: str = "00000000-0000-4000-8000-999999999999"
    slot: str = MORNING
    txn_id: str = "00000000-0000-4000-8000-999999999999"
    code: str = "000000"
    seats: int = 1  # wanted by ops
    event: dict[str, Any] = field(default_factory=dict)  # my next request, as a sample has it

    @property
    def fields(self) -> dict[str, Any]:
        """By the names that events use."""
        return {
            "session_id": self.session,
            "slot": self.slot,
            "beneficiaries": list(self.me.people),
            "appointment_id": self.appointment_id,
            "beneficiary_reference_id": (self.me.people or ["10000000000000"])[0],
            "beneficiariesToCancel": self.me.people[:1],
            "mobile": self.me.caller.mobile,
            "txnId": self.txn_id,
            "otp": digest(self.code),
        }


# --- what is there before --------------------------------------------------------------------------------------------


def registered(world: World, people: int = 1) -> Scene:
    """Two slots of two seats, and more people than that."""
    session = world.session(seats=2, slots=(MORNING, NOONTIME))
    return Scene(world.citizen(people), [world.citizen(people=2), world.citizen()], session)


def nobody(world: World) -> Scene:
    return registered(world, people=0)


def four_people(world: World) -> Scene:
    return registered(world, people=4)


def family(world: World) -> Scene:
    return registered(world, people=2)


def held(world: World, people: int = 1) -> Scene:
    scene = registered(world, people)
    scene.appointment_id = _done(world.hold(scene.me, scene.session)).json["appointment_id"]
    return scene


def family_held(world: World) -> Scene:
    return held(world, people=2)


def booked(world: World, people: int = 1) -> Scene:
    scene = held(world, people)
    _done(world.confirm(scene.me, scene.appointment_id))
    world.drain()
    return scene


def family_booked(world: World) -> Scene:
    return booked(world, people=2)


def cancelled(world: World) -> Scene:
    scene = booked(world)
    _done(world.cancel(scene.me, scene.appointment_id))
    return scene


def lapsed(world: World) -> Scene:
    """My hold and somebody else's, which nobody has swept, fill the slot."""
    scene = held(world)
    _done(world.hold(scene.crowd[1], scene.session))
    world.clock.now += timedelta(seconds=policy.current().hold_seconds + seats.CLOCK_SKEW_S + 1)
    return scene


def lapsed_of_several(world: World) -> Scene:
    """One of them has taken another place meanwhile, so that the two sides have drifted apart."""
    scene = lapsed(world)
    _done(world.hold(scene.me, scene.session, NOONTIME))
    return scene


def full(world: World) -> Scene:
    scene = registered(world)
    _done(world.schedule(scene.crowd[0], scene.session))
    return scene


def seats_moved(world: World) -> Scene:
    """Held, booked and cancelled, and nobody has counted."""
    scene = held(world)
    _done(world.schedule(scene.crowd[1], scene.session))
    _done(world.cancel(scene.crowd[1], world.state.ledger[-1].json["appointment_confirmation_no"]))
    _done(world.schedule(scene.crowd[0], scene.session, NOONTIME))
    return scene


def booking_queued(world: World) -> Scene:
    scene = held(world)
    _done(world.confirm(scene.me, scene.appointment_id))
    return scene


def code_queued(world: World) -> Scene:
    scene = registered(world)
    scene.txn_id = _done(world.request_otp(scene.me.caller.mobile)).json["txnId"]
    return scene


def code_asked(world: World) -> Scene:
    scene = code_queued(world)
    world.drain()
    scene.code = code_in(world.state.texts[-1][1])
    return scene


def asked_before(world: World) -> Scene:
    """Signing in again on the same day."""
    scene = code_asked(world)
    world.clock.now += timedelta(seconds=policy.current().otp_resend_seconds)
    return scene


def wrong_code(world: World) -> Scene:
    scene = code_asked(world)
    scene.code = str((int(scene.code) + 1) % 10**6).rjust(6, "0")
    return scene


def raised(world: World) -> Scene:
    """Places were taken back before; now there are to be more than ever."""
    scene = held(world)
    _done(world.change(scene.session, 1))
    scene.seats = 4
    return scene


def cut(world: World) -> Scene:
    scene = held(world)
    scene.seats = 1
    return scene


def cut_below_what_is_in_use(world: World) -> Scene:
    scene = family_booked(world)
    scene.seats = 1
    return scene


def _done(told: Told) -> Told:
    assert told.ok, told.text
    return told


# Where the usual scenes would not do. What is not named here is tried in all of USUAL.
USUAL = [held, booked]
SCENES: dict[str, list[Callable[[World], Scene]]] = {
    "appointment_slip": [family_booked],
    "book_slot": [registered, family, held, lapsed, full],
    "cancel_slot": [held, family_booked, lapsed],
    "confirm_slot": [family_held, booked, lapsed],
    "count_seats": [seats_moved],
    "delete_beneficiary": [registered, booked, cancelled, lapsed],
    "find_sessions": [held],
    "list_beneficiaries": [booked],
    "list_places": [registered],
    "publish_session change": [raised, cut, cut_below_what_is_in_use],
    "publish_session publish": [registered],
    "publish_session withdraw": [registered, booked],
    "register": [nobody, registered, four_people],
    "release_stale": [lapsed, lapsed_of_several],
    "request_otp": [registered, asked_before],
    "reschedule_slot": [held, family_booked],
    "send_otp booking": [booking_queued],
    "send_otp": [code_queued],
    "status": [registered],
    "update_beneficiary": [registered, held, booked, lapsed],
    "verify_otp": [code_asked, wrong_code],
}


# --- what is sent ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """An event, sent in a scene; `cold`: to a container that has read neither secrets nor policy."""

    operation: str
    event: str
    scene: Callable[[World], Scene]
    cold: bool

    def __str__(self) -> str:
        return f"{self.operation}/{self.event}, {self.scene.__name__}"

    def sample(self) -> dict[str, Any]:
        return json.loads((ROOT / "events" / self.operation / f"{self.event}.json").read_text())

    def prepare(self, world: World) -> Scene:
        world.seed(f"{self} prepared")
        scene = self.scene(world)
        sample = self.sample()
        scene.event["body"] = self._filled(scene, json.loads(sample.get("body") or "{}"))
        for name, of in (("query", "queryStringParameters"), ("path", "pathParameters")):
            scene.event[name] = self._filled(scene, sample.get(of) or {})
        scene.event = {name: values for name, values in scene.event.items() if values}
        if "Authorization" in (sample.get("headers") or {}):
            scene.event["who"] = scene.me
        if self.event == "one_malformed":
            world.pull().append(Queued("{not json", world.clock.now))
        for name, what in (("name", "name"), ("photo_id_number", "photo id")):
            if self.operation in ("register", "update_beneficiary"):
                world.state.secrets[scene.event["body"][name]] = what
        return scene

    def _filled(self, scene: Scene, fields: dict[str, Any]) -> dict[str, Any]:
        filled = fields | {name: value for name, value in scene.fields.items() if name in fields}
        if str(fields.get("mobile", "")).startswith("+91 "):
            filled["mobile"] = f"+91 {filled['mobile'][:5]}-{filled['mobile'][5:]}"
        if self.event == "publish" and fields:
            filled["session_id"] = "00000000-0000-4000-8000-888888888888"
        if self.event == "change" and "slots" in fields:
            filled["slots"] = [{"slot": MORNING, "dose1": scene.seats, "dose2": 2}]
        if self.operation == "reschedule_slot" and fields:
            filled["slot"] = NOONTIME
        return filled

    def send(
        self, world: World, scene: Scene, *, cold: bool = False, twice: bool = False, token: str | None = None
    ) -> Told | None:
        """As its real trigger does; the last answer."""
        if self.operation in TRIGGERS:
            if cold:
                new_container()
            return TRIGGERS[self.operation](world, twice=twice)
        for _ in range(1 + twice):
            told = world.api(self.operation, self.event, cold=cold, token=token, **scene.event)
        return told

    def settle(self, world: World, scene: Scene, told: Told) -> Told:
        """Try again as its real trigger would, until there is an answer that lasts; the last answer."""
        if self.operation in TRIGGERS:
            world.clock.now += timedelta(seconds=60)
            return TRIGGERS[self.operation](world) or told
        for _ in range(TAPS):
            if not told.again and not (self.operation == "request_otp" and told.status == 400):
                break
            world.clock.now += timedelta(seconds=told.retry_after or 1)
            told = self.send(world, scene)
        return told


def cases() -> list[Case]:
    """Every event of every function, in each scene that suits it."""
    found = []
    for path in sorted((ROOT / "functions").glob("*/app.py")):
        operation = path.parent.name
        for event in events_of(operation):
            for number, scene in enumerate(SCENES.get(f"{operation} {event}") or SCENES.get(operation) or USUAL):
                found.append(Case(operation, event, scene, cold=number == 0))
    return found


def events_of(operation: str) -> list[str]:
    return sorted(path.stem for path in Path(ROOT / "events" / operation).glob("*.json"))


# What is not called over HTTP.
TRIGGERS: dict[str, Callable[..., Told | None]] = {
    "count_seats": World.count,
    "release_stale": World.sweep,
    "send_otp": World.deliver,
}


# --- who gets in the way ---------------------------------------------------------------------------------------------


def rivals(case: Case, scene: Scene) -> dict[str, list[Fault]]:
    """By the kind of row that a request touches: who else writes such rows, of this very session, account or number."""
    me, session, mobile = scene.me, scene.session, scene.me.caller.mobile

    def crowd(world: World) -> None:
        for citizen in scene.crowd:
            for person in citizen.people:
                for slot in (MORNING, NOONTIME):
                    world.schedule(citizen, session, slot, [person])

    def guess(world: World) -> None:
        world.verify_otp(scene.txn_id, "123456")

    twice = rival("the same, sent twice", lambda world: case.send(world, scene))
    mine = [
        rival("I hold elsewhere", lambda world: world.hold(me, session, NOONTIME)),
        rival("I book the same", lambda world: world.schedule(me, session, MORNING)),
        rival("I confirm", lambda world: world.confirm(me, scene.appointment_id)),
        rival("I cancel", lambda world: world.cancel(me, scene.appointment_id)),
        rival("I move", lambda world: world.reschedule(me, scene.appointment_id, session, NOONTIME)),
        rival("I delete", lambda world: world.delete(me, scene.fields["beneficiary_reference_id"])),
        rival("I register somebody", lambda world: world.register(me)),
        rival("the sweep", lambda world: world.sweep()),
    ]
    places = [
        rival("a crowd books", crowd),
        rival("ops cut", lambda world: world.change(session, 0)),
        rival("ops raise", lambda world: world.change(session, 4)),
        rival("ops withdraw", lambda world: world.withdraw(session)),
        rival("the sweep", lambda world: world.sweep()),
        rival("a count", lambda world: world.count()),
    ]
    codes = [
        rival("another code is asked for", lambda world: world.request_otp(mobile)),
        rival("somebody guesses", guess),
        rival("I guess right", lambda world: world.verify_otp(scene.txn_id, scene.code)),
    ]

    def impostor(world: World) -> None:
        """With the photo id of who is being registered, or of who was."""
        mine = [told.sent for told in world.state.ledger if (told.operation, told.account) == ("register", me.account)]
        world.register(scene.crowd[1], **mine[-1])

    return {
        "ACCOUNT": [twice, *mine],
        "CHALLENGE": [twice, *codes],
        "FRESHNESS": [twice],
        "MOBILE": [twice, *codes],
        "PHOTOID": [rival("the same photo id elsewhere", impostor)],
        "SENDING": [twice],
        "SESSION": [twice, *places],
        "by_center": [*places],
        "by_district": [*places],
        "by_pincode": [*places],
        "lapsing": [twice, *places, *mine[:4]],
    }

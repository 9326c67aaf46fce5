"""Each invariant notices: a world in which one thing is broken by hand must fail it, and the sound one must pass."""

from tests.conftest import MORNING, NOONTIME
from tests.proof import invariants
from tests.proof.world import code_in


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
    asked = world.request_otp(asha.caller.mobile)
    world.drain()
    code = code_in(world.state.texts[-1][1])
    assert world.verify_otp(asked.json["txnId"], code).ok

    invariants.check_settled(world)
    assert len(world.state.texts) == 4

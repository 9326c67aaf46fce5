"""POST /appointment/reschedule: move an appointment; the old place is given up only as the new one is had."""

from typing import Annotated

from pydantic import StringConstraints

from tika import policy
from tika.api import Command, Uuid, body, entrypoint, new_app, reply
from tika.booking import seats
from tika.clock import utc_now
from tika.signin.bearer import caller
from tika.telemetry import count
from tika.texts import messages

app = new_app()


class Reschedule(Command):
    appointment_id: Uuid
    session_id: Uuid
    slot: Annotated[str, StringConstraints(max_length=20)]


@app.post("/api/v2/appointment/reschedule")
def reschedule_slot():
    who, wanted = caller(app), body(app, Reschedule)
    rows = seats.reschedule(
        who.account, wanted.appointment_id, wanted.session_id, wanted.slot, policy.current(), now=utc_now()
    )
    messages.send_booking(who.account, rows)
    count("SeatMoved", len(rows))
    return reply(204)


lambda_handler = entrypoint(app)

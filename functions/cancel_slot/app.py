"""POST /appointment/cancel: give back the places of all people of an appointment, or of some."""

from typing import Annotated

from pydantic import Field

from tika.api import Command, ReferenceId, Uuid, body, entrypoint, new_app, reply
from tika.booking import seats
from tika.clock import utc_now
from tika.people.registry import MAX_PEOPLE
from tika.signin.bearer import caller
from tika.telemetry import count

app = new_app()


class Cancel(Command):
    appointment_id: Uuid
    beneficiariesToCancel: Annotated[list[ReferenceId], Field(min_length=1, max_length=MAX_PEOPLE)] | None = None


@app.post("/api/v2/appointment/cancel")
def cancel_slot():
    who, wanted = caller(app), body(app, Cancel)
    given_back = seats.cancel(who.account, wanted.appointment_id, wanted.beneficiariesToCancel, now=utc_now())
    count("SeatGivenBack", given_back)
    return reply(204)


lambda_handler = entrypoint(app)

"""POST /appointment/hold and /appointment/schedule: take a place in a slot for one to four people, all or none."""

from typing import Annotated

from pydantic import Field, StringConstraints

from tika import policy
from tika.api import Command, ReferenceId, Uuid, body, entrypoint, new_app, number_of, reply
from tika.booking import seats
from tika.clock import iso, utc_now
from tika.people.registry import DOSES, MAX_PEOPLE
from tika.signin.bearer import caller
from tika.telemetry import count
from tika.texts import messages

app = new_app()


class Book(Command):
    dose: number_of(DOSES)
    session_id: Uuid
    slot: Annotated[str, StringConstraints(max_length=20)]
    beneficiaries: Annotated[list[ReferenceId], Field(min_length=1, max_length=MAX_PEOPLE)]

    def order(self) -> seats.Order:
        return seats.Order(self.session_id, self.slot, self.dose, tuple(self.beneficiaries))


@app.post("/api/v2/appointment/hold")
def hold():
    who = caller(app)
    rows = seats.hold(who.account, body(app, Book).order(), policy.current(), now=utc_now())
    count("SeatHeld", len(rows))
    return reply(200, {"appointment_id": rows[0].appointment_id, "hold_until": iso(rows[0].hold_until)})


@app.post("/api/v2/appointment/schedule")
def schedule():
    who = caller(app)
    rows = seats.schedule(who.account, body(app, Book).order(), policy.current(), now=utc_now())
    messages.send_booking(who.account, rows)
    count("SeatBooked", len(rows))
    return reply(200, {"appointment_confirmation_no": rows[0].appointment_id})


lambda_handler = entrypoint(app)

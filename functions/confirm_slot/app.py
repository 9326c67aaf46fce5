"""POST /appointment/confirm: turn a hold into a booking."""

from tika.api import Command, Uuid, body, entrypoint, new_app, reply
from tika.booking import seats
from tika.clock import utc_now
from tika.signin.bearer import caller
from tika.telemetry import count
from tika.texts import messages

app = new_app()


class Confirm(Command):
    appointment_id: Uuid


@app.post("/api/v2/appointment/confirm")
def confirm_slot():
    who, appointment_id = caller(app), body(app, Confirm).appointment_id
    rows = seats.confirm(who.account, appointment_id, now=utc_now())
    messages.send_booking(who.account, rows)
    count("SeatBooked", len(rows))
    return reply(200, {"appointment_confirmation_no": appointment_id})


lambda_handler = entrypoint(app)

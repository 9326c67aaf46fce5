"""POST /appointment/confirm: turn a hold into a booking."""

from tika import messages, seats
from tika.api import Command, Uuid, body, caller, entrypoint, new_app, reply, utc_now
from tika.telemetry import count

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

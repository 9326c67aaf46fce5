"""POST /registration/beneficiary/delete: forget a person who has neither an appointment nor a dose."""

from tika.api import Command, ReferenceId, body, entrypoint, new_app, reply
from tika.clock import utc_now
from tika.people import registry
from tika.signin.bearer import caller
from tika.telemetry import count

app = new_app()


class Delete(Command):
    beneficiary_reference_id: ReferenceId


@app.post("/api/v2/registration/beneficiary/delete")
def delete_beneficiary():
    who = caller(app)
    registry.delete(who, body(app, Delete).beneficiary_reference_id, now=utc_now())
    count("PersonDeleted")
    return reply(204)


lambda_handler = entrypoint(app)

"""POST, PATCH and DELETE /admin/sessions, signed by IAM: publish a session, change its places, withdraw it."""

from tika import policy
from tika.api import Query, Uuid, body, entrypoint, new_app, path, reply
from tika.booking import capacity
from tika.clock import utc_now
from tika.sessions import publishing, sessions
from tika.sessions.publishing import Change, Publication
from tika.telemetry import count

app = new_app()


class Which(Query):
    session_id: Uuid


@app.post("/api/v2/admin/sessions")
def publish_session():
    publication, now = body(app, Publication), utc_now()
    publishing.check(publication, policy.current(), now=now)
    row = sessions.publish(publication, now=now)
    count("SessionPublished")
    return reply(200, {"session_id": row.session_id, "slots": sessions.places_of(row.slots, row.capacity)})


@app.patch("/api/v2/admin/sessions/<session_id>")
def change_session(session_id: str):
    session_id, change = path(app, Which).session_id, body(app, Change)
    publishing.check_change(change)
    counted, short = capacity.change(session_id, change.slots, clock=utc_now)
    count("SessionChanged")
    places = sessions.places_of(counted.slots, counted.capacity)
    return reply(200, {"session_id": session_id, "slots": places, "message": " ".join(short)})


@app.delete("/api/v2/admin/sessions/<session_id>")
def withdraw_session(session_id: str):
    capacity.withdraw(path(app, Which).session_id, now=utc_now())
    count("SessionWithdrawn")
    return reply(204)


lambda_handler = entrypoint(app)

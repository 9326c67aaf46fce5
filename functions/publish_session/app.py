"""POST /admin/sessions: publish a session, signed by IAM."""

from tika import policy, publishing, sessions
from tika.api import body, entrypoint, new_app, reply, utc_now
from tika.publishing import Publication
from tika.telemetry import count

app = new_app()


@app.post("/api/v2/admin/sessions")
def publish_session():
    publication, now = body(app, Publication), utc_now()
    publishing.check(publication, policy.current(), now=now)
    row = sessions.publish(publication, now=now)
    count("SessionPublished")
    return reply(200, {"session_id": row.session_id, "slots": sessions.places_of(row)})


lambda_handler = entrypoint(app)

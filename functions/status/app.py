"""GET /status: is registration open, from when and for whom, and how fresh is availability."""

from tika import policy
from tika.api import PUBLIC_FOR_SECONDS, entrypoint, new_app, reply_to_all
from tika.clock import iso, utc_now
from tika.sessions import sessions

app = new_app()


@app.get("/api/v2/status")
def status():
    rules, now = policy.current(), utc_now()
    answer = {
        "open": now >= rules.opens_at,
        "opens_at": rules.opens_at.isoformat(),
        "phase": rules.phase,
        "min_age": rules.min_age,
        "vaccines": [
            {
                "vaccine": name,
                "fee_ceiling": rules.fee_ceiling_rupees[name],
                "dose_gap_days": rules.dose_gap_days[name],
            }
            for name in rules.vaccines
        ],
        "now": iso(now.timestamp()),
        "counts": sessions.freshness(),
    }
    return reply_to_all(app, answer, keep_for=PUBLIC_FOR_SECONDS)


lambda_handler = entrypoint(app)

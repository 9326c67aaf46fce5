"""POST /auth/public/generateOTP: a one-time code by text message."""

from typing import Any

from tika import policy
from tika.api import Command, body, entrypoint, new_app, reply
from tika.clock import utc_now
from tika.signin import mobiles, otp
from tika.telemetry import count
from tika.texts.envelope import seal

app = new_app()


class GenerateOtp(Command):
    # Of any type: whatever is wrong with it, missing or not even text, clients know by one code of the protocol.
    mobile: Any = None


@app.post("/api/v2/auth/public/generateOTP")
@app.post("/api/v2/auth/generateMobileOTP")
@app.post("/api/v2/auth/generateOTP")
def request_otp():
    mobile = mobiles.normal(body(app, GenerateOtp).mobile)
    rules, now = policy.current(), utc_now()
    wait_s = otp.admit(rules, now=now)
    txn_id = otp.request(mobile, rules, seal, now=now)
    count("OtpRequested")
    return reply(200, {"txnId": txn_id}, {"X-Expected-Wait": str(wait_s)})


lambda_handler = entrypoint(app)

"""POST /auth/public/confirmOTP: a right code becomes a token."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from tika.api import Command, body, entrypoint, new_app, reply
from tika.clock import utc_now
from tika.signin import otp, tokens
from tika.telemetry import count

app = new_app()


Hex = Annotated[str, StringConstraints(to_lower=True)]  # some platforms write ids and digests in capitals


class ConfirmOtp(Command):
    otp: Hex
    txnId: Hex


@app.post("/api/v2/auth/public/confirmOTP")
def verify_otp_publicly():
    token, _ = _signed_in(body(app, ConfirmOtp), now=utc_now())
    return reply(200, {"token": token})  # and nothing else: docs/decisions/0014


@app.post("/api/v2/auth/validateMobileOtp")
@app.post("/api/v2/auth/confirmOTP")
def verify_otp():
    token, is_new = _signed_in(body(app, ConfirmOtp), now=utc_now())
    return reply(200, {"token": token, "isNewAccount": "Y" if is_new else "N"})


def _signed_in(given: ConfirmOtp, *, now: datetime) -> tuple[str, bool]:
    """A token, and whether nobody is registered under its mobile number yet. Raises OtpRejected."""
    challenge = otp.check(given.txnId, given.otp, now=now)
    caller = otp.caller_of(challenge)
    reference_id = otp.first_person(caller.account)
    token = tokens.issue(caller, txn_id=given.txnId, reference_id=reference_id, now=now)
    otp.use_up(challenge, now=now)
    count("OtpAccepted")
    return token, not reference_id


lambda_handler = entrypoint(app)

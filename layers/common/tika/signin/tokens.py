"""The bearer token: an HS256 JWT that lives 900 seconds and names one account.

PyJWT is imported by the first token there is, as a container that only answers in public never sees one.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tika import keys
from tika.refusals import Unauthenticated
from tika.snapshot import forgets
from tika.telemetry import count, logger

TOKEN_LIVES = timedelta(seconds=900)  # the public protocol
_KEEP_S = 300  # a key retired by two rotations is refused by every container within this time, if it can read the keys
_LOOK_AGAIN_S = 10  # how soon an unknown key id may make this container read the keys again

_known: dict[str, bytes] = {}
_read_at = float("-inf")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `account` is the keyed hash of the mobile number, `mobile` the ten digits."""

    account: str
    mobile: str


def issue(caller: Caller, *, txn_id: str, reference_id: str, now: datetime) -> str:
    """Sign a token for `caller`; `reference_id` is that of their first beneficiary, empty where there is none."""
    import jwt

    issued = int(now.timestamp())
    claims = {
        "user_name": caller.account,
        "user_id": caller.account,
        "user_type": "BENEFICIARY",
        "mobile_number": int(caller.mobile),
        "beneficiary_reference_id": int(reference_id) if reference_id else 0,
        "txnId": txn_id,
        "iat": issued,
        "exp": issued + int(TOKEN_LIVES.total_seconds()),
    }
    key_id, key = next(iter(_keys().items()))
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": key_id})


def verify(token: str, *, now: datetime) -> Caller:
    """Raises Unauthenticated for any token that we did not sign or that has expired."""
    import jwt

    try:
        key_id = jwt.get_unverified_header(token).get("kid", "")
        claims = jwt.decode(token, _key(key_id), algorithms=["HS256"], options=_OPTIONS)
        expires, caller = claims["exp"], Caller(claims["user_id"], str(claims["mobile_number"]))
    except (jwt.PyJWTError, KeyError, UnicodeError):  # the last: half a character, which no encoding can carry
        raise Unauthenticated from None
    if type(expires) is not int or expires <= now.timestamp():
        raise Unauthenticated
    return caller


# Time is an argument, so the library's own look at the clock is off.
_OPTIONS: Any = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "user_id", "mobile_number"]}


def _key(key_id: Any) -> bytes:
    """Raises KeyError for a key id that is not ours. A new one may come from a rotation, so the keys are read again."""
    return _keys()[key_id] if key_id in _keys() else _keys(again=True)[key_id]


def _keys(*, again: bool = False) -> dict[str, bytes]:
    global _known, _read_at
    age = time.monotonic() - _read_at
    # Anybody may send unknown key ids, so they cost a look at the secrets only every few seconds.
    if age > _KEEP_S or (again and age > _LOOK_AGAIN_S):
        try:
            _known = keys.token_keys()
        except Exception as error:
            if not _known:
                raise
            # Everybody who is signed in stays so while the secrets cannot be read.
            logger.error("token keys not read, going on with the last ones", extra={"reason": type(error).__name__})
            count("TokenKeysStale")
        _read_at = time.monotonic()
    return _known


@forgets
def _forget() -> None:
    global _known, _read_at
    _known, _read_at = {}, float("-inf")

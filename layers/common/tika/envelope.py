"""What travels sealed: the person in a queued text message, which its dead letters must not show.

Apart from tokens and book-keeping: only request_otp and send_otp pay for importing the cryptography.
"""

import json
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from tika import keys


def seal(value: dict[str, Any]) -> str:
    return _fernet().encrypt(json.dumps(value).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Raises ValueError where `sealed` is not ours."""
    try:
        return json.loads(_fernet().decrypt(sealed))
    except (InvalidToken, TypeError, ValueError):
        raise ValueError("this was not sealed here") from None


def _fernet() -> Fernet:
    """With a key of its own that the pepper yields: another domain than any hash, so neither tells of the other."""
    return Fernet(urlsafe_b64encode(bytes.fromhex(keys.keyed_hash("envelope", "fernet"))))

"""What travels sealed: the person in a queued text message, which its dead letters must not show.

With PyNaCl, which is imported here only: a layer that holds `cryptography` makes PyJWT import it in every function.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tika import keys


def seal(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(_box().encrypt(json.dumps(value).encode())).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Raises ValueError where `sealed` is not ours."""
    try:
        return json.loads(_box().decrypt(urlsafe_b64decode(sealed)))
    except (CryptoError, TypeError, ValueError):
        raise ValueError("this was not sealed here") from None


def _box() -> SecretBox:
    """With a key of its own that the pepper yields: another domain than any hash, so neither tells of the other."""
    return SecretBox(bytes.fromhex(keys.keyed_hash("envelope", "secretbox")))

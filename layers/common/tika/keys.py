"""The secrets: the pepper of all keyed hashes, and the keys that sign tokens."""

import hashlib
import hmac
import os
from functools import cache

from botocore.exceptions import ClientError

from tika.aws import client
from tika.snapshot import forgets


@cache
def pepper() -> bytes:
    """The key of all keyed hashes. It cannot be rotated without rehashing, so it signs no token."""
    return _secret(os.environ["PEPPER_SECRET"], "AWSCURRENT").encode()


forgets(pepper.cache_clear)


def keyed_hash(domain: str, *parts: str) -> str:
    """HMAC-SHA-256, lower-case hex. `domain` keeps hashes of different things apart, the length prefix their parts."""
    message = "".join(f"{len(part)}:{part}" for part in (domain, *parts))
    return hmac.new(pepper(), message.encode(), hashlib.sha256).hexdigest()


def token_keys() -> dict[str, bytes]:
    """Token keys by key id, the current one first and the one before it, if any, second.

    Rotating the secret makes the current key the previous one, so a token signed before a rotation stays good until
    the next.
    """
    arn = os.environ["TOKEN_KEY_SECRET"]
    keys = [_secret(arn, "AWSCURRENT")]
    try:
        keys.append(_secret(arn, "AWSPREVIOUS"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":  # that one means: never rotated yet
            raise
    return {_key_id(key): key.encode() for key in keys}


def _key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def _secret(arn: str, stage: str) -> str:
    return client("secretsmanager").get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]

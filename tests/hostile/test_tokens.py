"""Tokens that nobody was given: forged, confused, altered, out of time, or in another place than the header."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest

from local.system import System
from tests.citizens import API, Citizen, SignIn
from tests.hostile.attacker import refusal, stored
from tika.keys import _key_id

pytestmark = pytest.mark.system

NOBODYS = "an attacker's own key, which is long enough for HS256"


@pytest.fixture(scope="module")
def key(system: System) -> str:
    """The key that signs, as only the functions may read it."""
    return system.client("secretsmanager").get_secret_value(SecretId=system.resource("TokenKey"))["SecretString"]


@pytest.fixture(scope="module")
def victim(sign_in: SignIn) -> Citizen:
    return sign_in()


@pytest.fixture(scope="module")
def attacker(sign_in: SignIn) -> Citizen:
    return sign_in()


def segment(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def made(header: Any, claims: Any, key: str) -> str:
    """A token with any header and claims, by HS256 whatever the header says: a library would refuse to make some."""
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{segment(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


def unsigned(header: Any, claims: Any) -> str:
    return f"{segment(header)}.{segment(claims)}."


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


type Forge = Callable[[Citizen, Citizen, str], str]


def _forgeries() -> Iterator[tuple[str, Forge]]:
    """(name, how it is made of the attacker, the victim and the key): none of them is ours."""

    def altered(**changes: Any) -> Forge:
        return lambda attacker, victim, key: _with_claims(attacker.token, claims_of(attacker.token) | changes)

    def headed(**header: Any) -> Forge:
        return lambda attacker, victim, key: made({"alg": "HS256"} | header, claims_of(attacker.token), NOBODYS)

    yield (
        "the victim's account in the attacker's token",
        lambda a, v, k: _with_claims(a.token, claims_of(a.token) | {"user_id": v.account, "user_name": v.account}),
    )
    yield "an hour more", altered(exp=int(time.time()) + 4500)
    for alg in ("none", "None", "NONE", "nOnE", ""):
        yield (
            f"alg {alg!r}, unsigned",
            lambda a, v, k, alg=alg: unsigned({"alg": alg}, claims_of(v.token)),
        )
    for alg in ("HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA"):
        yield (
            f"alg {alg} over our own HS256 signature",
            lambda a, v, k, alg=alg: made({"alg": alg, "kid": _key_id(k)}, claims_of(v.token), k),
        )
    for name, public in {"our key's id": "kid", "what a token begins with": "eyJ", "nothing": ""}.items():
        yield (
            f"HS256 with {name} as its key",
            lambda a, v, k, public=public: made(
                jwt.get_unverified_header(v.token),
                claims_of(v.token),
                _key_id(k) if public == "kid" else public,
            ),
        )
    kids = {
        "a path": "../../../../dev/null",
        "SQL": "' UNION SELECT 'k' --",
        "a URL": "http://127.0.0.1/key",
        "a megabyte": "k" * 6000,
        "a list": ["a"],
        "an object": {"a": 1},
        "null": None,
        "a number": 7,
        "nothing": "",
        "an undecodable half": "\ud800",
        "NUL": "\x00",
    }
    for name, kid in kids.items():
        yield f"kid {name}", headed(kid=kid)
    yield "no kid", headed()
    yield "a key of its own in the header", headed(jwk={"kty": "oct", "k": segment(NOBODYS.encode())})
    yield "the address of a key in the header", headed(jku="http://127.0.0.1:1/keys", x5u="http://127.0.0.1:1/x")
    yield (
        "an extension that must be understood",
        lambda a, v, k: made({"alg": "HS256", "kid": _key_id(k), "crit": ["exp"], "exp": 1}, claims_of(v.token), k),
    )
    yield "claims twice", lambda a, v, k: _with_claims(a.token, segment(_twice(claims_of(a.token), v.account)))
    yield "a signature cut short", lambda a, v, k: v.token[:-10]
    yield "no signature", lambda a, v, k: v.token.rpartition(".")[0] + "."
    yield "the signature of another token", lambda a, v, k: f"{v.token.rpartition('.')[0]}.{a.token.rpartition('.')[2]}"
    yield "four parts", lambda a, v, k: v.token + ".e30"
    yield "one letter", lambda a, v, k: "a"
    yield "very long", lambda a, v, k: "e30." + "a" * 6000 + ".e30"
    yield "not base64", lambda a, v, k: "\N{BULLET}.\N{BULLET}.\N{BULLET}".encode().decode("latin-1")
    yield "a list for a header", lambda a, v, k: made([], claims_of(v.token), k)
    yield "a list for claims", lambda a, v, k: made({"alg": "HS256", "kid": _key_id(k)}, [], k)


def _with_claims(token: str, claims: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{claims if isinstance(claims, str) else segment(claims)}.{signature}"


def _twice(claims: dict[str, Any], account: str) -> bytes:
    return (json.dumps(claims)[:-1] + f', "user_id": "{account}"}}').encode()


FORGERIES = dict(_forgeries())


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_no_token(citizen: httpx.Client, attacker, victim, key, name: str) -> None:
    token = FORGERIES[name](attacker, victim, key)

    answer = citizen.get(f"{API}/appointment/beneficiaries", headers={b"Authorization": b"Bearer " + token.encode()})

    assert (answer.status_code, answer.text) == (401, "Unauthenticated access!")


# Signed with our own key, as only a defect of ours could: still nobody gets in by them, and nothing breaks.
BROKEN_CLAIMS = {
    "expired": lambda now: {"exp": now - 1},
    "expires in words": lambda now: {"exp": str(now + 900)},
    "expires in a fraction": lambda now: {"exp": now + 900.5},
    "expires true": lambda now: {"exp": True},
    "expires in a list": lambda now: {"exp": [now + 900]},
    "never expires": lambda now: {"exp": None},
    "no account": lambda now: {"user_id": None},
    "no mobile": lambda now: {"mobile_number": None},
    "not before tomorrow": lambda now: {"nbf": now + 86_400},
}


@pytest.mark.parametrize("name", BROKEN_CLAIMS)
def test_a_token_of_ours_with_broken_claims_is_no_token(citizen: httpx.Client, victim, key, name: str) -> None:
    changes = BROKEN_CLAIMS[name](int(time.time()))
    claims = {claim: value for claim, value in (claims_of(victim.token) | changes).items() if value is not None}
    token = made({"alg": "HS256", "typ": "JWT", "kid": _key_id(key)}, claims, key)

    answer = citizen.get(f"{API}/appointment/beneficiaries", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.text) == (401, "Unauthenticated access!")


def test_the_same_made_with_good_claims_is_one(citizen: httpx.Client, victim, key) -> None:
    """The twin that must get in, or the tests above prove nothing."""
    token = made({"alg": "HS256", "typ": "JWT", "kid": _key_id(key)}, claims_of(victim.token), key)

    answer = citizen.get(f"{API}/appointment/beneficiaries", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


def test_a_token_counts_in_its_header_only(citizen: httpx.Client, victim) -> None:
    path, token = f"{API}/appointment/beneficiaries", victim.token
    elsewhere = [
        citizen.get(path, params={"token": token, "access_token": token, "Authorization": f"Bearer {token}"}),
        citizen.get(path, headers={"Cookie": f"token={token}; Authorization=Bearer {token}"}),
        citizen.get(path, headers={"X-Authorization": f"Bearer {token}", "X-Api-Key": token, "token": token}),
        citizen.get(path, headers={"Authorization": token}),
        citizen.get(path, headers={"Authorization": f"Basic {token}"}),
        citizen.get(path, headers={"X-Amzn-Remapped-Authorization": f"Bearer {token}"}),
    ]

    assert [(answer.status_code, refusal(answer, token)) for answer in elsewhere] == [(401, "")] * len(elsewhere)


def test_a_number_in_the_body_is_not_who_calls(system: System, attacker, victim) -> None:
    before = stored(system, victim)
    person = {"name": "Mallika Rao", "birth_year": "1960", "photo_id_type": 8}
    person |= {"photo_id_number": f"Z{random.randrange(10**7):07}"}
    whose = {
        "mobile": victim.mobile,
        "mobile_number": victim.mobile,
        "user_id": victim.account,
        "account": victim.account,
    }

    answer = attacker.post("/registration/beneficiary/new", person | {"consent_version": "1"} | whose)

    assert answer.status_code == 200
    assert stored(system, victim) == before

"""The bearer token: what it says, how long it is good, and that nobody else can make one."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import NOON, in_a_name, new_container
from tika import keys
from tika.aws import client
from tika.refusals import Unauthenticated
from tika.signin import tokens
from tika.signin.tokens import Caller

ASHA = Caller("a" * 64, "9876543210")
TXN_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def a_token(caller=ASHA, *, reference_id="21363181496731", now=NOON):
    return tokens.issue(caller, txn_id=TXN_ID, reference_id=reference_id, now=now)


def signed(claims=None, *, key=b"k" * 64, algorithm="HS256", **headers):
    """A token that anybody could make who has `key`; by default it is a good one."""
    key_id = next(iter(keys.token_keys()))
    return jwt.encode(claims or the_claims(), key, algorithm=algorithm, headers={"kid": key_id, **headers})


def the_claims(**changes):
    at = int(NOON.timestamp())
    claims = {"user_id": "a" * 64, "mobile_number": 9876543210, "iat": at, "exp": at + 900, **changes}
    return {name: value for name, value in claims.items() if value is not ...}


def part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def rotate(key):
    client("secretsmanager").put_secret_value(SecretId="TOKEN_KEY_SECRET", SecretString=key)


# --- good ones -------------------------------------------------------------------------------------------------------


def test_a_token_names_who_it_was_issued_to(aws):
    assert tokens.verify(a_token(), now=NOON) == ASHA


def test_a_token_holds_the_claims_of_the_public_protocol_and_lives_900_seconds(aws):
    claims = jwt.decode(a_token(), options={"verify_signature": False})

    assert claims == {
        "user_name": "a" * 64,
        "user_id": "a" * 64,
        "user_type": "BENEFICIARY",
        "mobile_number": 9876543210,
        "beneficiary_reference_id": 21363181496731,
        "txnId": TXN_ID,
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 900,
    }


def test_a_token_of_somebody_with_nobody_registered_names_no_beneficiary(aws):
    claims = jwt.decode(a_token(reference_id=""), options={"verify_signature": False})

    assert claims["beneficiary_reference_id"] == 0


def test_the_maker_of_good_tokens_in_these_tests_makes_good_ones(aws):
    assert tokens.verify(signed(), now=NOON) == ASHA  # or every refusal below would prove nothing


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_token_is_good_until_its_last_second_and_not_in_the_next(aws):
    token = a_token()

    assert tokens.verify(token, now=NOON + timedelta(seconds=899)) == ASHA
    with pytest.raises(Unauthenticated):
        tokens.verify(token, now=NOON + timedelta(seconds=900))


def test_a_token_from_a_machine_whose_clock_runs_ahead_is_good(aws):
    assert tokens.verify(a_token(now=NOON + timedelta(seconds=2)), now=NOON) == ASHA


# --- forged ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "null",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9..",
        "\x00",
        "ключ.ключ.ключ",
        "\ud800.\ud800.\ud800",  # half a character, which no encoding can carry
        f"{part(b'not json')}.e30.e30",
        f"{part([1, 2])}.e30.e30",
        f"{part(b'[' * 6000)}.e30.e30",
        f"{part(b'[' * 200_000)}.e30.e30",
        f"{part(b'1' * 6000)}.e30.e30",
        f"{part({'alg': 'HS256'})}.{part(b'{')}.e30",
        f"{part({'alg': 'HS256', 'kid': None})}.e30.e30",
        f"{part({'alg': 'HS256', 'kid': ['a']})}.e30.e30",
        f"{part({'alg': 'HS256', 'kid': {'a': 1}})}.e30.e30",
        f"{part({'alg': ['HS256'], 'kid': 'a'})}.e30.e30",
        f"{part({'alg': 7})}.e30.e30",
        f"{part({})}.e30.e30",
        "x" * 1_000_000,
    ],
    ids=lambda text: in_a_name(text[:20]),
)
def test_what_is_not_a_token_is_not_authenticated(aws, text):
    with pytest.raises(Unauthenticated):
        tokens.verify(text, now=NOON)


@pytest.mark.parametrize("thing", [None, 7, True, {}, [], b"\xff\xfe"], ids=in_a_name)
def test_what_is_not_even_text_is_not_authenticated(aws, thing):
    with pytest.raises(Unauthenticated):
        tokens.verify(thing, now=NOON)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", part(b"anything")], ids=["no signature", "some signature"])
def test_an_unsigned_token_is_not_authenticated(aws, algorithm, signature):
    header = {"alg": algorithm, "typ": "JWT", "kid": next(iter(keys.token_keys()))}

    with pytest.raises(Unauthenticated):
        tokens.verify(f"{part(header)}.{part(the_claims())}.{signature}", now=NOON)


def test_a_token_signed_with_another_key_is_not_authenticated(aws):
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(key=b"x" * 64), now=NOON)


def test_a_token_signed_with_its_key_id_or_with_nothing_is_not_authenticated(aws):
    [key_id] = keys.token_keys()
    header, claims = part({"alg": "HS256", "kid": key_id}), part(the_claims())
    for key in (b"", key_id.encode()):
        signature = part(hmac.new(key, f"{header}.{claims}".encode(), hashlib.sha256).digest())

        with pytest.raises(Unauthenticated):
            tokens.verify(f"{header}.{claims}.{signature}", now=NOON)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_signed_with_our_key_by_another_algorithm_is_not_authenticated(aws, algorithm):
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(algorithm=algorithm), now=NOON)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_token_signed_with_a_private_key_is_not_authenticated(aws, algorithm):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    with pytest.raises(Unauthenticated):
        tokens.verify(signed(key=private, algorithm=algorithm), now=NOON)


def test_a_public_key_taken_for_a_secret_gains_nothing(aws):
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, claims = part({"alg": "HS256", "kid": next(iter(keys.token_keys()))}), part(the_claims())
    signature = part(hmac.new(pem, f"{header}.{claims}".encode(), hashlib.sha256).digest())

    with pytest.raises(Unauthenticated):
        tokens.verify(f"{header}.{claims}.{signature}", now=NOON)


@pytest.mark.parametrize("claim", ["exp", "iat", "user_id", "mobile_number"])
def test_a_token_without_one_of_its_claims_is_not_authenticated(aws, claim):
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(the_claims(**{claim: ...})), now=NOON)


@pytest.mark.parametrize("expires", ["never", "9999999999", None, [], {}, True, float("nan"), float("inf")], ids=repr)
def test_a_token_that_expires_at_no_number_is_not_authenticated(aws, expires):
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(the_claims(exp=expires)), now=NOON)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_token_with_any_part_changed_is_not_authenticated(aws, index):
    parts, other = a_token().split("."), a_token(Caller("b" * 64, "9876543211"), now=NOON).split(".")
    parts[index] = other[index] if index else part({"alg": "HS256", "kid": next(iter(keys.token_keys())), "x": 1})

    with pytest.raises(Unauthenticated):
        tokens.verify(".".join(parts), now=NOON)


def test_a_token_that_brings_its_own_key_is_not_authenticated(aws):
    own = {"kty": "oct", "k": part(b"x" * 64)}

    with pytest.raises(Unauthenticated):
        tokens.verify(signed(key=b"x" * 64, jwk=own, jku="https://attacker.test/keys"), now=NOON)


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_id", ["deadbeef", "", "../../etc/passwd", "k" * 10_000])
def test_a_token_of_an_unknown_key_id_is_not_authenticated(aws, key_id):
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(kid=key_id), now=NOON)


def test_a_stream_of_unknown_key_ids_reads_the_secrets_once_in_ten_seconds(aws, calls, monkeypatch):
    seconds = a_stopwatch(monkeypatch)
    tokens.verify(a_token(), now=NOON)
    unknown = signed(kid="deadbeef")
    calls.made.clear()

    for tenth in range(250):
        seconds.now = tenth / 10
        with pytest.raises(Unauthenticated):
            tokens.verify(unknown, now=NOON)

    assert calls.operations.count("GetSecretValue") == 2 * 2  # the current and the previous key, at 10 s and at 20 s


def test_a_token_signed_before_a_rotation_is_good_after_it(aws):
    before = a_token()
    rotate("n" * 64)
    new_container()

    assert tokens.verify(before, now=NOON) == ASHA


def test_a_token_signed_two_rotations_ago_is_not_authenticated(aws):
    before = a_token()
    rotate("n" * 64)
    rotate("o" * 64)
    new_container()

    with pytest.raises(Unauthenticated):
        tokens.verify(before, now=NOON)


def test_after_a_rotation_new_tokens_are_signed_with_the_new_key(aws):
    rotate("n" * 64)
    new_container()

    assert jwt.decode(a_token(), b"n" * 64, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})


def test_a_warm_container_takes_a_token_signed_with_a_key_it_has_not_seen_yet(aws, monkeypatch):
    seconds = a_stopwatch(monkeypatch)
    tokens.verify(a_token(), now=NOON)
    rotate("n" * 64)
    seconds.now += 11
    new_key_id = next(iter(keys.token_keys()))

    assert tokens.verify(signed(key=b"n" * 64, kid=new_key_id), now=NOON) == ASHA


def test_a_warm_container_refuses_a_key_retired_by_two_rotations_within_five_minutes(aws, monkeypatch):
    seconds = a_stopwatch(monkeypatch)
    before = a_token()
    rotate("n" * 64)
    rotate("o" * 64)
    seconds.now += 301

    with pytest.raises(Unauthenticated):
        tokens.verify(before, now=NOON)


def test_known_keys_are_read_again_only_after_five_minutes(aws, calls, monkeypatch):
    seconds = a_stopwatch(monkeypatch)
    token = a_token()
    calls.made.clear()

    for second in range(0, 301, 20):
        seconds.now = second
        tokens.verify(token, now=NOON)
    assert calls.made == []
    seconds.now = 301
    tokens.verify(token, now=NOON)
    assert calls.operations == ["GetSecretValue"] * 2  # the current and the previous key


def test_keys_once_known_serve_on_while_the_secrets_cannot_be_read(aws, calls, logged, monkeypatch):
    seconds = a_stopwatch(monkeypatch)
    counted = []
    monkeypatch.setattr(tokens, "count", counted.append)
    token = a_token()
    calls.refuse("GetSecretValue", "InternalServiceError", times=100)
    calls.made.clear()

    for minute in range(5, 12):
        seconds.now = 60 * minute + 1
        for _ in range(20):
            assert tokens.verify(token, now=NOON) == ASHA

    assert len(calls.made) <= 2 * 7 * 6  # and asks again now and then, not with every request
    assert counted == ["TokenKeysStale"] * 2  # for which there is an alarm
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    said = ("ERROR", "token keys not read, going on with the last ones", "ClientError")
    assert [(line["level"], line["message"], line["reason"]) for line in lines] == [said] * 2


def test_without_any_key_a_token_is_an_error_and_never_let_through(aws, calls):
    calls.refuse("GetSecretValue", "InternalServiceError", times=9)

    with pytest.raises(Exception, match="InternalServiceError"):
        tokens.verify(_good_looking(), now=NOON)


def _good_looking():
    header, claims = part({"alg": "HS256", "kid": "deadbeef"}), part(the_claims())
    return f"{header}.{claims}.{part(b'x' * 32)}"


class Stopwatch:
    now = 0.0


def a_stopwatch(monkeypatch):
    """The monotonic clock by which keys grow old, in seconds."""
    seconds = Stopwatch()
    monkeypatch.setattr(tokens, "time", type("Time", (), {"monotonic": staticmethod(lambda: seconds.now)}))
    assert time.monotonic is not tokens.time.monotonic
    return seconds

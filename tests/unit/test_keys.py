"""The keyed hashes and where their key and the tokens' keys come from."""

import pytest
from botocore.exceptions import ClientError

from tika import keys
from tika.aws import client


def test_a_keyed_hash_is_64_lower_case_hex_digits(aws):
    hashed = keys.keyed_hash("mobile", "9876543210")

    assert len(hashed) == 64
    assert set(hashed) <= set("0123456789abcdef")


def test_a_keyed_hash_is_the_same_each_time_and_differs_by_pepper(aws, monkeypatch):
    before = keys.keyed_hash("mobile", "9876543210")
    assert keys.keyed_hash("mobile", "9876543210") == before

    with monkeypatch.context() as patched:
        patched.setattr(keys, "pepper", lambda: b"another pepper")
        assert keys.keyed_hash("mobile", "9876543210") != before


@pytest.mark.parametrize(
    "other",
    [
        ("otp", "9876543210"),
        ("mobile", "9876543211"),
        ("mobile", "98765", "43210"),
        ("mobile", "9876543210", ""),
        ("mobile9876543210",),
        ("mobile", "", "9876543210"),
    ],
)
def test_neither_another_domain_nor_another_division_into_parts_gives_the_same_hash(aws, other):
    assert keys.keyed_hash(*other) != keys.keyed_hash("mobile", "9876543210")


def test_moving_a_boundary_between_parts_gives_another_hash(aws):
    assert keys.keyed_hash("otp", "ab", "c") != keys.keyed_hash("otp", "a", "bc")


def test_the_pepper_is_read_once_in_a_container(aws, calls):
    for mobile in ("9876543210", "9876543211", "9876543212"):
        keys.keyed_hash("mobile", mobile)

    assert calls.operations == ["GetSecretValue"]


def test_a_secret_that_was_never_rotated_yields_one_token_key(aws):
    assert list(keys.token_keys().values()) == [b"k" * 64]


def test_after_a_rotation_the_current_key_comes_first_and_the_one_before_second(aws, monkeypatch):
    rotate("a" * 64)

    assert list(keys.token_keys().values()) == [b"a" * 64, b"k" * 64]


def test_after_two_rotations_the_oldest_key_is_gone(aws):
    rotate("a" * 64)
    rotate("b" * 64)

    assert list(keys.token_keys().values()) == [b"b" * 64, b"a" * 64]


def test_a_key_id_tells_nothing_of_the_key(aws):
    [key_id] = keys.token_keys()

    assert len(key_id) == 8
    assert key_id not in "k" * 64


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_previous_key_that_cannot_be_read_is_an_error_and_not_taken_for_absent(aws, calls, code):
    calls.pass_by("GetSecretValue")
    calls.refuse("GetSecretValue", code)

    with pytest.raises(ClientError):
        keys.token_keys()


def rotate(key: str) -> None:
    client("secretsmanager").put_secret_value(SecretId="TOKEN_KEY_SECRET", SecretString=key)

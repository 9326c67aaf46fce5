"""Citizens who live beside the attacks, and what must not have happened to them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.citizens import Left, SignIn, a_session_of
from tests.deployed import Sign


@pytest.fixture(scope="session")
def left() -> Left:
    return Left()


@pytest.fixture(scope="session")
def sign_in(citizen: httpx.Client, left: Left, text_messages: Callable[..., list[dict[str, str]]]) -> SignIn:
    return SignIn(citizen, left, text_messages)


@pytest.fixture(scope="session")
def a_session(ops: Sign) -> Callable[..., dict[str, Any]]:
    """`a_session(seats=1)`: another centre's session of tomorrow."""
    return lambda **changes: a_session_of(ops, **changes)

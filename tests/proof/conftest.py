"""A world for each test of the proof."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.conftest import Clock
from tests.proof.world import World, new_world


@pytest.fixture
def world(aws: SimpleNamespace, at: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with new_world(aws, at, monkeypatch) as world:
        yield world

"""The same code with one condition taken out: a proof that does not notice proves nothing."""

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest


def twin(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any], old: str, new: str) -> None:
    """Let `function` say `new` where its source says `old`, which it must say once."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} says {source.count(old)} times: {old}"
    owner: Any = sys.modules[function.__module__]
    for name in function.__qualname__.split(".")[:-1]:
        owner = getattr(owner, name)
    made: dict[str, Any] = {}
    exec(compile(source.replace(old, new), f"<twin of {function.__qualname__}>", "exec"), function.__globals__, made)
    monkeypatch.setattr(owner, function.__name__, made[function.__name__])

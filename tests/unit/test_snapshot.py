"""Containers that are restored from one snapshot differ from each other, and believe nothing from before it."""

import ast
import importlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.template import rules
from tika import snapshot

LAYER = ROOT / "layers" / "common"
WITH_SNAPSHOT = [rules.operation(one) for one in rules.functions(rules.read()).values() if "SnapStart" in one]

# Two forks of a process are as alike as two containers restored from one snapshot. Lambda's library is played here.
_IN_LAMBDA = """
import json, os, random, secrets, sys, types, uuid

hooks = []
library = types.ModuleType("snapshot_restore_py")
library.register_after_restore = hooks.append
sys.modules["snapshot_restore_py"] = library
sys.path.insert(0, sys.argv[1])
import app
print(json.dumps([f"{hook.__module__}.{hook.__name__}" for hook in hooks]))
"""
_TWO_RESTORED = """
from tika import policy
from tika.booking import seats
from tika.signin import tokens

policy._kept = tokens._known = "old"
seats._left["a", 1, 1, 1] = "old"
state = random.getstate()
for _ in range(2):
    reading, writing = os.pipe()
    if not os.fork():
        random.setstate(state)  # which Python seeds anew in a fork; a restored container has it as it was
        for hook in hooks if sys.argv[2] == "hooks run" else ():
            hook()
        chance = {"random": random.random(), "seats": random.sample(range(1000), 4), "id": str(uuid.uuid4()),
                  "code": secrets.token_hex()}
        remembered = [policy._kept, tokens._known, seats._left]
        os.write(writing, json.dumps([chance, [bool(one) for one in remembered]]).encode())
        os._exit(0)
    os.close(writing)
    print(os.fdopen(reading).read())
"""


def _run(program: str, operation: str, how: str = "") -> list[Any]:
    command = [sys.executable, "-c", program, str(ROOT / "functions" / operation), how]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _restored(how: str) -> list[tuple[dict[str, object], list[bool]]]:
    _, *containers = _run(_IN_LAMBDA + _TWO_RESTORED, "book_slot", how)
    return containers


@pytest.mark.parametrize("operation", WITH_SNAPSHOT)
def test_lambda_is_told_what_to_call(operation: str) -> None:
    assert _run(_IN_LAMBDA, operation) == [["tika.snapshot.restored"]]


def test_two_containers_of_one_snapshot_have_nothing_random_in_common() -> None:
    (one, _), (other, _) = _restored("hooks run")

    assert [name for name in one if one[name] == other[name]] == []


def test_without_the_hook_they_would_take_the_same_seats() -> None:
    (one, _), (other, _) = _restored("hooks do not run")

    assert [name for name in one if one[name] == other[name]] == ["random", "seats"]  # the kernel gives the others


@pytest.mark.parametrize(("how", "remembered"), [("hooks run", [False] * 3), ("hooks do not run", [True] * 3)])
def test_what_was_remembered_before_is_not_believed(how: str, remembered: list[bool]) -> None:
    assert [memories for _, memories in _restored(how)] == [remembered, remembered]


def _memories() -> list[tuple[str, str]]:
    """(module, name) of what a module rebinds while it answers, and of what it fills: empty when it is imported."""
    found = []
    for path in sorted((LAYER / "tika").rglob("*.py")):
        tree, module = ast.parse(path.read_text()), ".".join(path.relative_to(LAYER).with_suffix("").parts)
        names = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and ast.unparse(node.value) in _EMPTY:
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                names.add(ast.unparse(target))
        found += [(module, name) for name in sorted(names)]
    return found


_EMPTY = {"{}", "dict()", "set()", "OrderedDict()"}


@pytest.mark.parametrize(("module", "name"), _memories())
def test_every_memory_is_forgotten(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = importlib.import_module(module)
    memory, old = getattr(loaded, name), object()
    if hasattr(memory, "clear"):
        memory.clear()
        memory["old"] = old
    else:
        monkeypatch.setattr(loaded, name, old)

    snapshot.forget()

    memory = getattr(loaded, name)
    assert memory is not old
    assert not (hasattr(memory, "clear") and memory)


def test_the_memories_that_we_know_are_found() -> None:
    assert {("tika.policy", "_kept"), ("tika.booking.seats", "_left"), ("tika.sessions.search", "_near")} <= {
        *_memories()
    }

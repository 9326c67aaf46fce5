"""Every function, every request it makes of AWS, every fault.

Each event of events/ is sent once to learn what the function asks of AWS, and then once for each of these requests and
each fault that may meet it. The real trigger tries again, and when all has settled the invariants must hold. What is
learned is not written down anywhere: another request, another event or another function is covered as it comes.

A sample runs with the other tests. `make proof` runs all of it, and a sample with each further seed.
"""

import os
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.conftest import ROOT
from tests.proof import invariants
from tests.proof.faults import AFTER_ALL, FAULTS, Fault, Injector
from tests.proof.invariants import Broken
from tests.proof.scenes import TRIGGERS, Case, Scene, cases, events_of, rivals
from tests.proof.world import Call, Told, World, code_in
from tika import policy

WHOLE = os.environ.get("TIKA_PROOF") == "whole"
SEEDS = range(int(os.environ.get("TIKA_SEEDS", "1")))
ONLY = os.environ.get("TIKA_CASE", "")  # the name of one case, to replay it
ONE_IN = 12  # cases of the sample

# A request comes late: the clock is moved between its sending and its arrival.
LATE_S = [181, 295, 301, 306, 901, 24 * 3600]


@dataclass
class Trial:
    """One case of the matrix: a fault at one request of an event."""

    case: Case
    seed: int
    fault: Fault | None = None
    at: int = 0
    call: Call | None = None
    late_s: int = 0

    @property
    def group(self) -> str:
        return self.fault.group if self.fault else "late" if self.late_s else "twice"

    def __str__(self) -> str:
        what = self.fault.name if self.fault else f"{self.late_s} s late" if self.late_s else "delivered twice"
        where = f", request {self.at} ({self.call})" if self.call else ""
        return f"{self.case}{where}, {what}, seed {self.seed}"


@pytest.mark.parametrize("case", cases(), ids=str)
def test_whatever_fails_nothing_is_lost_doubled_or_leaked(case, world, record_property):
    matrix = Matrix(case, world)
    failures, tried = [], Counter()
    for trial in matrix.trials():
        if ONLY and ONLY not in str(trial):
            continue
        try:
            matrix.run(trial)
        except Broken as error:
            failures.append(f"{trial}: {error}")
        tried[trial.group] += 1
    found = {"operation": case.operation, "tried": dict(tried), "steps": matrix.steps, "seeds": len(SEEDS)}
    record_property("matrix", found)
    assert not failures, f"{len(failures)} of {tried.total()} failed\n" + "\n".join(failures[:20])


class Matrix:
    """An event in its scene, which is set up once and brought back for each case."""

    def __init__(self, case: Case, world: World):
        self.case, self.world, self.steps = case, world, 0
        scene = case.prepare(world)
        invariants.check(world)
        world.state.memory["scene"] = scene
        self.before = world.save()
        self.calls = self._learn()

    def _learn(self) -> list[Call]:
        """Nothing goes wrong: the requests that are made."""
        scene = self._set()
        told = self._send(scene, cold=self.case.cold)
        assert told is not None
        calls = list(told.calls)
        self.answer = (told.status, told.text)
        invariants.check(self.world)
        if told.ok and self.case.operation not in TRIGGERS:
            invariants.check_again(self.world, lambda: self.case.send(self.world, scene), told)
        self._finish(scene)
        return calls

    def _set(self, seed: int = 0) -> Scene:
        self.world.restore(self.before)
        self.world.seed(f"{self.case} {seed}")
        return self.world.state.memory["scene"]

    def trials(self) -> Iterator[Trial]:
        """Every case, or the sample: the same ones each time, spread over requests and faults."""
        for seed in SEEDS:
            whole = ONLY or (WHOLE and seed == 0)
            for trial in self._all(seed):
                if whole or zlib.crc32(str(trial).encode()) % ONE_IN == 0:
                    yield trial

    def _all(self, seed: int) -> Iterator[Trial]:
        scene = self._set(seed)
        against = rivals(self.case, scene)
        for at, call in enumerate(self.calls):
            for fault in FAULTS:
                if fault.only(call):
                    yield Trial(self.case, seed, fault, at, call)
            others = [fault for kind in call.rows for fault in against[kind]]
            for fault in {fault.name: fault for fault in others}.values():
                yield Trial(self.case, seed, fault, at, call)
        for late_s in LATE_S:
            yield Trial(self.case, seed, late_s=late_s)
        yield Trial(self.case, seed)

    def run(self, trial: Trial) -> None:
        world, case = self.world, self.case
        scene = self._set(trial.seed)
        if trial.late_s:
            token = scene.me.token
            world.pull()
            world.clock.now += timedelta(seconds=trial.late_s)
            told = self._send(scene, token=token)
            told = self._send(scene) if told and told.status == 401 else told
        elif not trial.fault:
            told = self._send(scene, twice=True)
        else:
            fault = trial.fault if trial.group != "rival" else self._rival(scene, trial)
            world.on_call = injector = Injector(world, fault, trial.at)
            told = self._send(scene, cold=self.case.cold)
            world.on_call = None
            if not injector.struck:
                raise Broken("the fault struck nothing")
            if fault.name != AFTER_ALL:
                injector.arrive()
        invariants.check(world)
        told = case.settle(world, scene, told)
        invariants.check(world)
        others = trial.group in ("rival", "late", "twice")
        if told and told.ok and case.operation not in TRIGGERS:
            # What others did meanwhile, or time, may have changed the answer, but not between two that follow at once.
            same = not others and any(call.writes for call in self.calls)
            first = told if same else case.send(world, scene)
            invariants.check_again(world, lambda: case.send(world, scene), first)
        if not others and case.operation not in TRIGGERS:
            self._check_answer(told)
        if trial.fault and trial.fault.name == AFTER_ALL:
            world.drain()
            self._use_code()
            injector.arrive()
            self._use_code()
        self._finish(scene)
        self.steps += len(world.state.ledger)

    def _rival(self, scene: Scene, trial: Trial) -> Fault:
        """The same rival, of this very scene."""
        against = rivals(self.case, scene)
        return next(fault for kind in trial.call.rows for fault in against[kind] if fault.name == trial.fault.name)

    def _send(self, scene: Scene, **how) -> Told | None:
        return self.case.send(self.world, scene, **how)

    def _check_answer(self, told: Told) -> None:
        """Whatever failed on the way, in the end the answer is the one it would have been.

        A code that was used up by a request whose answer was lost is the exception: the citizen asks for another.
        """
        used_up = self.case.operation == "verify_otp" and told.status == 400
        if told.status != self.answer[0] and not used_up:
            raise Broken(f"answered {told.status} {told.text} in the end, where it would be {self.answer[0]}")

    def _use_code(self) -> None:
        """Try the last code that was asked for: what arrives later must not make it good again."""
        asked = [told for told in self.world.state.ledger if told.operation == "request_otp" and told.ok]
        if asked and self.world.state.texts and "OTP" in self.world.state.texts[-1][1]:
            self.world.verify_otp(asked[-1].json["txnId"], code_in(self.world.state.texts[-1][1]))

    def _finish(self, scene: Scene) -> None:
        """All settles, and the citizen can still sign in."""
        world = self.world
        invariants.check_settled(world)
        if self.case.operation in ("request_otp", "verify_otp", "send_otp"):
            world.clock.now += timedelta(seconds=policy.current().otp_resend_seconds)
            asked = world.request_otp(scene.me.caller.mobile)
            if not asked.ok:
                raise Broken(f"no code: {asked.text}")
            world.drain()
            code = code_in(world.state.texts[-1][1])
            if not world.verify_otp(asked.json["txnId"], code).ok:
                raise Broken("signing in fails")
            invariants.check_settled(world)


def test_every_function_has_an_event_to_send():
    operations = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}

    assert {case.operation for case in cases()} == operations
    assert {operation: events_of(operation) for operation in operations if not events_of(operation)} == {}

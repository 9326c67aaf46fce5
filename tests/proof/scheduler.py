"""Several functions at once, each stopped before every request that it sends to AWS; a schedule says who moves next.

An actor is a thread, and exactly one of them runs at any moment: nothing happens that the schedule did not choose. A
move takes an actor from where it stands to its next request, or to its end. So a request is applied at the beginning of
a move, and what the actor does with the answer belongs to the same move. The first move only begins: it is there that a
function looks at its clock.

A run is written as the letters of those who moved behind the seed of everything else that is random: "0:AABAB". It
replays from that alone: TIKA_ORDER=0:AABAB before the test's own command plays this order and no other.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from tests.proof.world import Call, Gone, World
from tika import keys, policy
from tika.booking import seats
from tika.sessions import search, sessions
from tika.signin import tokens

REPLAY = os.environ.get("TIKA_ORDER", "")
STUCK_AFTER_S = 60  # a move takes milliseconds
MOST_ACTORS = 26  # a letter each
BEGIN, TIME = "begin", "time"

type What = Call | str

# Read once by a container and changed by nobody here, so it does not matter when.
_CONSTANT = ("ssm", "secretsmanager")

# What a process remembers between two requests to AWS, and another process does not know.
_MEMORY = (
    (BaseRouter, "current_event"),
    (BaseRouter, "lambda_context"),
    (policy, "_kept"),
    (policy, "_read_at"),
    (tokens, "_known"),
    (tokens, "_read_at"),
    (sessions, "_kept"),
    (search, "_near"),
    (seats, "_left"),
)
_OF_SESSIONS = ((sessions, "_kept"), (search, "_near"), (seats, "_left"))


@dataclass
class Actor:
    """`run` calls functions of the world, one after the other, in a container of its own.

    `skew_s`: how far its clock is ahead. `remembers`: what the container that set the scene knew of sessions it knows
    as well; others read them anew.
    """

    run: Callable[[], Any]
    skew_s: float = 0
    remembers: bool = False


@dataclass(frozen=True)
class Move:
    """Who moved, and what that move applied: a request, BEGIN or TIME.

    `turned`: an invocation began or ended in it. `finished`: the actor has nothing more to do.
    """

    actor: int
    what: What
    turned: bool
    finished: bool

    @property
    def quiet(self) -> bool:
        """It changed nothing that another actor could see."""
        return self.what == BEGIN or (isinstance(self.what, Call) and not self.what.writes)


def letter(actor: int) -> str:
    return chr(ord("A") + actor)


@dataclass
class Run:
    """One order, played to its end. `skipped`: it was left early, as another order does the very same."""

    seed: Any
    moves: list[Move] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    skipped: bool = False

    @property
    def interrupted(self) -> int:
        """How often another moved on before the one who moved was done."""
        return sum(one.actor != next.actor and not one.finished for one, next in pairwise(self.moves))

    @property
    def order(self) -> str:
        return f"{self.seed}:{''.join(letter(move.actor) for move in self.moves)}"

    def told(self) -> str:
        """For who has to find out what went wrong."""
        moves = [f"  {letter(move.actor)}  {move.what}{'  (end)' if move.finished else ''}" for move in self.moves]
        return "\n".join(["In this order:", *moves, f"TIKA_ORDER={self.order} before the same test replays it."])


class _Thread:
    """An actor on the stage."""

    def __init__(self, actor: Actor, number: int, stage: "Stage"):
        self.actor, self.number, self.stage = actor, number, stage
        self.next: What = BEGIN  # what its next move applies
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = self.killed = False
        self.turn = threading.Semaphore(0)
        self.memory = stage.remembered(actor)
        self.random = (random.Random(f"{stage.seed} {number}").getstate(),) * 2
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self) -> None:
        self.turn.acquire()
        try:
            if not self.killed:
                self.result = self.actor.run()
        except Gone:
            pass
        except BaseException as error:  # raised again where the schedule is played
            self.error = error
        self.finished = True
        self.stage.back.release()

    def stop(self, before: What) -> None:
        """Called in the actor's own thread: wait until it is to move."""
        if self.killed:
            raise Gone
        self.next = before
        self.stage.back.release()
        self.turn.acquire()
        if self.killed:
            raise Gone

    def move(self) -> None:
        """Called by the stage: let the actor move, and wait until it stops."""
        stage = self.stage
        outside = stage.swap(self.memory, self.random, self.actor.skew_s)
        stage.acting = self
        self.turn.release()
        if not stage.back.acquire(timeout=STUCK_AFTER_S):
            raise TimeoutError(f"{letter(self.number)} neither ended nor sent a request after {self.next}")
        stage.acting = None
        self.memory, self.random = stage.swap(*outside, -self.actor.skew_s)


class Stage:
    """Plays orders of the same scene, each from its beginning.

    `scene(stage)` sets it and gives back the actors; `watch()` is called after each move that changed something.
    """

    def __init__(self, world: World, scene: Callable[["Stage"], Sequence[Actor]], watch: Callable[[], None]):
        self.world, self.watch, self.scene = world, watch, scene
        self.moves = 0
        self.seed: Any = None
        self.acting: _Thread | None = None
        self.back = threading.Semaphore(0)
        # Read by the first who needs them, whoever that is: read before, each run is like any other.
        keys.pepper(), tokens._keys(), policy.current()
        self._blank = world.save()

    def play(self, choose: Callable[[Run, dict[int, What]], int | None], *, seed: Any = 0) -> Run:
        """`choose` is given the run so far and, by actor, what each would do next, and says who moves.

        None leaves the run. Raises what an actor or the watcher raises, with the run in a note.
        """
        self._set(seed)
        run, threads = Run(seed), [_Thread(actor, number, self) for number, actor in enumerate(self._actors)]
        self.world.on_call = self._on_call
        try:
            while waiting := {thread.number: thread.next for thread in threads if not thread.finished}:
                chosen = choose(run, waiting)
                if chosen is None:
                    run.skipped = True
                    break
                thread, ticks = threads[chosen], self.world.state.ticks
                thread.move()
                turned = self.world.state.ticks != ticks
                run.moves.append(Move(chosen, waiting[chosen], turned, thread.finished))
                self.moves += 1
                if thread.error:
                    raise thread.error
                if turned or not run.moves[-1].quiet:
                    self.watch()
        except BaseException as error:
            error.add_note(run.told())
            raise
        finally:
            for thread in threads:
                if not thread.finished:
                    thread.killed = True
                    thread.move()
            self.world.on_call = None
        run.results = [thread.result for thread in threads]
        return run

    def _set(self, seed: Any) -> None:
        """The scene anew: made once for each seed, then brought back."""
        if seed != self.seed:
            self.seed = seed
            self.world.restore(self._blank)
            self.world.seed(seed)
            self._actors = self.scene(self)
            self._memory = {name: _copy(getattr(*name, None)) for name in _MEMORY}
            self._saved = self.world.save()
        self.world.restore(self._saved)

    def remembered(self, actor: Actor) -> dict[Any, Any]:
        memory = {name: _copy(value) for name, value in self._memory.items()}
        if not actor.remembers:
            for name in _OF_SESSIONS:
                memory[name].clear()
        return memory

    def swap(self, memory: dict[Any, Any], states: tuple[Any, Any], skew_s: float) -> tuple[Any, Any]:
        """Put this memory, randomness and clock in place; gives back what was there."""
        before = {name: getattr(*name, None) for name in _MEMORY}
        for (owner, name), value in memory.items():
            setattr(owner, name, value)
        drawn = random.getstate(), self.world.random.getstate()
        random.setstate(states[0])
        self.world.random.setstate(states[1])
        self.world.clock.now += timedelta(seconds=skew_s)
        return before, drawn

    def _on_call(self, call: Call, apply: Callable[[], Any]) -> Any:
        if call.service not in _CONSTANT:
            assert self.acting
            self.acting.stop(call)
        return apply()

    def passes(self, **by: float) -> None:
        """For an actor that is the clock: time passes for all, when the schedule says so."""
        assert self.acting
        self.acting.stop(TIME)
        self.world.clock.advance(**by)


def _copy(value: Any) -> Any:
    return value.copy() if hasattr(value, "copy") else value


# --- who moves next --------------------------------------------------------------------------------------------------


def every_order(stage: Stage, *, seed: Any = 0, prune: bool = True, switches: int | None = None) -> Iterator[Run]:
    """Every order in which the actors can move, depth first, each played from its beginning.

    `prune` leaves out an order that differs from another only by neighbouring moves which `_commute`: swapping them
    changes neither the tables nor what anybody reads or is told. Of such orders the one is played in which the lower
    letter comes first. The others are left where they swap, so every state that can be reached is still looked at.

    `switches`: only the orders in which an actor is interrupted by another at most so often, all of these.
    """
    prune = prune and switches is None
    prefix: list[int] | None = []
    while prefix is not None:
        taken: list[tuple[int, list[int]]] = []  # who moved, and who is still to be tried there

        def choose(run: Run, waiting: dict[int, What], prefix=prefix, taken=taken) -> int | None:
            last = run.moves[-1] if run.moves else None
            able = list(waiting)
            if last and switches is not None and last.actor in waiting and run.interrupted >= switches:
                able = [last.actor]
            if last and prune:
                able = [each for each in able if each >= last.actor or not _commute(last, waiting[each])]
            if not able:
                return None
            chosen = prefix[len(taken)] if len(taken) < len(prefix) else able[0]
            taken.append((chosen, able[able.index(chosen) + 1 :]))
            return chosen

        run = stage.play(choose, seed=seed)
        if not run.skipped:
            yield run
        while taken and not taken[-1][1]:
            taken.pop()
        prefix = [*(chosen for chosen, _ in taken[:-1]), taken[-1][1][0]] if taken else None


def _commute(last: Move, what: What) -> bool:
    """Whether another actor's next move, `what`, could as well have come before `last`.

    The beginning of a function looks at nothing but the clock. Two reads never meet, nor do requests for different
    partitions. Where an invocation ended or the next began, what came before stays so: some invariants look at that.
    """
    if TIME in (last.what, what):
        return False
    if BEGIN in (last.what, what):
        return what != BEGIN or not last.turned or last.what == BEGIN
    if last.turned:
        return False
    return (last.quiet and not what.writes) or not _meet(last.what, what)


def _meet(one: Call, other: Call) -> bool:
    """Whether two requests can touch the same thing. An index may touch anything."""
    if "IndexName" in one.parameters or "IndexName" in other.parameters:
        return one.service == other.service
    here, there = ({(call.service, key) for key in call.keys or [""]} for call in (one, other))
    return bool(here & there)


def random_orders(stage: Stage, number: int, *, seed: Any = None) -> Iterator[Run]:
    """As many random orders, each with a seed of its own for everything else, or all with `seed`.

    In some, whoever moves gives way at every second move, in others nearly never: most of what goes wrong needs one to
    be overtaken by much, once or twice.
    """
    for count in range(number):
        dice = random.Random(f"order {count}")
        gives_way, turn = dice.choice([0.05, 0.15, 0.5]), list(range(MOST_ACTORS))
        dice.shuffle(turn)

        def choose(run: Run, waiting: dict[int, What], dice=dice, gives_way=gives_way, turn=turn) -> int:
            if dice.random() < gives_way:
                dice.shuffle(turn)
            return next(each for each in turn if each in waiting)

        yield stage.play(choose, seed=count if seed is None else seed)


def the_order(stage: Stage, written: str) -> Run:
    """The run that was written like this; what is left when the letters end is played in the order of the actors."""
    seed, _, letters = written.partition(":")
    moves = iter(letters)

    def choose(run: Run, waiting: dict[int, What]) -> int:
        chosen = next((ord(each) - ord("A") for each in moves), min(waiting))
        if chosen not in waiting:
            raise ValueError(f"{letter(chosen)} cannot make move {len(run.moves) + 1} of {written}")
        return chosen

    return stage.play(choose, seed=int(seed))

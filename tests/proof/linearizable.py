"""Is there an order in which the requests could have been done one after the other, and been told what they were told?

The search of Wing and Gong: of the operations that nothing had ended before, take one as the next, see whether what it
was told is possible then, and go on; back up where it is not. What was taken, and the state that it led to, are
remembered, so that no place is searched twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

NEVER = float("inf")


@dataclass(frozen=True)
class Operation:
    """One request as its caller saw it. `ended` NEVER: the caller gave up, so it was done some time later, or not."""

    began: float
    ended: float
    what: Any


def order_of[S](
    history: Sequence[Operation], apply: Callable[[S, Any], Iterable[S]], state: S
) -> tuple[bool, list[Operation]]:
    """Whether the history is linearizable from `state`, and the longest order that was found.

    `apply` gives the states that an operation can lead to, none where it was told what is not possible then.
    """
    operations = sorted(history, key=lambda each: each.began)
    everything = sum(1 << number for number, each in enumerate(operations) if each.ended != NEVER)
    path: list[int] = []
    longest: list[int] = []
    seen = {(0, state)}
    stack = [_steps(operations, apply, 0, state)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            if path:
                path.pop()
            continue
        number, done, after = step
        if (done, after) in seen:
            continue
        seen.add((done, after))
        path.append(number)
        if len(path) > len(longest):
            longest = path.copy()
        if done & everything == everything:
            return True, [operations[each] for each in path]
        stack.append(_steps(operations, apply, done, after))
    return not everything, [operations[each] for each in longest]


def _steps(operations: Sequence[Operation], apply: Callable[[Any, Any], Iterable[Any]], done: int, state: Any) -> Any:
    """What can come next: (number, what is done then, state then). Nothing before it may have ended sooner."""
    first_end = NEVER
    for number, each in enumerate(operations):
        if each.began > first_end:
            return
        if done >> number & 1:
            continue
        first_end = min(first_end, each.ended)
        for after in apply(state, each.what):
            yield number, done | 1 << number, after


# --- a seat ----------------------------------------------------------------------------------------------------------

# FREE, or ("HELD", who, until), or ("BOOKED", who).
type Seat = tuple[Any, ...]
FREE: Seat = ("FREE",)


@dataclass(frozen=True)
class Hold:
    """`who` was told that they hold the seat until `until`; `now` was their clock. All in whole seconds."""

    who: str
    now: int
    until: int


@dataclass(frozen=True)
class Confirm:
    """`booked`: what they were told. False: that the hold had ended."""

    who: str
    now: int
    booked: bool = True


@dataclass(frozen=True)
class Cancel:
    who: str


@dataclass(frozen=True)
class Sweep:
    now: int


@dataclass(frozen=True)
class Look:
    """The seat's row, seen when all was over: FREE, or its status and whose it is."""

    status: str
    who: str = ""


def seat(skew_s: int) -> Callable[[Seat, Any], Iterable[Seat]]:
    """The rules of one seat, one request at a time: what Tika promises, without how it does it.

    `skew_s`: for so long after it lapsed nobody else gets what was held.
    """

    def lapsed(state: Seat, now: int) -> bool:
        return state[0] == "HELD" and state[2] < now - skew_s

    def apply(state: Seat, what: Any) -> Iterable[Seat]:
        mine = len(state) > 1 and state[1] == getattr(what, "who", None)
        match what:
            case Hold(who, now, until):
                if state == FREE or lapsed(state, now):
                    yield "HELD", who, until
                elif mine and state[0] == "HELD" and state[2] == until:
                    yield state  # asked again
            case Confirm(who, now, booked):
                stands = mine and (state[0] == "BOOKED" or state[2] > now)
                if stands and booked:
                    yield "BOOKED", who
                elif not stands and not booked:
                    yield state
            case Cancel():
                yield FREE if mine else state
            case Sweep(now):
                yield state
                if lapsed(state, now):
                    yield FREE
            case Look(status, who):
                if state == FREE if status == "FREE" else state[:2] == (status, who):
                    yield state

    return apply

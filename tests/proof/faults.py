"""Everything that can go wrong between a function and AWS, or with the function itself, at one of its requests.

A fault strikes a request on the wire, where botocore sends it: what is lost there, botocore sends again by itself.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.proof.invariants import SENDS_AT_MOST
from tests.proof.world import Call, Gone, World, timeout_s
from tika.aws import READ_TIMEOUT_S

type Apply = Callable[[], Any]
type Strike = Callable[["Blow"], Any]

SLOW = timedelta(seconds=8)  # a request that hangs, of a function that lives 10


class Mistaken(BaseException):
    """The rival itself does not work. No Exception, or botocore would take it for a lost connection."""


@dataclass
class Blow:
    """A fault and the request that it meets."""

    world: World
    call: Call
    apply: Apply


@dataclass(frozen=True)
class Fault:
    """`sends`: how many sends of the request it strikes, of the three that botocore makes. 0: every request like it."""

    name: str
    group: str
    strike: Strike
    sends: int = 1
    only: Callable[[Call], bool] = lambda call: True


@dataclass
class Injector:
    """Strikes the request that an invocation makes as its `at`-th send, counted from 0, and nothing after."""

    world: World
    fault: Fault
    at: int
    sent: int = 0
    struck: int = 0
    busy: bool = False
    kind: str = ""
    late: list[Apply] = field(default_factory=list)  # requests that are still on their way

    def __call__(self, call: Call, apply: Apply) -> Any:
        if self.busy:  # somebody else's request, made in the middle of this one
            return apply()
        number, self.sent = self.sent, self.sent + 1
        if number == self.at:
            self.kind = call.operation
        if self.fault.sends:
            struck = self.at <= number < self.at + self.fault.sends and call.operation == self.kind
        else:
            struck = number >= self.at and call.operation == self.kind
        if not struck:
            return apply()
        self.struck += 1
        self.world.state.faults += 1
        self.busy = True
        try:
            return self.fault.strike(Blow(self.world, call, self._later(apply)))
        finally:
            self.busy = False

    def _later(self, apply: Apply) -> Apply:
        if self.fault.group != "late copy":
            return apply
        if self.struck == 1:
            self.late.append(apply)
        return apply

    def arrive(self) -> None:
        """What was on its way arrives."""
        while self.late:
            self.late.pop()()


# --- what happens to a request ---------------------------------------------------------------------------------------


def _response(call: Call, status: int, code: str, **more: Any) -> AWSResponse:
    if call.service == "sns":
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
    else:
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "no", **more}).encode()
    return AWSResponse("https://aws.test", status, {}, _Raw(body))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _throttle(blow: Blow) -> Any:
    codes = {"dynamodb": "ProvisionedThroughputExceededException", "sns": "Throttling"}
    return _response(blow.call, 400, codes.get(blow.call.service, "ThrottlingException"))


def _fail(blow: Blow) -> Any:
    return _response(blow.call, 500, "InternalFailure" if blow.call.service == "sns" else "InternalServerError")


def _lose_request(_: Blow) -> Any:
    raise ConnectionClosedError(endpoint_url="https://aws.test")


def _lose_reply(blow: Blow) -> Any:
    blow.apply()
    blow.world.sleep(READ_TIMEOUT_S)
    raise ReadTimeoutError(endpoint_url="https://aws.test")


def _fail_after(blow: Blow) -> Any:
    blow.apply()
    return _fail(blow)


def conflict(call: Call) -> AWSResponse:
    """Another request is writing one of the rows."""
    if call.operation != "TransactWriteItems":
        return _response(call, 400, "TransactionConflictException")
    return _cancelled(call, {"Code": "TransactionConflict", "Message": "no"})


def lost_race(call: Call) -> AWSResponse:
    """A row of a transaction is not what it was."""
    return _cancelled(call, {"Code": "ConditionalCheckFailed", "Message": "no"})


def _cancelled(call: Call, reason: dict[str, str]) -> AWSResponse:
    """The first of its rows is why."""
    reasons = [reason, *({"Code": "None"} for _ in call.parameters["TransactItems"][1:])]
    return _response(call, 400, "TransactionCanceledException", CancellationReasons=reasons)


def _conflict(blow: Blow) -> Any:
    return conflict(blow.call)


def _hang(blow: Blow) -> Any:
    blow.world.sleep(SLOW.total_seconds())
    return blow.apply()


def _die(blow: Blow) -> Any:
    raise Gone


def _die_after(blow: Blow) -> Any:
    blow.apply()
    raise Gone


def _run_out_of_time(blow: Blow) -> Any:
    told = blow.world.running
    assert told
    blow.world.clock.now = max(blow.world.clock.now, told.at + timedelta(seconds=timeout_s(told.operation)))
    raise Gone


def _run_out_of_time_after(blow: Blow) -> Any:
    blow.apply()
    return _run_out_of_time(blow)


def _writes(call: Call) -> bool:
    return call.writes


def _contended(call: Call) -> bool:
    return call.writes and call.service == "dynamodb"


ALL = SENDS_AT_MOST
FAULTS = [
    Fault("throttled once", "throttled", _throttle),
    Fault("throttled each time", "throttled", _throttle, ALL),
    Fault("500 once", "500", _fail),
    Fault("500 each time", "500", _fail, ALL),
    Fault("500 each time, though applied", "500", _fail_after, ALL, _writes),
    Fault("request lost once", "request lost", _lose_request),
    Fault("request lost each time", "request lost", _lose_request, ALL),
    Fault("reply lost once", "reply lost", _lose_reply, 1, _writes),
    Fault("reply lost each time", "reply lost", _lose_reply, ALL, _writes),
    Fault("conflict once", "conflict", _conflict, 1, _contended),
    Fault("conflict each time", "conflict", _conflict, 0, _contended),
    Fault("hangs", "hangs", _hang),
    Fault("out of time before", "out of time", _run_out_of_time),
    Fault("out of time after", "out of time", _run_out_of_time_after, 1, _writes),
    Fault("killed before", "killed", _die),
    Fault("killed after", "killed", _die_after, 1, _writes),
    # A request that the client gave up may still arrive, before the citizen taps again or when all is long over.
    Fault("lost once, arrives after the answer", "late copy", _lose_request, 1, _writes),
    Fault("lost each time, arrives after the answer", "late copy", _lose_request, ALL, _writes),
    Fault("lost once, arrives when all is over", "late copy", _lose_request, 1, _writes),
]
AFTER_ALL = "lost once, arrives when all is over"


def rival(name: str, act: Callable[[World], Any]) -> Fault:
    """Somebody else acts just before the request is applied."""

    def strike(blow: Blow) -> Any:
        try:
            act(blow.world)
        except Exception as error:
            raise Mistaken from error
        return blow.apply()

    return Fault(name, "rival", strike)

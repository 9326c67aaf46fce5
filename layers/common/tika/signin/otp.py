"""One-time codes: who may have one sent, and which guess is right.

Two rows carry a code. The challenge holds its keyed hash and counts the guesses at it; the mobile's row counts what was
sent and what was guessed wrong across challenges, so that asking for a new code buys no new guesses.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from pynamodb.expressions.condition import Condition

from tika import keys
from tika.clock import epoch
from tika.policy import Policy
from tika.refusals import OtpAlreadySent, OtpRejected, OtpUnavailable, Refusal, TextsBehind
from tika.signin.tokens import Caller
from tika.tables.citizens import Account, PersonRow
from tika.tables.otp import Challenge, Mobile
from tika.tables.writing import ConditionFailed, create, update
from tika.telemetry import count, logger
from tika.texts import messages

TRIES_PER_CODE = 5
SENDS_PER_DAY = 10
FAILURES_PER_HOUR = 10
DAY_S, HOUR_S = 24 * 3600, 3600
KEEP_MOBILE_S = 2 * DAY_S  # longer than any window that is counted

_TXN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


# --- asking for a code -----------------------------------------------------------------------------------------------


def admit(policy: Policy, *, now: datetime) -> int:
    """How many seconds a code that is asked for now waits before it is sent.

    Raises TextsBehind where the text would arrive later than the citizen may ask for another: they would, the text
    would be for a code that they no longer wait for, and the queue would fill with texts that nobody can use. Or where
    half of the code's life would be over, which leaves no time to type it. For whom is refused nothing is written.
    """
    wait_s = messages.expected_wait_s(now=now)
    may_wait_s = min(policy.otp_resend_seconds - messages.ARRIVES_S, policy.otp_valid_seconds // 2)
    too_long_s = wait_s - max(0, may_wait_s)
    if too_long_s > 0:
        count("OtpDeferred")
        raise TextsBehind(retry_after=too_long_s)
    return wait_s


def request(mobile: str, policy: Policy, seal: Callable[[dict[str, Any]], str], *, now: datetime) -> str:
    """Have a code sent to `mobile` (ten digits) and give back the id of its challenge.

    `seal` is envelope.seal, handed in so that verifying a code does not import it. Raises OtpAlreadySent or
    OtpUnavailable.

    The mobile's row goes first, as only it can refuse, and the queue last, so that no code arrives which nothing can
    verify. What fails in between gives the send back: a citizen who sees an error may ask again at once. Only where the
    function dies in between they wait for the cooldown, without a code.
    """
    at, txn_id, code = epoch(now), str(uuid4()), f"{secrets.randbelow(10**6):06d}"
    row = Mobile(Mobile.key(account_of(mobile)))
    expires_at = at + policy.otp_valid_seconds
    text = messages.otp_text(code, policy.otp_product, policy.otp_valid_seconds)
    try:
        _count_send(row, txn_id, policy.otp_resend_seconds, at)
        # The id is new, so a put that the client repeats can meet only itself. Were it to overwrite that, one that
        # arrives late would make a code good again that was used meanwhile.
        create(
            Challenge(
                Challenge.key(txn_id),
                mobile=mobile,
                code_hash=_hash(txn_id, hashlib.sha256(code.encode()).hexdigest()),
                expires_at=expires_at,
            )
        )
        messages.send_code(txn_id, seal({"mobile": mobile, "text": text}), expires_at=expires_at)
    except Refusal:
        raise
    except Exception:
        _give_back(row, txn_id)
        raise
    return txn_id


def _count_send(row: Mobile, txn_id: str, resend_seconds: int, at: int) -> None:
    """One write for the first code of a day, two for those after it. Raises OtpAlreadySent or OtpUnavailable."""
    asked = [
        Mobile.txn_id.set(txn_id),
        Mobile.resend_at.set(at + resend_seconds),
        Mobile.expires_at.set(at + KEEP_MOBILE_S),
    ]
    rested = Mobile.resend_at.does_not_exist() | (Mobile.resend_at <= at)
    trusted = Mobile.failures.does_not_exist() | (Mobile.failures < FAILURES_PER_HOUR) | (Mobile.hour_ends <= at)
    new_day = Mobile.day_ends.does_not_exist() | (Mobile.day_ends <= at)
    try:
        update(row, [*asked, Mobile.sends.set(1), Mobile.day_ends.set(at + DAY_S)], new_day & rested & trusted)
        return
    except ConditionFailed as failed:
        seen = failed.old
    if seen.txn_id == txn_id:
        return  # our own write, whose answer was lost: the client sent it again
    _check_send(seen, at)
    try:
        some_left = Mobile.sends < SENDS_PER_DAY
        update(row, [*asked, Mobile.sends.set(Mobile.sends + 1)], some_left & rested & trusted)
    except ConditionFailed as failed:
        if failed.old and failed.old.txn_id == txn_id:
            return
        raise OtpAlreadySent(retry_after=resend_seconds) from None  # somebody asked at the same moment, and theirs went


def _check_send(row: Mobile, at: int) -> None:
    if (row.resend_at or 0) > at:
        raise OtpAlreadySent(retry_after=row.resend_at - at)
    if _is_locked(row, at):
        raise OtpUnavailable(retry_after=row.hour_ends - at)
    if row.sends >= SENDS_PER_DAY:
        raise OtpUnavailable(retry_after=row.day_ends - at)


def _give_back(row: Mobile, txn_id: str) -> None:
    """Undo the counting of a send that failed, if it was counted and is the last that was.

    Whether the queue took the message is not always known. Then a code may come for a challenge that the citizen was
    never told, and another soon after: better than to be told to wait for a code that never comes.
    """
    try:
        undo = [Mobile.sends.set(Mobile.sends - 1), Mobile.resend_at.remove(), Mobile.txn_id.remove()]
        update(row, undo, Mobile.txn_id == txn_id)
    except ConditionFailed:
        return
    except Exception as error:  # the first failure is the one to report; this one costs the citizen the cooldown
        logger.warning("send not given back", extra={"reason": type(error).__name__})


# --- guessing it -----------------------------------------------------------------------------------------------------


def check(txn_id: str, digest: str, *, now: datetime) -> Challenge:
    """The challenge that `digest` answers. Raises OtpRejected for whatever reason.

    `digest` is the SHA-256 of the digits in lower-case hex, and `txn_id` in lower case as well.

    The guess is counted before it is compared: compared first, fifty sent at once would all be compared. The code is
    good until `use_up`, which comes last, so that a failure on the way costs one try and not the code.

    A challenge that exists costs a locked or a wrong guess one or two requests more than one that does not. The time
    they take tells nothing: an id is random, and whoever has it asked for it.
    """
    # The bare digits are no digest: accepted, they would turn up where only their hash was ever meant to be.
    if not _TXN_ID.fullmatch(txn_id) or not _SHA256.fullmatch(digest):
        raise _rejected()
    at = epoch(now)
    challenge = _count_try(txn_id, at)
    row = _mobile_row(challenge.mobile)
    if _is_locked(row, at):
        raise _rejected()
    if not hmac.compare_digest(challenge.code_hash, _hash(txn_id, digest)):
        _count_failure(row, at)
        raise _rejected()
    return challenge


def use_up(challenge: Challenge, *, now: datetime) -> None:
    """Accept the code, once. Raises OtpRejected where another request was first.

    A citizen whose answer is lost on the way has to ask for another code: accepting one twice would hand a second token
    to whoever read over their shoulder.
    """
    mine = str(uuid4())
    try:
        update(challenge, [Challenge.used_by.set(mine)], _usable(epoch(now)))
    except ConditionFailed as failed:
        if failed.old is None or failed.old.used_by != mine:  # else our own write, whose answer was lost
            raise _rejected() from None


def caller_of(challenge: Challenge) -> Caller:
    return Caller(account_of(challenge.mobile), challenge.mobile)


def account_of(mobile: str) -> str:
    """The account of a mobile number (ten digits): its keyed hash."""
    return keys.keyed_hash("mobile", mobile)


def first_person(account: str) -> str:
    """The reference id of somebody registered in `account`, or "" where nobody is.

    Eventually consistent: a token says it for show, and nothing is decided by it.
    """
    people = PersonRow.query(Account.key(account), PersonRow.sk.startswith("PERSON#"), limit=1)
    return next((person.reference_id for person in people), "")


def _count_try(txn_id: str, at: int) -> Challenge:
    """Unknown, expired, used and worn out cost the same: one condition stands for all.

    A write whose answer is lost is sent again and counts twice. That errs on the safe side, so it is left so.
    """
    row = Challenge(Challenge.key(txn_id))
    left = _usable(at) & (Challenge.attempts < TRIES_PER_CODE)
    try:
        return update(row, [Challenge.attempts.set(Challenge.attempts + 1)], left)
    except ConditionFailed:
        raise _rejected() from None


def _usable(at: int) -> Condition:
    return Challenge.used_by.does_not_exist() & (Challenge.expires_at > at)


def _count_failure(row: Mobile, at: int) -> None:
    """In the running hour or in a new one. `row` says which it was a moment ago; the conditions, which it is."""
    keep = Mobile.expires_at.set(at + KEEP_MOBILE_S)
    add = [keep, Mobile.failures.set(Mobile.failures + 1)], Mobile.hour_ends > at
    begin = (
        [keep, Mobile.failures.set(1), Mobile.hour_ends.set(at + HOUR_S)],
        Mobile.hour_ends.does_not_exist() | (Mobile.hour_ends <= at),
    )
    for actions, condition in (add, begin) if (row.hour_ends or 0) > at else (begin, add):
        try:
            update(row, actions, condition)
            return
        except ConditionFailed:
            continue  # the hour was begun meanwhile: by another guess at the same moment


def _mobile_row(mobile: str) -> Mobile:
    """Read consistently, or the failures just counted would not lock."""
    key = Mobile.key(account_of(mobile))
    try:
        return Mobile.get(key, consistent_read=True)
    except Mobile.DoesNotExist:  # it outlives its challenges, so only a hand in the table can have removed it
        return Mobile(key)


def _is_locked(row: Mobile, at: int) -> bool:
    return (row.failures or 0) >= FAILURES_PER_HOUR and (row.hour_ends or 0) > at


def _rejected() -> OtpRejected:
    count("OtpRefused")
    return OtpRejected()


def _hash(txn_id: str, digest: str) -> str:
    return keys.keyed_hash("otp", txn_id, digest)

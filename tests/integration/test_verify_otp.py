"""POST /auth/public/confirmOTP and its two older addresses."""

import hashlib
import hmac
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import jwt
import pytest

from tests.conftest import NOON, in_a_name
from tests.spies import queued
from tika import keys
from tika.refusals import OtpRejected
from tika.signin import otp, tokens
from tika.signin.tokens import Caller
from tika.tables.otp import Challenge, Mobile
from tika.texts import envelope

MOBILE = "9876543210"
UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
REJECTED = (400, {"errorCode": "USRAUT0014", "error": "Invalid OTP", "error_l": ""})


def digest(code):
    return hashlib.sha256(code.encode()).hexdigest()


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.fixture
def a_code(call, aws):
    """Ask for a code and read it off the text: its digits and the id of its challenge."""

    def ask(mobile=MOBILE):
        answer = call("request_otp", "public", body={"mobile": mobile})
        assert answer.status == 200, answer.text
        [message] = queued(aws)
        digits = re.search(r" is (\d{6})\.", envelope.unseal(message["sealed"])["text"])[1]
        return SimpleNamespace(digits=digits, txn_id=answer.json["txnId"])

    return ask


@pytest.fixture
def guess(call):
    """`guess(code)` sends the right digits, `guess(code, "123456")` others."""

    def send(code, digits=None, case="public"):
        body = {"otp": digest(digits or code.digits), "txnId": code.txn_id}
        return call("verify_otp", case, body=body)

    return send


def outcome(answer):
    return answer.status, answer.json


def the_mobile(mobile=MOBILE):
    return Mobile.get(Mobile.key(keys.keyed_hash("mobile", mobile)), consistent_read=True)


# --- the right code --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["public", "mobile", "plain"])
def test_the_right_code_becomes_a_token_of_that_mobile(a_code, guess, case):
    answer = guess(a_code(), case=case)

    assert answer.status == 200
    assert set(answer.json) == ({"token"} if case == "public" else {"token", "isNewAccount"})
    assert tokens.verify(answer.json["token"], now=NOON) == Caller(keys.keyed_hash("mobile", MOBILE), MOBILE)


def test_the_token_names_the_challenge_and_lives_900_seconds(a_code, guess):
    code = a_code()

    claims = jwt.decode(guess(code).json["token"], options={"verify_signature": False})

    assert claims["txnId"] == code.txn_id
    assert claims["exp"] - claims["iat"] == 900
    assert claims["iat"] == int(NOON.timestamp())


def test_somebody_with_nobody_registered_is_new(a_code, guess):
    answer = guess(a_code(), case="mobile")

    assert answer.json["isNewAccount"] == "Y"
    assert jwt.decode(answer.json["token"], options={"verify_signature": False})["beneficiary_reference_id"] == 0


def test_somebody_with_people_registered_is_not_new_and_the_token_names_one_of_them(a_code, guess, a_citizen):
    citizen = a_citizen(people=2)

    answer = guess(a_code(citizen.caller.mobile), case="plain")

    assert answer.json["isNewAccount"] == "N"
    claims = jwt.decode(answer.json["token"], options={"verify_signature": False})
    assert str(claims["beneficiary_reference_id"]) in citizen.people


def test_the_token_opens_what_that_mobile_registered(a_code, guess, a_citizen, call):
    citizen = a_citizen()
    a_citizen()

    token = guess(a_code(citizen.caller.mobile)).json["token"]

    shown = call("list_beneficiaries", "list", token=token).json["beneficiaries"]
    assert [person["beneficiary_reference_id"] for person in shown] == citizen.people


def test_the_code_of_another_spelling_of_the_number_opens_the_same_account(a_code, guess, at):
    first = guess(a_code("9876543210")).json["token"]
    at.advance(minutes=2)
    second = guess(a_code("+91 98765 43210")).json["token"]

    assert tokens.verify(first, now=at.now) == tokens.verify(second, now=at.now)


def test_the_right_code_first_time_is_two_writes_and_two_reads(a_code, guess, calls, at):
    guess(a_code())
    at.advance(minutes=2)
    code = a_code()
    calls.made.clear()

    guess(code)

    assert calls.operations == ["UpdateItem", "GetItem", "Query", "UpdateItem"]
    assert calls.of("GetItem")[0]["ConsistentRead"] is True
    [look] = calls.of("Query")
    assert not look.get("ConsistentRead")
    assert look["Limit"] == 1
    assert {"S": "PERSON#"} in look["ExpressionAttributeValues"].values()


def test_two_codes_asked_for_one_after_the_other_are_both_good_while_they_last(a_code, guess, at):
    first = a_code()
    at.advance(seconds=60)
    second = a_code()

    assert guess(second).status == 200
    assert guess(first).status == 200


# --- any other code --------------------------------------------------------------------------------------------------


def test_a_wrong_code_is_refused_and_the_right_one_after_it_accepted(a_code, guess):
    code = a_code()

    assert outcome(guess(code, wrong(code.digits))) == REJECTED
    assert guess(code).status == 200


def test_a_code_is_good_once(a_code, guess):
    code = a_code()
    guess(code)

    assert outcome(guess(code)) == REJECTED


def test_a_code_is_good_for_three_minutes_and_not_a_second_longer(a_code, guess, at):
    code, other = a_code(), a_code("9876543211")
    at.advance(seconds=179)
    assert guess(code).status == 200
    at.advance(seconds=1)

    assert outcome(guess(other)) == REJECTED


def test_the_fifth_try_may_be_right_and_the_sixth_may_not(a_code, guess):
    code, other = a_code(), a_code("9876543211")
    for _ in range(4):
        guess(code, wrong(code.digits))
    for _ in range(5):
        guess(other, wrong(other.digits))

    assert guess(code).status == 200
    assert outcome(guess(other)) == REJECTED


def test_a_code_is_good_for_its_own_challenge_only(a_code, guess):
    mine, theirs = a_code(), a_code("9876543211")
    while mine.digits == theirs.digits:  # once in a million runs
        theirs = a_code("9876543212")

    assert outcome(guess(mine, theirs.digits)) == REJECTED


def test_an_unknown_challenge_is_refused_like_a_wrong_code(guess, aws):
    assert outcome(guess(SimpleNamespace(digits="459831", txn_id=UNKNOWN))) == REJECTED
    assert aws.dynamodb.scan(TableName="otp")["Count"] == 0  # guessing at ids leaves nothing behind


def test_ten_wrong_guesses_in_an_hour_lock_the_mobile_across_codes_for_right_ones_too(a_code, guess, at):
    for _ in range(2):
        code = a_code()
        for _ in range(5):
            guess(code, wrong(code.digits))
        at.advance(seconds=61)
    # No new code is sent by now; one that was on its way opens nothing either.
    before_the_lock = Challenge(
        Challenge.key(UNKNOWN),
        mobile=MOBILE,
        code_hash=keys.keyed_hash("otp", UNKNOWN, digest("459831")),
        expires_at=int(at.now.timestamp()) + 3 * 3600,
    )
    before_the_lock.save()
    late = SimpleNamespace(digits="459831", txn_id=UNKNOWN)

    assert outcome(guess(late)) == REJECTED
    at.advance(hours=1)
    assert guess(late).status == 200


def test_a_locked_mobile_does_not_learn_whether_a_guess_was_right(a_code, guess, calls):
    code = a_code()
    the_mobile().update(actions=[Mobile.failures.set(10), Mobile.hour_ends.set(int(NOON.timestamp()) + 60)])
    calls.made.clear()

    right, as_right = outcome(guess(code)), list(calls.operations)
    calls.made.clear()
    wrong_one, as_wrong = outcome(guess(code, wrong(code.digits))), list(calls.operations)

    assert right == wrong_one == REJECTED
    assert as_right == as_wrong == ["UpdateItem", "GetItem"]


def test_a_mobile_is_locked_until_the_second_in_which_its_hour_ends(a_code, guess, at):
    code = a_code()
    the_mobile().update(actions=[Mobile.failures.set(10), Mobile.hour_ends.set(int(NOON.timestamp()) + 60)])

    at.advance(seconds=59)
    assert outcome(guess(code)) == REJECTED
    at.advance(seconds=1)
    assert guess(code).status == 200


def test_the_failures_are_read_consistently(a_code, guess, calls):
    """Else those that were counted a moment ago would not lock."""
    guess(a_code())

    assert [request["ConsistentRead"] for request in calls.of("GetItem") if request["TableName"] == "otp"] == [True]


def test_another_mobile_is_not_locked(a_code, guess):
    other = a_code("9876543211")
    code = a_code()
    the_mobile().update(actions=[Mobile.failures.set(10), Mobile.hour_ends.set(int(NOON.timestamp()) + 60)])

    assert outcome(guess(code)) == REJECTED
    assert guess(other).status == 200


def test_a_new_code_does_not_reset_the_failures(a_code, guess, at):
    code = a_code()
    for _ in range(5):
        guess(code, wrong(code.digits))
    at.advance(seconds=61)
    a_code()

    assert the_mobile().failures == 5


def test_failures_of_an_hour_ago_are_forgotten(a_code, guess, at):
    code = a_code()
    for _ in range(5):
        guess(code, wrong(code.digits))
    at.advance(hours=1)
    code = a_code()

    guess(code, wrong(code.digits))

    assert the_mobile().failures == 1
    assert the_mobile().hour_ends == int(at.now.timestamp()) + 3600


def test_the_row_of_a_mobile_outlives_the_hour_that_a_wrong_guess_begins(a_code, guess, at):
    code = a_code()
    the_mobile().update(actions=[Mobile.expires_at.remove()])

    for minute in (1, 2):
        at.advance(minutes=1)
        guess(code, wrong(code.digits))
        assert the_mobile().expires_at == int(at.now.timestamp()) + otp.KEEP_MOBILE_S, minute


def test_a_first_failure_at_the_same_moment_as_another_is_counted_with_it(a_code, aws):
    a_code()
    row, at = the_mobile(), int(NOON.timestamp())

    otp._count_failure(row, at)
    otp._count_failure(row, at)  # both read the row before either wrote

    assert the_mobile().failures == 2


def test_a_guess_at_a_mobile_whose_row_was_removed_by_hand_is_still_counted(a_code, guess):
    code = a_code()
    the_mobile().delete()

    assert outcome(guess(code, wrong(code.digits))) == REJECTED
    assert the_mobile().failures == 1
    assert guess(code).status == 200


# --- all at once -----------------------------------------------------------------------------------------------------


def crowd(task, size=50):
    """What `task` gives back in `size` threads that start together; OtpRejected counts as None."""
    start = threading.Barrier(size)

    def one(_):
        start.wait()
        try:
            return task()
        except OtpRejected:
            return None

    with ThreadPoolExecutor(size) as pool:
        return [done for done in pool.map(one, range(size)) if done is not None]


def accept(code):
    challenge = otp.check(code.txn_id, digest(code.digits), now=NOON)
    otp.use_up(challenge, now=NOON)
    return challenge


def test_of_fifty_verifications_of_the_right_code_at_once_exactly_one_is_accepted(a_code):
    code = a_code()

    assert len(crowd(lambda: accept(code))) == 1


def test_of_five_that_were_all_found_right_exactly_one_is_accepted(a_code):
    code = a_code()
    found_right = [otp.check(code.txn_id, digest(code.digits), now=NOON) for _ in range(5)]
    waiting = iter(found_right)

    assert len(crowd(lambda: otp.use_up(next(waiting), now=NOON) or True, size=5)) == 1


def test_twin_that_must_lose_without_its_condition_the_using_up_accepts_a_code_many_times(a_code, monkeypatch):
    code = a_code()
    monkeypatch.setattr(otp, "_usable", lambda at: Challenge.expires_at > at)

    assert len(crowd(lambda: accept(code))) == 5  # as many as have a try


def test_of_fifty_wrong_guesses_at_once_five_are_compared(a_code, monkeypatch):
    code = a_code()
    compared = compare_spied_on(monkeypatch)

    crowd(lambda: otp.check(code.txn_id, digest(wrong(code.digits)), now=NOON))

    assert len(compared) == 5
    assert the_mobile().failures == 5


def test_twin_that_must_lose_comparing_before_counting_would_compare_all_fifty(a_code, monkeypatch):
    code = a_code()
    compared = compare_spied_on(monkeypatch)
    monkeypatch.setattr(otp, "_count_try", lambda txn_id, at: Challenge.get(Challenge.key(txn_id)))
    monkeypatch.setattr(otp, "_is_locked", lambda row, at: False)

    crowd(lambda: otp.check(code.txn_id, digest(wrong(code.digits)), now=NOON))

    assert len(compared) == 50


def test_a_try_is_counted_before_it_is_compared_and_the_code_used_up_after(a_code, guess, monkeypatch):
    code, order = a_code(), []
    for name in ("_count_try", "_mobile_row", "use_up"):
        spied_on = getattr(otp, name)
        monkeypatch.setattr(
            otp,
            name,
            lambda *args, name=name, spied_on=spied_on, **named: order.append(name) or spied_on(*args, **named),
        )
    compare_spied_on(monkeypatch, order)

    guess(code)

    assert order == ["_count_try", "_mobile_row", "compare", "use_up"]


def compare_spied_on(monkeypatch, seen=None):
    seen = [] if seen is None else seen
    compare = hmac.compare_digest
    spy = SimpleNamespace(compare_digest=lambda *args: seen.append("compare") or compare(*args))
    monkeypatch.setattr(otp, "hmac", spy)
    return seen


# --- answers lost ----------------------------------------------------------------------------------------------------


def test_a_using_up_whose_answer_is_lost_and_that_the_client_repeats_is_taken_for_its_own(a_code, guess, calls):
    code = a_code()
    calls.pass_by("UpdateItem")
    calls.repeat("UpdateItem")

    assert guess(code).status == 200
    assert outcome(guess(code)) == REJECTED


@pytest.mark.parametrize("operation", ["GetItem", "Query"])
def test_a_failure_on_the_way_costs_a_try_and_not_the_code(a_code, guess, calls, operation):
    code = a_code()
    calls.refuse(operation)

    failed, again = guess(code), guess(code)

    assert (failed.status, failed.code) == (503, "TIKA0007")
    assert again.status == 200


def test_so_does_a_failure_to_read_the_key_that_signs(a_code, guess, calls):
    code = a_code()
    calls.refuse("GetSecretValue", "InternalServiceError")

    assert guess(code).status == 503
    assert guess(code).status == 200


def test_the_answer_of_an_accepted_code_lost_for_good_means_asking_for_another(a_code, guess, calls, at):
    code = a_code()
    calls.pass_by("UpdateItem")
    calls.lose_answer("UpdateItem")

    assert guess(code).status == 503
    assert outcome(guess(code)) == REJECTED
    at.advance(seconds=60)
    assert guess(a_code()).status == 200


# --- odd input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["otp", "txnId"])
@pytest.mark.parametrize("value", [..., None, 459831, True, [], {}, ["a"], 1.5], ids=repr)
def test_a_field_that_is_missing_or_not_text_is_named(call, field, value):
    answer = call("verify_otp", "public", body={field: value})

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "text",
    ["", "459831", "0" * 63, "0" * 65, "g" * 64, "०" * 64, "0" * 64 + "\n", " " + "0" * 64, "\x00" * 64, "x" * 10_000],
    ids=lambda text: in_a_name(text[:12]),
)
def test_an_otp_that_is_no_digest_is_refused_without_costing_a_try_or_a_request(a_code, call, calls, text):
    code = a_code()
    calls.made.clear()

    answer = call("verify_otp", "public", body={"otp": text, "txnId": code.txn_id})

    assert outcome(answer) == REJECTED
    assert calls.made == []


@pytest.mark.parametrize(
    "text",
    ["", "x", UNKNOWN[:-1], UNKNOWN + "0", "MOBILE#a", f"{UNKNOWN}\n", UNKNOWN.replace("-", ""), "#" * 36, "०" * 36],
    ids=in_a_name,
)
def test_a_transaction_id_that_is_none_is_refused_without_a_request(call, calls, text):
    assert outcome(call("verify_otp", "public", body={"txnId": text})) == REJECTED
    assert calls.made == []


def test_half_a_character_is_refused(call):
    for field in ("otp", "txnId"):
        answer = call("verify_otp", "public", body=f'{{"otp":"a","txnId":"b","{field}":"\\ud800"}}')
        assert answer.status == 400


def test_the_bare_digits_are_not_accepted(a_code, call):
    code = a_code()

    assert outcome(call("verify_otp", "public", body={"otp": code.digits, "txnId": code.txn_id})) == REJECTED


def test_capitals_in_the_digest_and_in_the_id_mean_the_same(a_code, call):
    code = a_code()

    answer = call("verify_otp", "public", body={"otp": digest(code.digits).upper(), "txnId": code.txn_id.upper()})

    assert answer.status == 200
    claims = jwt.decode(answer.json["token"], options={"verify_signature": False})
    assert claims["txnId"] == code.txn_id


def test_the_key_of_another_kind_of_row_cannot_be_guessed_at(a_code, call, aws):
    a_code()
    before = aws.dynamodb.scan(TableName="otp")["Items"]

    for key in (Mobile.key(keys.keyed_hash("mobile", MOBILE)), keys.keyed_hash("mobile", MOBILE)):
        assert outcome(call("verify_otp", "public", body={"txnId": key})) == REJECTED

    assert aws.dynamodb.scan(TableName="otp")["Items"] == before


# --- telemetry -------------------------------------------------------------------------------------------------------


def test_accepted_and_refused_codes_are_counted(a_code, guess, counts):
    code = a_code()
    counts()
    guess(code, wrong(code.digits))
    guess(code)
    guess(code)

    assert counts() == {"OtpRefused": 2, "OtpAccepted": 1}


def test_neither_number_nor_code_nor_token_is_logged_or_counted_whatever_happens(
    a_code, guess, calls, logged, capsys, monkeypatch
):
    monkeypatch.setattr("tika.signin.otp.secrets.randbelow", lambda _: 459831)
    code = a_code()
    guess(code, wrong(code.digits))
    for operation in ("GetItem", "Query"):
        calls.refuse(operation, "ValidationException")
        guess(code)
    token = guess(code).json["token"]
    guess(code)

    written = logged.getvalue() + capsys.readouterr().out
    assert "fault" in written  # there is something to look through
    account = keys.keyed_hash("mobile", MOBILE)
    for secret in (MOBILE, "459831", digest("459831"), wrong("459831"), token, token.split(".")[2], account):
        assert secret not in written

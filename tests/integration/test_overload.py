"""What a citizen is told when AWS throttles, fails, conflicts or loses an answer, and what is then in the tables."""

import json

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from tests.conftest import new_container, set_policy
from tika import policy
from tika.refusals import TextsBehind
from tika.signin import otp
from tika.tables import writing

CONFLICT = {
    "Error": {"Code": "TransactionCanceledException", "Message": "conflict"},
    "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("tika.tables.writing.LONGEST_PAUSE_S", 0)


def conflicts(calls, times):
    def plan(_):
        raise ClientError(CONFLICT, "TransactWriteItems")

    calls.plans["TransactWriteItems"] += [plan] * times


def test_a_conflict_with_others_is_tried_again(calls, hold, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()
    conflicts(calls, 2)

    assert hold(citizen, session).status == 200
    assert len(stored.seats(session)) == 1


def test_conflicts_without_end_are_a_crowd_and_nothing_is_written(calls, hold, a_session, a_citizen, stored):
    citizen, session = a_citizen(), a_session()
    conflicts(calls, writing.CONFLICT_TRIES)

    answer = hold(citizen, session)

    assert (answer.status, answer.code) == (429, "TIKA0007")
    assert int(answer.headers["Retry-After"]) >= 1
    assert stored.seats(session) == []


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
)
@pytest.mark.parametrize("operation", ["Query", "TransactWriteItems"])
def test_a_table_that_refuses_is_answered_honestly(calls, counts, hold, a_session, a_citizen, stored, operation, code):
    citizen, session = a_citizen(), a_session()
    calls.refuse(operation, code)

    answer = hold(citizen, session)

    assert (answer.status, answer.code) == (503, "TIKA0007")
    assert 1 <= int(answer.headers["Retry-After"]) <= 7
    assert counts()["Overload"] == 1
    assert stored.seats(session) == []


def test_those_who_are_turned_away_together_do_not_come_back_together(calls, hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session()
    calls.refuse("Query", times=40)

    waits = [int(hold(citizen, session).headers["Retry-After"]) for _ in range(40)]

    assert len(set(waits)) >= 4
    assert max(waits) <= 7
    assert hold(citizen, session).status == 200  # and nothing but the passing of the overload was needed


def test_a_table_that_cannot_be_reached_is_overload_as_well(calls, hold, a_session, a_citizen):
    def plan(_):
        raise ConnectTimeoutError(endpoint_url="https://aws.test")

    citizen, session = a_citizen(), a_session()
    calls.plans["Query"].append(plan)

    assert hold(citizen, session).status == 503


def test_a_missing_table_is_a_fault_and_never_looks_like_overload(calls, counts, hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session()
    calls.refuse("TransactWriteItems", "ResourceNotFoundException")

    answer = hold(citizen, session)

    assert (answer.status, answer.code) == (500, "TIKA0099")
    assert counts()["Fault"] == 1


@pytest.mark.parametrize("case", ["hold", "schedule"])
def test_a_claim_whose_answer_was_lost_is_found_by_the_next(calls, book, a_session, a_citizen, stored, case):
    citizen, session = a_citizen(people=2), a_session()
    calls.lose_answer("TransactWriteItems")

    lost, again = book(case, citizen, session), book(case, citizen, session)

    assert (lost.status, again.status) == (503, 200)
    number = again.json["appointment_id" if case == "hold" else "appointment_confirmation_no"]
    assert [seat.appointment_id for seat in stored.seats(session)] == [number, number]


@pytest.mark.parametrize("case", ["hold", "schedule"])
def test_a_claim_that_the_client_library_sent_twice_is_one_claim(calls, book, a_session, a_citizen, stored, case):
    citizen, session = a_citizen(), a_session(seats=1)
    calls.repeat("TransactWriteItems")

    assert book(case, citizen, session).status == 200
    assert len(stored.seats(session)) == 1


def test_a_confirmation_whose_answer_was_lost_stands(calls, hold, confirm, a_session, a_citizen, people):
    citizen = a_citizen()
    held = hold(citizen, a_session()).json["appointment_id"]
    calls.lose_answer("TransactWriteItems")

    assert confirm(citizen, held).status == 503
    booked = people(citizen)
    assert confirm(citizen, held).status == 200
    assert people(citizen) == booked


def test_a_cancellation_and_a_move_whose_answers_were_lost_are_harmless_again(
    calls, schedule, reschedule, cancel, a_session, a_citizen, stored
):
    citizen, here, there = a_citizen(), a_session(), a_session()
    booked = schedule(citizen, here).json["appointment_confirmation_no"]
    calls.lose_answer("TransactWriteItems")
    assert [reschedule(citizen, booked, there).status for _ in "ab"] == [503, 204]
    assert (len(stored.seats(here)), len(stored.seats(there))) == (0, 1)

    calls.lose_answer("TransactWriteItems")
    assert [cancel(citizen, booked).status for _ in "ab"] == [503, 204]
    assert stored.seats(there) == []


def test_a_registration_whose_answer_was_lost_is_found_by_the_next(calls, call, a_citizen, people):
    citizen = a_citizen(people=0)
    calls.lose_answer("TransactWriteItems")

    assert call("register", "new", token=citizen.token).status == 503
    again = call("register", "new", token=citizen.token)

    assert [person["beneficiary_reference_id"] for person in people(citizen)] == list(again.json.values())


def test_a_booking_stands_though_its_text_cannot_be_queued(calls, counts, schedule, a_session, a_citizen, people):
    citizen = a_citizen()
    calls.refuse("SendMessage")

    assert schedule(citizen, a_session()).status == 200
    assert counts()["BookingTextLost"] == 1
    assert people(citizen)[0]["appointments"][0]["status"] == "BOOKED"


# --- more codes are asked for than can be sent -----------------------------------------------------------------------


@pytest.fixture
def ask(call):
    """Another citizen asks for a code."""
    numbers = (f"9{number:09d}" for number in range(700_000_000, 10**9))
    return lambda: call("request_otp", "public", body={"mobile": next(numbers)})


@pytest.fixture
def waiting(monkeypatch, calls):
    """`waiting(n)`: n texts wait in the queue, as SQS tells everybody who asks from now on."""

    def set_to(number):
        def plan(_):
            return {"Attributes": {"ApproximateNumberOfMessages": str(number)}}

        calls.plans["GetQueueAttributes"] = [plan] * 100

    monkeypatch.setenv("TEXTS_PER_SECOND", "10")
    return set_to


def test_a_citizen_is_told_how_long_the_text_will_wait(ask, waiting, at):
    waiting(0)
    assert ask().headers["X-Expected-Wait"] == "0"

    at.advance(seconds=10)
    waiting(401)
    assert ask().headers["X-Expected-Wait"] == "41"


def test_a_code_that_would_come_too_late_is_refused_and_costs_nothing(ask, waiting, calls, counts, aws):
    waiting(510)  # 51 s, and 10 s in the networks: by then they may ask for another

    refused = [ask() for _ in range(20)]

    assert {(answer.status, answer.code) for answer in refused} == {(429, "TIKA0007")}
    waits = [int(answer.headers["Retry-After"]) for answer in refused]
    assert len(set(waits)) >= 5
    assert min(waits) >= 1
    assert max(waits) <= 61
    assert calls.operations == ["GetParameter", "GetQueueAttributes"]  # of twenty requests
    assert counts()["OtpDeferred"] == 20


def test_a_code_that_comes_just_as_another_may_be_asked_for_is_sent(ask, waiting):
    waiting(500)

    assert ask().headers["X-Expected-Wait"] == "50"


@pytest.mark.parametrize(("valid_s", "resend_s", "longest_s"), [(41, 60, 20), (180, 60, 50), (180, 10, 0), (180, 5, 0)])
def test_a_code_is_sent_while_half_of_its_life_is_left_and_no_other_may_be_asked_for(
    waiting, aws, at, valid_s, resend_s, longest_s
):
    set_policy(otp={"product": "Tika", "valid_seconds": valid_s, "resend_seconds": resend_s})
    rules = policy.current()
    waiting(10 * longest_s)
    assert otp.admit(rules, now=at.now) == longest_s

    for too_long_s in (1, 2):
        new_container()
        waiting(10 * (longest_s + too_long_s))
        with pytest.raises(TextsBehind) as refused:
            otp.admit(rules, now=at.now)
        assert refused.value.retry_after == too_long_s


def test_who_would_wait_longer_is_told_to_come_back_later(ask, waiting):
    waiting(10_000)  # 1,000 s

    assert int(ask().headers["Retry-After"]) >= 910


def test_codes_are_admitted_again_as_soon_as_the_queue_is_shorter(ask, waiting, at):
    waiting(5_000)
    assert ask().status == 429

    waiting(500)
    assert ask().status == 429  # for two seconds by what was seen last
    at.advance(seconds=2)

    assert ask().headers["X-Expected-Wait"] == "50"


def test_a_rush_for_codes_keeps_the_queue_short_and_passes_without_help(ask, monkeypatch, at, aws):
    """12 people ask a second where 4 texts a second can be sent: who is admitted gets a code that is still good."""
    monkeypatch.setenv("TEXTS_PER_SECOND", "4")
    sqs = aws.client("sqs")
    expired, longest_s, admitted = 0, 0, 0

    def send_some():
        nonlocal expired, longest_s
        for message in sqs.receive_message(QueueUrl=aws.queue, MaxNumberOfMessages=4).get("Messages", []):
            left_s = json.loads(message["Body"])["expires_at"] - at.now.timestamp()
            expired += left_s <= 10
            longest_s = max(longest_s, 180 - left_s)
            sqs.delete_message(QueueUrl=aws.queue, ReceiptHandle=message["ReceiptHandle"])

    set_policy(otp={"product": "Tika", "valid_seconds": 40, "resend_seconds": 60})
    for _ in range(30):
        admitted += [ask().status for _ in range(12)].count(200)
        send_some()
        at.advance(seconds=1)

    assert expired == 0
    assert 4 * 30 <= admitted <= 4 * (30 + 20 + 1) + 2 * 12  # all that could be sent, and the queue that is let in
    for _ in range(30):
        send_some()
        at.advance(seconds=1)
    assert ask().headers["X-Expected-Wait"] == "0"


# --- the policy ------------------------------------------------------------------------------------------------------


def test_while_the_policy_cannot_be_read_the_last_one_goes_on(calls, counts, hold, a_session, a_citizen, monkeypatch):
    citizen, session = a_citizen(), a_session()
    policy.current()
    monkeypatch.setattr(policy, "_read_at", float("-inf"))
    calls.refuse("GetParameter")

    assert hold(citizen, session).status == 200
    assert counts()["PolicyStale"] == 1


def test_a_new_container_without_a_policy_says_busy(calls, hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session()
    new_container()
    calls.refuse("GetParameter")

    assert hold(citizen, session).status == 503


def test_a_policy_whose_opening_has_no_zone_is_not_taken(aws):
    set_policy(opens_at="2021-04-28T16:00:00")

    with pytest.raises(ValueError, match="offset"):
        policy.current()


def test_an_error_says_nothing_of_the_person(calls, logged, hold, a_session, a_citizen):
    citizen, session = a_citizen(), a_session()

    def plan(_):
        raise RuntimeError(f"{citizen.caller.mobile} {citizen.people[0]}")

    calls.plans["Query"].append(plan)
    answer = hold(citizen, session)

    assert (answer.status, answer.code) == (500, "TIKA0099")
    for told in (answer.text, logged.getvalue()):
        assert citizen.caller.mobile not in told
        assert citizen.people[0] not in told
    assert "RuntimeError" in logged.getvalue()
    assert json.loads(logged.getvalue().splitlines()[-1])["trace"]

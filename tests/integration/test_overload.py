"""What a citizen is told when AWS throttles, fails, conflicts or loses an answer, and what is then in the tables."""

import json

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from tests.conftest import new_container, set_policy
from tika import policy, tables

CONFLICT = {
    "Error": {"Code": "TransactionCanceledException", "Message": "conflict"},
    "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    for module in ("tika.tables", "tika.seats", "tika.registry"):
        monkeypatch.setattr(f"{module}.pause", lambda attempt: None)


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
    conflicts(calls, tables.CONFLICT_TRIES)

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
    assert 2 <= int(answer.headers["Retry-After"]) <= 8
    assert counts()["Overload"] == 1
    assert stored.seats(session) == []


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

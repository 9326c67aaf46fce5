"""Nobody learns who is registered by how much work an answer took: it is counted here, as a clock would only guess."""

import pytest

STRANGER = "9811100011"


@pytest.fixture
def asked(calls, call):
    """`asked(...)`: what a request asked of AWS."""

    def work(*args, **kwargs):
        call(*args, **kwargs)  # warm, as most containers are
        calls.made.clear()
        answer = call(*args, **kwargs)
        return answer.status, answer.code, calls.operations

    return work


def test_a_code_costs_the_same_for_a_number_with_an_account_and_without(a_citizen, call, calls):
    known = a_citizen(people=4).caller.mobile
    call("request_otp", "public", body={"mobile": "9811100010"})  # warm

    def cost(mobile):
        calls.made.clear()
        answer = call("request_otp", "public", body={"mobile": mobile})
        return answer.status, len(answer.text), calls.operations

    assert cost(known) == cost(STRANGER) == (200, 48, ["UpdateItem", "PutItem", "SendMessage"])


def test_what_is_somebody_elses_costs_as_much_as_what_nobody_has(a_citizen, a_session, call, asked):
    victim, session = a_citizen(), a_session()
    order = {"session_id": session, "beneficiaries": victim.people, "slot": "09:00AM-11:00AM", "dose": 1}
    taken = call("book_slot", "schedule", body=order, token=victim.token).json["appointment_confirmation_no"]
    attacker, nobodys = a_citizen(), "00000000-0000-4000-8000-000000000001"

    for operation, case in (
        ("confirm_slot", "confirm"),
        ("cancel_slot", "cancel_all"),
        ("reschedule_slot", "reschedule"),
    ):
        theirs, none = (
            asked(operation, case, body={"appointment_id": one, "session_id": session}, token=attacker.token)
            for one in (taken, nobodys)
        )
        assert theirs == none == (400, "TIKA0008", ["Query"])

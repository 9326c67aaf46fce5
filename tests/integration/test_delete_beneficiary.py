"""POST /registration/beneficiary/delete."""

import pytest

from tests.conftest import NOON
from tika.booking import seats
from tika.people import registry
from tika.tables.citizens import Account, AppointmentRow, CitizenRow


@pytest.fixture
def delete(call):
    return lambda citizen, reference_id: call(
        "delete_beneficiary", "delete", body={"beneficiary_reference_id": reference_id}, token=citizen.token
    )


def test_a_deleted_person_is_gone_and_may_register_again(delete, call, a_citizen, people):
    citizen = a_citizen(people=3)
    reference_id = call("register", "new", token=citizen.token).json["beneficiary_reference_id"]

    answer = delete(citizen, reference_id)

    assert (answer.status, answer.text) == (204, "")
    assert len(people(citizen)) == 3
    again = call("register", "new", token=citizen.token)
    assert again.status == 200
    assert again.json["beneficiary_reference_id"] != reference_id


def test_what_remains_of_a_deleted_person_is_no_person_and_expires(delete, a_citizen, at):
    citizen = a_citizen()

    delete(citizen, citizen.people[0])

    left = [row for row in CitizenRow.scan() if not isinstance(row, Account)]
    assert {row.status for row in left} == {"DELETED"}
    assert all(row.expires_at > at.now.timestamp() for row in left)


def test_deleting_again_is_no_error(delete, a_citizen):
    citizen = a_citizen(people=2)

    answers = [delete(citizen, citizen.people[0]).status for _ in range(2)]

    assert answers == [204, 204]
    assert int(Account.get(Account.key(citizen.account), Account.SK).people) == 1


@pytest.mark.parametrize("case", ["hold", "schedule"])
def test_a_person_with_an_appointment_stays(delete, book, a_session, a_citizen, people, case):
    citizen = a_citizen()
    book(case, citizen, a_session())

    answer = delete(citizen, citizen.people[0])

    assert (answer.status, answer.code) == (400, "TIKA0012")
    assert len(people(citizen)) == 1


def test_a_person_with_a_dose_stays(delete, a_citizen, stored):
    citizen = a_citizen()
    stored.give_dose(citizen, "COVISHIELD", "2021-04-30")

    assert delete(citizen, citizen.people[0]).code == "TIKA0012"


@pytest.mark.parametrize("end", ["lapse", "cancel"])
def test_a_person_whose_appointment_ended_may_go(delete, hold, cancel, a_session, a_citizen, at, end):
    citizen = a_citizen()
    held = hold(citizen, a_session()).json["appointment_id"]
    if end == "cancel":
        cancel(citizen, held)
    else:
        at.advance(minutes=6)

    assert delete(citizen, citizen.people[0]).status == 204


def test_a_claim_that_read_the_person_before_they_were_deleted_books_nothing(
    delete, a_session, a_citizen, stored, monkeypatch, aws
):
    from tika import policy

    citizen, session = a_citizen(people=2), a_session()
    before, load = registry.load(citizen.account), registry.load
    reads = iter([before])
    delete(citizen, citizen.people[0])
    monkeypatch.setattr(registry, "load", lambda account: next(reads, None) or load(account))

    order = seats.Order(session, "09:00AM-11:00AM", 1, (citizen.people[0],))
    with pytest.raises(registry.NoSuchBeneficiary):
        seats.hold(citizen.account, order, policy.current(), now=NOON)

    assert stored.seats(session) == []
    key = AppointmentRow.sort_key(citizen.people[0], 1)
    assert AppointmentRow.get(Account.key(citizen.account), key).status == "DELETED"


def test_somebody_elses_person_is_unknown(delete, a_citizen, people):
    other = a_citizen()

    assert delete(a_citizen(), other.people[0]).code == "TIKA0009"
    assert len(people(other)) == 1


def test_an_account_without_people_is_told_so(delete, a_citizen):
    assert delete(a_citizen(people=0), "21363181496731").code == "APPOIN0001"


@pytest.mark.parametrize("value", [..., None, 2136318149673, 2136318149673.5, "", "x" * 14, "PERSON#1", "1" * 15])
def test_a_bad_reference_id_is_named(delete, a_citizen, value):
    answer = delete(a_citizen(), value)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("beneficiary_reference_id: ")

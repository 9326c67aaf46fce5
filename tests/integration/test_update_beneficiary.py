"""POST /registration/beneficiary/update."""

import pytest

from tests.conftest import NOONTIME
from tika.booking import seats
from tika.tables.citizens import Account, AppointmentRow, PhotoId

OTHERS = ("name", "birth_year", "gender_id", "comorbidity_ind", "photo_id_type", "photo_id_number")
PASSPORT = {"photo_id_type": 8, "photo_id_number": "M1234567"}


@pytest.fixture
def update(call):
    """`update(citizen, name="…")`: of the first of their people, unless told otherwise."""

    def send(citizen, **changes):
        body = {"beneficiary_reference_id": citizen.people[0], **dict.fromkeys(OTHERS, ...), **changes}
        return call("update_beneficiary", "update", body=body, token=citizen.token)

    return send


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"name": " অনিতা  দেবী "}, {"name": "অনিতা দেবী"}),
        ({"birth_year": "1971"}, {"birth_year": "1971"}),
        ({"gender_id": 3}, {"gender": "Others"}),
        ({"comorbidity_ind": "Y"}, {"comorbidity_ind": "Y"}),
        (PASSPORT, {"photo_id_type": "Passport", "photo_id_number": "********4567"}),
        ({"name": "Asha", "birth_year": "1950", **PASSPORT}, {"name": "Asha", "birth_year": "1950"}),
    ],
    ids=lambda value: "-".join(value),
)
def test_what_is_given_is_corrected_and_the_rest_stays(update, a_citizen, people, changes, shown):
    citizen = a_citizen(people=2)
    before = {person["beneficiary_reference_id"]: person for person in people(citizen)}

    answer = update(citizen, **changes)

    after = {person["beneficiary_reference_id"]: person for person in people(citizen)}
    first, second = citizen.people
    assert (answer.status, answer.text) == (204, "")
    assert {name: after[first][name] for name in shown} == shown
    same = before[first].keys() - shown.keys() - {"photo_id_type", "photo_id_number"}
    assert {name: after[first][name] for name in same} == {name: before[first][name] for name in same}
    assert after[second] == before[second]


def test_a_correction_sent_again_writes_nothing(update, a_citizen, calls):
    citizen = a_citizen()
    update(citizen, birth_year="1971", **PASSPORT)
    calls.made.clear()

    again = update(citizen, birth_year="1971", **PASSPORT)

    assert again.status == 204
    assert {operation for operation in calls.operations if operation.startswith(("Transact", "Put", "Update"))} == set()


def test_a_correction_whose_answer_was_lost_may_be_sent_again(update, a_citizen, people, calls):
    citizen = a_citizen()
    calls.lose_answer("TransactWriteItems")

    answers = [update(citizen, birth_year="1971", **PASSPORT).status for _ in range(2)]

    assert answers == [503, 204]
    assert people(citizen)[0]["birth_year"] == "1971"


def test_a_photo_id_that_was_given_up_is_free_and_the_new_one_is_taken(update, call, a_citizen):
    one, other = a_citizen(people=0), a_citizen()
    registered = call("register", "new", token=one.token)
    one.people.append(registered.json["beneficiary_reference_id"])

    update(one, **PASSPORT)

    assert update(other, **PASSPORT).code == "TIKA0004"
    assert call("register", "new", token=other.token).status == 200  # with the one that was given up
    assert sorted(row.reference_id for row in PhotoId.scan(PhotoId.sk == PhotoId.SK) if row.account == one.account) == [
        one.people[0]
    ]


def test_a_photo_id_of_somebody_else_is_refused_and_nothing_is_changed(update, a_citizen, people):
    one, other = a_citizen(), a_citizen()
    update(one, **PASSPORT)
    before = people(other)

    answer = update(other, name="Somebody", **PASSPORT)

    assert (answer.status, answer.code) == (400, "TIKA0004")
    assert people(other) == before


@pytest.mark.parametrize("case", ["hold", "schedule"])
def test_the_place_stays(update, book, a_citizen, a_session, people, confirm, cancel, case):
    citizen, session = a_citizen(people=2, birth_year=1970), a_session()
    booked = book(case, citizen, session).json
    before = people(citizen)[0]["appointments"]

    answer = update(citizen, name="Asha", birth_year="1971", **PASSPORT)

    appointment_id = booked.get("appointment_id") or booked["appointment_confirmation_no"]
    assert answer.status == 204
    assert people(citizen)[0]["appointments"] == before
    assert confirm(citizen, appointment_id).status == 200
    assert cancel(citizen, appointment_id).status == 204


@pytest.mark.parametrize(("year", "status"), [("1976", 204), ("1977", 400)])
@pytest.mark.parametrize("person", [0, 1, 2, 3])
def test_a_year_that_the_appointment_does_not_allow_is_refused(
    update, schedule, a_citizen, a_session, people, person, year, status
):
    citizen, session = a_citizen(people=4, birth_year=1960), a_session(min_age_limit=45)
    schedule(citizen, session)

    answer = update(citizen, beneficiary_reference_id=citizen.people[person], birth_year=year)

    years = {each["beneficiary_reference_id"]: each["birth_year"] for each in people(citizen)}
    assert answer.status == status
    assert years[citizen.people[person]] == (year if status == 204 else "1960")
    if status == 400:
        assert answer.code == "TIKA0020"
        assert answer.json["error"].startswith("birth_year: ")


def test_what_is_no_question_of_age_is_corrected_whatever_the_appointment(update, schedule, a_citizen, a_session):
    citizen = a_citizen(birth_year=1960)
    schedule(citizen, a_session(min_age_limit=45))

    assert update(citizen, name="Asha", gender_id=1, comorbidity_ind="Y", **PASSPORT).status == 204


def test_a_place_that_lapsed_bars_nothing(update, hold, a_citizen, a_session, at):
    citizen, session = a_citizen(birth_year=1960), a_session(min_age_limit=45)
    hold(citizen, session)
    at.advance(seconds=400)

    assert update(citizen, birth_year="1990").status == 204
    assert hold(citizen, session).code == "TIKA0010"
    assert hold(citizen, a_session()).status == 200


def test_who_is_too_young_for_the_phase_does_not_become_so_by_correction(update, a_citizen):
    answer = update(a_citizen(), birth_year="2004")

    assert (answer.status, answer.code) == (400, "TIKA0005")


def test_after_a_dose_the_centre_corrects(update, a_citizen, stored, people):
    citizen = a_citizen()
    stored.give_dose(citizen, "COVISHIELD", "2021-05-01")

    answer = update(citizen, name="Asha")

    assert (answer.status, answer.code) == (400, "TIKA0020")
    assert people(citizen)[0]["name"] == "Asha Devi"


@pytest.mark.parametrize("changes", [{"photo_id_type": 8}, {"photo_id_number": "M1234567"}], ids=str)
def test_half_a_photo_id_is_refused(update, a_citizen, changes):
    answer = update(a_citizen(), **changes)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    missing = {"photo_id_type": "photo_id_number", "photo_id_number": "photo_id_type"}[next(iter(changes))]
    assert answer.json["error"].startswith(f"{missing}: ")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "<b>"}, "name"),
        ({"name": ""}, "name"),
        ({"birth_year": "1899"}, "birth_year"),
        ({"birth_year": "2022"}, "birth_year"),
        ({"gender_id": 4}, "gender_id"),
        ({"comorbidity_ind": "maybe"}, "comorbidity_ind"),
        ({"photo_id_type": 8, "photo_id_number": "no passport at all"}, "photo_id_number"),
        ({"photo_id_type": 7, "photo_id_number": "M1234567"}, "photo_id_type"),
        ({"beneficiary_reference_id": "1"}, "beneficiary_reference_id"),
        ({"beneficiary_reference_id": ...}, "beneficiary_reference_id"),
    ],
    ids=str,
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_written(update, a_citizen, people, changes, field):
    citizen = a_citizen()
    before = people(citizen)

    answer = update(citizen, **changes)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}: ")
    assert people(citizen) == before


def test_nobody_corrects_somebody_of_another_account(update, a_citizen, people):
    one, other = a_citizen(), a_citizen()

    stranger = update(other, beneficiary_reference_id=one.people[0], name="Stolen")
    nobody = update(other, beneficiary_reference_id="99999999999999", name="Stolen")

    assert (stranger.status, stranger.text) == (nobody.status, nobody.text) == (400, stranger.text)
    assert people(one)[0]["name"] == "Asha Devi"


# --- at the same time ------------------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(act)`: just before the next write that moves a seat, somebody else acts."""

    def before_the_write(act):
        transact = seats.transact

        def write(**actions):
            monkeypatch.setattr(seats, "transact", transact)
            act()
            return transact(**actions)

        monkeypatch.setattr(seats, "transact", write)

    return before_the_write


def test_a_claim_that_read_the_old_year_looks_again(update, hold, a_citizen, a_session, meanwhile, people):
    citizen, session = a_citizen(birth_year=1960), a_session(min_age_limit=45)
    meanwhile(lambda: update(citizen, birth_year="1990"))

    answer = hold(citizen, session)

    assert (answer.status, answer.code) == (400, "TIKA0010")
    assert people(citizen)[0]["appointments"] == []


def test_a_claim_after_a_cancelled_place_looks_again_as_well(
    update, schedule, cancel, hold, a_citizen, a_session, meanwhile
):
    citizen, session = a_citizen(birth_year=1960), a_session(min_age_limit=45)
    cancel(citizen, schedule(citizen, session).json["appointment_confirmation_no"])
    meanwhile(lambda: update(citizen, birth_year="1990"))

    assert hold(citizen, session).code == "TIKA0010"


def test_a_move_that_read_the_old_year_looks_again(
    update, schedule, reschedule, a_citizen, a_session, meanwhile, people
):
    citizen, for_all, for_some = a_citizen(birth_year=1960), a_session(), a_session(min_age_limit=45)
    booked = schedule(citizen, for_all).json["appointment_confirmation_no"]
    meanwhile(lambda: update(citizen, birth_year="1990"))

    answer = reschedule(citizen, booked, for_some, NOONTIME)

    assert answer.code == "TIKA0010"
    assert people(citizen)[0]["appointments"][0]["session_id"] == for_all


def test_a_claim_is_not_disturbed_by_the_correction_of_a_name(update, hold, a_citizen, a_session, meanwhile, calls):
    citizen, session = a_citizen(), a_session()
    meanwhile(lambda: update(citizen, name="Asha"))
    calls.made.clear()

    assert hold(citizen, session).status == 200
    assert calls.operations.count("TransactWriteItems") == 2


@pytest.mark.parametrize("deed", ["confirm", "cancel"])
def test_whoever_confirms_or_cancels_meanwhile_is_not_turned_away(
    update, hold, confirm, cancel, a_citizen, a_session, meanwhile, deed
):
    citizen = a_citizen(birth_year=1960)
    held = hold(citizen, a_session()).json["appointment_id"]
    meanwhile(lambda: update(citizen, birth_year="1990"))

    answer = {"confirm": confirm, "cancel": cancel}[deed](citizen, held)

    assert answer.status in (200, 204)


def test_what_a_correction_leaves_is_no_appointment_and_bars_nothing(update, call, hold, a_citizen, a_session, people):
    citizen = a_citizen(birth_year=1960)
    update(citizen, birth_year="1990")

    left = AppointmentRow.get(Account.key(citizen.account), AppointmentRow.sort_key(citizen.people[0], 1))
    assert (left.status, left.session_id) == ("CANCELLED", None)
    assert people(citizen)[0]["appointments"] == []
    assert hold(citizen, a_session()).status == 200


def test_who_was_corrected_can_be_deleted(update, call, a_citizen):
    citizen = a_citizen()
    update(citizen, birth_year="1971", **PASSPORT)

    answer = call(
        "delete_beneficiary", "delete", body={"beneficiary_reference_id": citizen.people[0]}, token=citizen.token
    )

    assert answer.status == 204
    assert list(PhotoId.scan(PhotoId.sk == PhotoId.SK)) == []

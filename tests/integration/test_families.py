"""What holds for one person holds for each of a family, wherever in it they stand, and for both doses.

Every number of people that one appointment may have, and every place in it for the one who is different.
"""

from collections.abc import Callable, Iterator
from itertools import chain, combinations
from typing import Any

import pytest

from tests.conftest import MORNING, NOONTIME, Answer, Citizen, new_container
from tika.people.registry import MAX_PEOPLE
from tika.tables.citizens import Account, AppointmentRow, PersonRow
from tika.tables.slots import Seat

SIZES = range(1, MAX_PEOPLE + 1)
ONE_OF_A_FAMILY = [(size, who) for size in SIZES for who in range(size)]
IDS = [f"{who + 1} of {size}" for size, who in ONE_OF_A_FAMILY]
DOSES = (1, 2)
VACCINE, OTHER_VACCINE = "COVISHIELD", "COVAXIN"
LONG_AGO, NOT_LONG_AGO = "2021-01-01", "2021-04-01"  # the gap is 84 days, and the session on 4 May 2021
STRANGER = "10000000000001"


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tika.tables.writing.LONGEST_PAUSE_S", 0)


@pytest.fixture
def a_family(a_citizen: Callable[..., Citizen], stored: Any) -> Callable[..., Citizen]:
    """`a_family(3, dose=2)`: so many people who may have that dose."""

    def make(size: int, dose: int = 1) -> Citizen:
        family = a_citizen(people=size)
        for who in range(size if dose == 2 else 0):
            stored.give_dose(family, VACCINE, LONG_AGO, who)
        return family

    return make


@pytest.fixture
def change(stored: Any) -> Callable[..., None]:
    """`change(family, 2, birth_year=2010)`: what is written of the third person."""

    def write(family: Citizen, who: int, **values: Any) -> None:
        row = PersonRow(Account.key(family.account), PersonRow.sort_key(family.people[who]))
        row.update(actions=[getattr(PersonRow, name).set(value) for name, value in values.items()])

    return write


@pytest.fixture
def places(stored: Any) -> Callable[..., list[tuple[str, str, str] | None]]:
    """`places(family, dose, sessions)`: (session, seat, status) of each person, None for who has none.

    Seats and appointments must say the same: no seat without an appointment, nor the other way round.
    """

    def look(family: Citizen, dose: int, *sessions: str) -> list[tuple[str, str, str] | None]:
        seats = {
            seat.reference_id: (session, seat.sk, seat.status)
            for session in sessions
            for seat in stored.seats(session)
            if seat.account == family.account and seat.dose == dose
        }
        rows = AppointmentRow.query(Account.key(family.account), AppointmentRow.sk.startswith("APPOINTMENT#"))
        standing = {
            row.reference_id: (row.session_id, row.seat, row.status)
            for row in rows
            if row.dose == dose and row.status in ("HELD", "BOOKED")
        }
        assert seats == standing
        return [seats.get(person) for person in family.people]

    return look


def number_of(answer: Answer) -> str:
    return answer.json.get("appointment_id") or answer.json["appointment_confirmation_no"]


# --- all of a family -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("size", SIZES)
def test_each_of_a_family_goes_the_whole_way(
    size, dose, hold, confirm, reschedule, cancel, a_family, a_session, places, people, stored
):
    family, here, there = a_family(size, dose), a_session(), a_session()

    number = number_of(hold(family, here, dose=dose))
    held = places(family, dose, here, there)
    assert [(session, status) for session, _, status in held] == [(here, "HELD")] * size
    assert len({seat for _, seat, _ in held}) == size

    assert confirm(family, number).status == 200
    assert [place[2] for place in places(family, dose, here, there)] == ["BOOKED"] * size
    codes = {stored.appointment(family, dose, who).secret_code for who in range(size)}
    assert len(codes) == 1
    assert None not in codes

    assert reschedule(family, number, there, NOONTIME).status == 204
    moved = places(family, dose, here, there)
    assert [(session, seat.split("#")[1:3], status) for session, seat, status in moved] == [
        (there, [str(dose), "01"], "BOOKED")
    ] * size
    assert [one["appointments"][0]["slot"] for one in people(family)] == [NOONTIME] * size

    assert cancel(family, number).status == 204
    assert places(family, dose, here, there) == [None] * size


@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("size", SIZES)
def test_each_of_a_family_that_lets_its_hold_lapse_is_swept(
    size, dose, hold, sweep, a_family, a_session, places, stored, at
):
    family, session = a_family(size, dose), a_session()
    hold(family, session, dose=dose)
    at.advance(seconds=306)

    sweep()

    assert places(family, dose, session) == [None] * size
    assert [len(stored.appointment(family, dose, who).lapses) for who in range(size)] == [1] * size


@pytest.mark.parametrize("size", SIZES)
def test_a_family_asks_again_in_any_order_and_gets_what_it_has(size, book, a_family, a_session, places):
    family, session = a_family(size), a_session()
    for case in ("hold", "schedule", "schedule"):
        first = book(case, family, session)
        before = places(family, 1, session)

        again = book(case, family, session, beneficiaries=family.people[::-1])

        assert (again.status, number_of(again)) == (200, number_of(first))
        assert places(family, 1, session) == before


# --- one who may not -------------------------------------------------------------------------------------------------


def too_young(family, who, change, stored, at):
    change(family, who, birth_year=2010)


def too_old(family, who, change, stored, at):
    change(family, who, birth_year=1920)


def had_this_dose(family, who, change, stored, at, *, dose):
    for number in range(len(stored_doses(family, who)), dose):
        stored.give_dose(family, VACCINE, ("2021-01-01", "2021-03-27")[number], who)


def stored_doses(family: Citizen, who: int) -> list[Any]:
    return PersonRow.get(Account.key(family.account), PersonRow.sort_key(family.people[who])).doses


def first_dose_too_late(family, who, change, stored, at):
    change(family, who, doses=[{"vaccine": VACCINE, "date": NOT_LONG_AGO, "center_id": 1234}])


def first_dose_of_another_vaccine(family, who, change, stored, at):
    change(family, who, doses=[{"vaccine": OTHER_VACCINE, "date": LONG_AGO, "center_id": 1234}])


def no_first_dose(family, who, change, stored, at):
    change(family, who, doses=[])


UNFIT = {
    "too young": (1, too_young, "TIKA0010"),
    "too old": (1, too_old, "TIKA0010"),
    "had dose 1": (1, lambda *args: had_this_dose(*args, dose=1), "APPOIN0022"),
    "had dose 2": (2, lambda *args: had_this_dose(*args, dose=2), "APPOIN0022"),
    "first dose too late": (2, first_dose_too_late, "APPOIN0025"),
    "first dose of another vaccine": (2, first_dose_of_another_vaccine, "APPOIN0025"),
    "no first dose": (2, no_first_dose, "APPOIN0025"),
}


@pytest.mark.parametrize(("dose", "make_unfit", "code"), UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_who_may_not_keeps_all_from_another_place(
    size, who, dose, make_unfit, code, book, reschedule, a_family, a_session, places, change, stored, at
):
    """Nobody is held, booked or moved, and who has a place keeps it."""
    family, settled = a_family(size, dose), a_family(size, dose)
    here, there = a_session(), a_session(min_age_limit=18, max_age_limit=60)
    number = number_of(book("schedule", settled, here, dose=dose))
    before = places(settled, dose, here, there)
    make_unfit(family, who, change, stored, at)
    make_unfit(settled, who, change, stored, at)

    for case in ("hold", "schedule"):
        answer = book(case, family, there, dose=dose)
        assert (answer.status // 100, answer.code) == (4, code)
    moved = reschedule(settled, number, there)
    assert (moved.status // 100, moved.code) == (4, code)

    assert places(family, dose, here, there) == [None] * size
    assert places(settled, dose, here, there) == before


@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_who_let_three_holds_lapse_keeps_all_waiting(size, who, book, a_family, a_session, places, at):
    family, session, person = a_family(size), a_session(), slice(who, who + 1)
    for _ in range(3):
        book("hold", family, session, beneficiaries=family.people[person])
        at.advance(minutes=6)

    for case in ("hold", "schedule"):
        answer = book(case, family, session)
        assert (answer.status, answer.code) == (429, "TIKA0006")
    others = [person for person in family.people if person != family.people[who]]
    if others:
        assert book("schedule", family, session, beneficiaries=others).status == 200


@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize(("size", "who"), [each for each in ONE_OF_A_FAMILY if each[0] > 1])
def test_one_who_has_an_appointment_is_not_booked_again_with_the_others(
    size, who, dose, book, a_family, a_session, places
):
    family, here, there = a_family(size, dose), a_session(), a_session()
    book("schedule", family, here, dose=dose, beneficiaries=[family.people[who]])
    before = places(family, dose, here, there)

    for session in (here, there):
        for case in ("hold", "schedule"):
            answer = book(case, family, session, dose=dose)
            assert (answer.code, family.people[who] in answer.text) == ("APPOIN0022", True)

    assert places(family, dose, here, there) == before


@pytest.mark.parametrize("stranger", ["of nobody", "of another"])
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_who_is_not_of_the_family_keeps_all_from_a_place(size, who, stranger, book, a_family, a_session, places):
    family, other, session = a_family(size), a_family(1), a_session()
    listed = list(family.people)
    listed[who] = STRANGER if stranger == "of nobody" else other.people[0]

    for case in ("hold", "schedule"):
        assert book(case, family, session, beneficiaries=listed).code == "TIKA0009"

    assert places(family, 1, session) == [None] * size
    assert places(other, 1, session) == [None]


@pytest.mark.parametrize(("first", "second"), list(combinations(range(MAX_PEOPLE), 2)))
def test_somebody_who_is_listed_twice_anywhere_is_noticed(first, second, book, a_family, a_session, places):
    family, session = a_family(MAX_PEOPLE), a_session()
    listed = list(family.people)
    listed[second] = listed[first]

    for case in ("hold", "schedule"):
        assert book(case, family, session, beneficiaries=listed).code == "USRRES0001"

    assert places(family, 1, session) == [None] * MAX_PEOPLE


# --- some of a family ------------------------------------------------------------------------------------------------


def some(size: int) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(range(size), number) for number in range(1, size + 1))


SOME_OF_A_FAMILY = [(size, chosen) for size in SIZES for chosen in some(size)]


@pytest.mark.parametrize("case", ["hold", "schedule"])
@pytest.mark.parametrize(("size", "chosen"), SOME_OF_A_FAMILY)
def test_who_is_named_loses_their_place_and_the_others_keep_theirs(
    size, chosen, case, book, cancel, confirm, reschedule, a_family, a_session, places
):
    family, here, there = a_family(size), a_session(), a_session()
    number = number_of(book(case, family, here))
    before = places(family, 1, here)
    named = [family.people[who] for who in chosen]
    left = [None if who in chosen else place for who, place in enumerate(before)]

    for _ in range(2):  # again is no error and takes nothing more
        assert cancel(family, number, named).status == 204
        assert places(family, 1, here) == left

    stay = len(left) - left.count(None)
    for answer in (confirm(family, number), reschedule(family, number, there)):
        assert (answer.status // 100, answer.code) == ((2, "") if stay else (4, "TIKA0016"))
    assert [place and (place[0], place[2]) for place in places(family, 1, here, there)] == [
        place and (there, "BOOKED") for place in left
    ]


@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_naming_one_who_is_not_of_the_appointment_cancels_nobodys_place(
    size, who, schedule, cancel, a_family, a_session, places
):
    family, session = a_family(size), a_session()
    number = number_of(schedule(family, session))
    before = places(family, 1, session)
    named = list(family.people)
    named[who] = STRANGER

    assert cancel(family, number, named).code == "TIKA0009"

    assert places(family, 1, session) == before


# --- one to whom something happens on the way ------------------------------------------------------------------------


@pytest.fixture
def just_before(calls: Any) -> Callable[[Callable[[], Any]], None]:
    """What is to be done when the next transaction is already on its way."""

    def plan(act: Callable[[], Any]) -> None:
        def acting(apply: Callable[[], Any]) -> Any:
            act()
            return apply()

        calls.plans["TransactWriteItems"].append(acting)

    return plan


@pytest.mark.parametrize("ending", ["confirm", "reschedule", "cancel"])
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_whose_place_is_cancelled_on_the_way_has_none_and_the_others_go_on(
    size, who, ending, hold, confirm, reschedule, cancel, a_family, a_session, places, just_before
):
    family, here, there = a_family(size), a_session(), a_session()
    number = number_of(hold(family, here))
    just_before(lambda: cancel(family, number, [family.people[who]]))

    act = {
        "confirm": lambda: confirm(family, number),
        "reschedule": lambda: reschedule(family, number, there),
        "cancel": lambda: cancel(family, number),
    }[ending]
    answer = act()

    nobody_left = size == 1 and ending != "cancel"
    assert (answer.status // 100, answer.code) == ((4, "TIKA0016") if nobody_left else (2, ""))
    after = {"confirm": (here, "BOOKED"), "reschedule": (there, "HELD"), "cancel": None}[ending]
    assert [place and (place[0], place[2]) for place in places(family, 1, here, there)] == [
        None if each == who else after for each in range(size)
    ]


@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("case", ["hold", "schedule"])
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_who_is_booked_on_the_way_keeps_all_from_a_second_place(
    size, who, case, dose, book, a_family, a_session, places, just_before
):
    family, here, there = a_family(size, dose), a_session(), a_session()
    just_before(lambda: book("schedule", family, here, dose=dose, beneficiaries=[family.people[who]]))

    assert book(case, family, there, dose=dose).code == "APPOIN0022"

    assert [place and place[0] for place in places(family, dose, here, there)] == [
        here if each == who else None for each in range(size)
    ]


@pytest.mark.parametrize("case", ["hold", "schedule", "reschedule"])
@pytest.mark.parametrize("size", SIZES)
def test_a_place_lost_on_the_way_is_replaced_for_each_or_given_to_none(
    size, case, book, reschedule, a_family, a_session, a_citizen, places, just_before
):
    family, here, there = a_family(size), a_session(), a_session(seats=size)
    number = number_of(book("schedule", family, here)) if case == "reschedule" else ""
    before = places(family, 1, here, there)
    just_before(lambda: book("schedule", a_citizen(), there))

    answer = reschedule(family, number, there) if number else book(case, family, there)

    assert answer.code == "APPOIN0040"
    assert places(family, 1, here, there) == before


@pytest.mark.parametrize("ending", ["confirm", "reschedule", "cancel", "sweep"])
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_whose_lapsed_place_is_anothers_by_now_takes_nothing_from_them(
    size, who, ending, hold, confirm, reschedule, cancel, sweep, a_family, a_session, stored, at
):
    """For a clock that is late the family's hold stands: all of it ends as one, and the other's place is untouched."""
    family, other, here, there = a_family(size), a_family(1), a_session(), a_session()
    number = number_of(hold(family, here))
    row = stored.appointment(family, 1, who)
    seat = Seat.get(f"SESSION#{here}", row.seat)
    theirs = {
        "status": "BOOKED",
        "appointment_id": "of another",
        "account": other.account,
        "reference_id": other.people[0],
    }
    seat.update(
        actions=[getattr(Seat, name).set(value) for name, value in theirs.items()]
        + [Seat.hold_until.remove(), Seat.lapsing_shard.remove()]
    )
    if ending == "sweep":
        at.advance(seconds=306)

    if ending == "sweep":
        sweep()
    else:
        answer = {
            "confirm": lambda: confirm(family, number),
            "reschedule": lambda: reschedule(family, number, there),
            "cancel": lambda: cancel(family, number),
        }[ending]()
        assert (answer.status, answer.code) == ((204, "") if ending == "cancel" else (409, "TIKA0001"))

    left = {each.reference_id: each.status for each in stored.seats(here)}
    unchanged = {person: "HELD" for each, person in enumerate(family.people) if each != who}
    assert left == {other.people[0]: "BOOKED", **(unchanged if ending in ("confirm", "reschedule") else {})}
    assert stored.seats(there) == []
    assert "BOOKED" not in {stored.appointment(family, 1, each).status for each in range(size)}


# --- one of a family who is corrected or deleted ----------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["update_beneficiary", "delete_beneficiary"])
@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_is_corrected_or_deleted_and_the_others_are_as_they_were(size, who, operation, call, a_family, people):
    family = a_family(size)
    before = {each["beneficiary_reference_id"]: each for each in people(family)}
    person = family.people[who]
    body = {"beneficiary_reference_id": person}
    if operation == "update_beneficiary":
        kept = dict.fromkeys(("gender_id", "comorbidity_ind", "photo_id_type", "photo_id_number"), ...)
        body |= {"name": "Rina Das", "birth_year": "1985", **kept}

    case = operation.partition("_")[0]
    assert call(operation, case, body=body, token=family.token).status == 204

    new_container()
    after = {} if size == 1 and case == "delete" else {one["beneficiary_reference_id"]: one for one in people(family)}
    if case == "update":
        assert after.pop(person) == before[person] | {"name": "Rina Das", "birth_year": "1985"}
    before.pop(person)
    assert after == before


@pytest.mark.parametrize(("size", "who"), ONE_OF_A_FAMILY, ids=IDS)
def test_one_with_an_appointment_is_not_deleted_and_the_others_may_be(size, who, call, schedule, a_family, a_session):
    family, session = a_family(size), a_session()
    schedule(family, session, beneficiaries=[family.people[who]])

    answers = [
        call("delete_beneficiary", "delete", body={"beneficiary_reference_id": person}, token=family.token)
        for person in family.people
    ]

    assert [answer.code for answer in answers] == ["TIKA0012" if each == who else "" for each in range(size)]


def test_morning_is_the_slot_that_families_book() -> None:
    """Or the move to NOONTIME in these tests would be none."""
    assert MORNING != NOONTIME

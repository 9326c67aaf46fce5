"""What the conditions of the writes are for: another request, or a late clock, between what was read and the write."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import roles
from tests.conftest import NOONTIME, Answer, Citizen, new_container
from tika.booking import seats
from tika.tables.citizens import CitizenRow, PhotoId
from tika.tables.slots import LAPSING_SHARDS


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tika.tables.writing.LONGEST_PAUSE_S", 0)


@pytest.fixture
def just_before(calls: Any) -> Callable[..., None]:
    """`just_before("TransactWriteItems", act)`: `act` is done when the next such request is already on its way."""

    def plan(operation: str, act: Callable[[], Any]) -> None:
        def acting(apply: Callable[[], Any]) -> Any:
            act()
            return apply()

        calls.plans[operation].append(acting)

    return plan


@pytest.mark.parametrize("first", ["hold", "schedule"])
def test_a_place_taken_by_another_on_the_way_is_not_taken_again(first, book, a_session, a_citizen, stored, just_before):
    quick, slow, session = a_citizen(), a_citizen(), a_session(seats=1)
    just_before("TransactWriteItems", lambda: book(first, quick, session))

    answer = book("schedule", slow, session)

    assert (answer.status, answer.code) == (409, "APPOIN0040")
    assert [seat.reference_id for seat in stored.seats(session)] == quick.people


def test_a_hold_that_lapsed_only_just_now_is_not_claimed(hold, a_session, a_citizen, stored, at):
    """The clock that is ahead sees it lapsed; another may still confirm it."""
    first, second, session = a_citizen(), a_citizen(), a_session(seats=1)
    hold(first, session)
    for seconds in (300, 5):
        at.advance(seconds=seconds)
        new_container()
        assert hold(second, session).code == "APPOIN0040"
    at.advance(seconds=1)
    new_container()

    assert hold(second, session).status == 200
    assert [seat.reference_id for seat in stored.seats(session)] == second.people


def test_two_devices_of_one_person_get_one_appointment(schedule, a_session, a_citizen, stored, just_before):
    citizen, here, there = a_citizen(), a_session(), a_session()
    just_before("TransactWriteItems", lambda: schedule(citizen, here))

    assert schedule(citizen, there).code == "APPOIN0022"
    assert len(stored.seats(here)) == 1
    assert stored.seats(there) == []


def test_two_devices_after_a_cancellation_get_one_appointment(
    schedule, cancel, a_session, a_citizen, stored, just_before
):
    citizen, here, there = a_citizen(), a_session(), a_session()
    cancel(citizen, schedule(citizen, here).json["appointment_confirmation_no"])
    just_before("TransactWriteItems", lambda: schedule(citizen, here))

    assert schedule(citizen, there).code == "APPOIN0022"
    assert stored.seats(there) == []


def test_a_hold_made_and_parked_meanwhile_keeps_its_lapse(
    schedule, hold, cancel, a_session, a_citizen, stored, at, just_before
):
    """The claim read an older appointment, cancelled as this one is: written over, the lapse would be lost."""
    citizen, session = a_citizen(), a_session()
    cancel(citizen, schedule(citizen, session).json["appointment_confirmation_no"])

    def park() -> None:
        held = hold(citizen, session).json["appointment_id"]
        at.advance(minutes=2)
        cancel(citizen, held)

    just_before("TransactWriteItems", park)

    assert schedule(citizen, session).status == 200
    assert len(stored.appointment(citizen).lapses) == 1


def test_a_late_clock_confirms_no_place_that_was_claimed_since(hold, confirm, a_session, a_citizen, stored, at):
    late, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    held = hold(late, session).json["appointment_id"]
    at.advance(minutes=5, seconds=6)
    assert hold(quick, session).status == 200
    at.advance(seconds=-10)

    assert confirm(late, held).status == 409
    assert [(seat.reference_id, seat.status) for seat in stored.seats(session)] == [(quick.people[0], "HELD")]
    assert stored.appointment(late).status == "HELD"


def test_a_late_clock_cancels_no_place_that_was_claimed_since(hold, cancel, a_session, a_citizen, stored, at):
    late, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    held = hold(late, session).json["appointment_id"]
    at.advance(minutes=5, seconds=6)
    assert hold(quick, session).status == 200
    at.advance(seconds=-10)

    assert cancel(late, held).status == 204
    assert [seat.reference_id for seat in stored.seats(session)] == quick.people


def test_a_late_clock_moves_no_place_that_was_claimed_since(hold, reschedule, a_session, a_citizen, stored, at):
    late, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    held = hold(late, session).json["appointment_id"]
    at.advance(minutes=5, seconds=6)
    assert hold(quick, session).status == 200
    at.advance(seconds=-10)

    assert reschedule(late, held, session, NOONTIME).status == 409
    assert [seat.reference_id for seat in stored.seats(session)] == quick.people


@pytest.mark.parametrize("ending", ["confirm", "cancel"])
def test_what_moved_on_the_way_is_met_where_it_is(
    ending, hold, confirm, cancel, reschedule, a_session, a_citizen, stored, just_before
):
    citizen, here, there = a_citizen(), a_session(), a_session()
    held = hold(citizen, here).json["appointment_id"]
    just_before("TransactWriteItems", lambda: reschedule(citizen, held, there))

    assert {"confirm": confirm, "cancel": cancel}[ending](citizen, held).status in (200, 204)

    assert stored.seats(here) == []
    assert [seat.status for seat in stored.seats(there)] == (["BOOKED"] if ending == "confirm" else [])
    assert stored.appointment(citizen).status == ("BOOKED" if ending == "confirm" else "CANCELLED")


@pytest.mark.parametrize("ending", ["confirm", "reschedule"])
def test_what_was_cancelled_on_the_way_stays_so(
    ending, hold, confirm, cancel, reschedule, a_session, a_citizen, stored, just_before
):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    just_before("TransactWriteItems", lambda: cancel(citizen, held))

    answer = confirm(citizen, held) if ending == "confirm" else reschedule(citizen, held, session, NOONTIME)

    assert answer.code == "TIKA0016"
    assert stored.seats(session) == []
    assert stored.appointment(citizen).status == "CANCELLED"


def test_a_hold_confirmed_on_the_way_moves_as_a_booking(
    hold, confirm, reschedule, a_session, a_citizen, stored, just_before
):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    just_before("TransactWriteItems", lambda: confirm(citizen, held))

    assert reschedule(citizen, held, session, NOONTIME).status == 204
    assert [(seat.status, seat.hold_until) for seat in stored.seats(session)] == [("BOOKED", None)]
    assert stored.appointment(citizen).status == "BOOKED"


def test_a_move_takes_no_place_taken_on_the_way(schedule, reschedule, a_session, a_citizen, stored, just_before):
    citizen, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    booked = schedule(citizen, session).json["appointment_confirmation_no"]
    just_before("TransactWriteItems", lambda: schedule(quick, session, slot=NOONTIME))

    assert reschedule(citizen, booked, session, NOONTIME).code == "APPOIN0040"
    assert sorted(seat.reference_id for seat in stored.seats(session)) == sorted([*citizen.people, *quick.people])


def test_a_hold_confirmed_before_its_cancellation_is_ended_by_a_clock_ahead(
    hold, confirm, cancel, a_session, a_citizen, stored, at, just_before
):
    """The clock ahead would end a lapsed hold; it was confirmed in time by another, and is cancelled as a booking."""
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    at.advance(minutes=5, seconds=2)

    def confirm_in_time() -> None:
        at.advance(seconds=-3)
        assert confirm(citizen, held).status == 200
        at.advance(seconds=3)

    just_before("TransactWriteItems", confirm_in_time)

    assert cancel(citizen, held).status == 204
    assert stored.seats(session) == []
    assert (stored.appointment(citizen).status, stored.appointment(citizen).lapses) == ("CANCELLED", [])


def test_the_last_places_are_sold_after_more_were_asked_for(hold, a_session, a_citizen):
    family, one, session = a_citizen(people=3), a_citizen(), a_session(seats=1)
    assert hold(family, session).code == "APPOIN0040"

    assert hold(one, session).status == 200


def test_a_full_first_dose_does_not_refuse_the_second(a_session, a_citizen, stored, hold, at):
    session = a_session(seats=1, days=2)
    for _ in range(2):
        citizen = a_citizen()
        code = hold(citizen, session).code
    assert code == "APPOIN0040"
    returning = a_citizen()
    stored.give_dose(returning, "COVISHIELD", "2020-11-01")

    assert hold(returning, session, dose=2).status == 200


def test_after_a_lost_race_the_slot_is_read_consistently(schedule, a_session, a_citizen, calls, just_before):
    """Else the place that was lost looks free again."""
    quick, slow, session = a_citizen(), a_citizen(), a_session(seats=1)
    just_before("TransactWriteItems", lambda: (schedule(quick, session), calls.made.clear()))

    schedule(slow, session)

    [look] = [query for query in calls.of("Query") if query["TableName"] == "slots"]
    assert look["ConsistentRead"] is True


def test_and_so_it_is_for_a_move(schedule, reschedule, a_session, a_citizen, calls, just_before):
    quick, slow, here, there = a_citizen(), a_citizen(), a_session(), a_session(seats=1)
    booked = schedule(slow, here).json["appointment_confirmation_no"]
    calls.made.clear()
    just_before("TransactWriteItems", lambda: schedule(quick, there))

    reschedule(slow, booked, there)

    looks = [query.get("ConsistentRead", False) for query in calls.of("Query") if query["TableName"] == "slots"]
    assert looks == [False, False, True]  # the slow one, the quick one, and the slow one again


@pytest.fixture
def delete(call: Callable[..., Answer]) -> Callable[[Citizen], Answer]:
    return lambda citizen: call(
        "delete_beneficiary", "delete", body={"beneficiary_reference_id": citizen.people[0]}, token=citizen.token
    )


def test_a_person_who_is_given_a_dose_on_the_way_stays(delete, a_citizen, stored, people, just_before):
    citizen = a_citizen()
    give_dose = roles.nobody()(stored.give_dose)
    just_before("TransactWriteItems", lambda: give_dose(citizen, "COVISHIELD", "2021-05-03"))

    assert delete(citizen).code == "TIKA0012"
    assert len(people(citizen)) == 1


def test_a_person_who_books_on_the_way_stays_and_keeps_the_place(
    delete, schedule, a_session, a_citizen, stored, just_before
):
    citizen, session = a_citizen(), a_session()
    just_before("TransactWriteItems", lambda: schedule(citizen, session))

    assert delete(citizen).code == "TIKA0012"
    assert stored.appointment(citizen).status == "BOOKED"


def test_a_photo_id_that_is_another_persons_by_now_is_not_given_up(delete, a_citizen):
    """The row decides, whatever the person says: here it was changed by a hand from outside."""
    citizen = a_citizen()
    [photo_id] = [row for row in CitizenRow.scan() if isinstance(row, PhotoId)]
    photo_id.update(actions=[PhotoId.reference_id.set("1" * 14)])

    assert delete(citizen).code == "TIKA0007"
    assert [row.reference_id for row in CitizenRow.scan() if isinstance(row, PhotoId)] == ["1" * 14]


def test_a_person_may_be_deleted_in_the_second_in_which_their_hold_lapses(delete, hold, a_session, a_citizen, at):
    citizen = a_citizen()
    hold(citizen, a_session())
    at.advance(minutes=5)

    assert delete(citizen).status == 204


def test_a_reference_id_that_another_person_of_the_account_has_is_drawn_again(a_citizen, people, monkeypatch):
    drawn = iter(["2" * 14, "2" * 14, "3" * 14])
    monkeypatch.setattr("tika.people.registry._new_reference_id", lambda: next(drawn))

    assert a_citizen(people=2).people == ["2" * 14, "3" * 14]


def test_a_hold_confirmed_on_the_way_to_its_cancellation_counts_as_no_lapse(
    hold, confirm, cancel, a_session, a_citizen, stored, at, just_before
):
    citizen = a_citizen()
    held = hold(citizen, a_session()).json["appointment_id"]
    at.advance(minutes=2)
    just_before("TransactWriteItems", lambda: confirm(citizen, held))

    assert cancel(citizen, held).status == 204
    assert (stored.appointment(citizen).status, stored.appointment(citizen).lapses) == ("CANCELLED", [])


def test_a_hold_that_a_late_clock_confirms_on_the_way_is_not_claimed_over(
    hold, confirm, schedule, a_session, a_citizen, stored, at, just_before
):
    citizen, here, there = a_citizen(), a_session(), a_session()
    held = hold(citizen, here).json["appointment_id"]
    at.advance(minutes=5, seconds=6)

    def confirm_late() -> None:
        at.advance(seconds=-10)
        assert confirm(citizen, held).status == 200
        at.advance(seconds=10)

    just_before("TransactWriteItems", confirm_late)

    assert schedule(citizen, there).code == "APPOIN0022"
    assert stored.seats(there) == []
    assert stored.appointment(citizen).appointment_id == held


@pytest.mark.parametrize(("lapsed_s", "code"), [(0, "APPOIN0040"), (5, "APPOIN0040"), (6, "")])
def test_the_row_decides_up_to_the_last_second_of_the_allowance(
    lapsed_s, code, hold, schedule, a_session, a_citizen, at, just_before
):
    """The place looked free, and on the way it was held by a clock so late that the hold has lapsed already."""
    quick, slow, session = a_citizen(), a_citizen(), a_session(seats=1)

    def hold_late() -> None:
        at.advance(seconds=-300 - lapsed_s)
        assert hold(quick, session).status == 200
        at.advance(seconds=300 + lapsed_s)

    just_before("TransactWriteItems", hold_late)

    assert schedule(slow, session).code == code


def test_a_hold_may_be_cancelled_in_the_second_in_which_it_lapses(hold, cancel, a_session, a_citizen, stored, at):
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    at.advance(minutes=5)

    assert cancel(citizen, held).status == 204
    assert stored.seats(session) == []
    assert stored.appointment(citizen).status == "LAPSED"


@pytest.mark.parametrize(("seconds", "lapses"), [(60, 0), (61, 1)])
def test_a_hold_cancelled_after_a_minute_was_parked(seconds, lapses, hold, cancel, a_session, a_citizen, stored, at):
    citizen = a_citizen()
    held = hold(citizen, a_session()).json["appointment_id"]
    at.advance(seconds=seconds)
    cancel(citizen, held)

    assert len(stored.appointment(citizen).lapses) == lapses


@pytest.mark.parametrize("ending", ["cancel", "reschedule"])
def test_a_booking_made_anew_on_the_way_is_left_alone(
    ending, schedule, cancel, reschedule, a_session, a_citizen, stored, just_before
):
    citizen, session, elsewhere = a_citizen(), a_session(), a_session()
    booked = schedule(citizen, session).json["appointment_confirmation_no"]

    def begin_anew() -> None:
        cancel(citizen, booked)
        assert schedule(citizen, elsewhere).status == 200

    just_before("TransactWriteItems", begin_anew)

    answer = cancel(citizen, booked) if ending == "cancel" else reschedule(citizen, booked, session, NOONTIME)

    assert answer.code == "TIKA0008"
    assert stored.seats(session) == []
    assert len(stored.seats(elsewhere)) == 1


def test_a_hold_that_a_late_clock_confirms_is_not_swept(hold, confirm, a_session, a_citizen, stored, at):
    """The index named it before."""
    citizen, session = a_citizen(), a_session()
    held = hold(citizen, session).json["appointment_id"]
    at.advance(minutes=5, seconds=6)
    found = [seat for shard in range(LAPSING_SHARDS) for batch in seats.lapsed(shard, now=at.now) for seat in batch]
    assert len(found) == 1
    at.advance(seconds=-10)
    assert confirm(citizen, held).status == 200
    at.advance(seconds=10)

    assert seats.release(found, now=at.now) == 0
    assert [seat.status for seat in stored.seats(session)] == ["BOOKED"]
    assert stored.appointment(citizen).status == "BOOKED"


def test_the_sweep_of_an_old_place_leaves_a_later_hold_that_lapsed_as_well(hold, a_session, a_citizen, stored, at):
    """It has a place and an end of its own: ended by the older one, it would be counted with the wrong end."""
    citizen, here, there = a_citizen(), a_session(), a_session()
    for session in (here, there):
        assert hold(citizen, session).status == 200
        at.advance(minutes=6)

    assert seats.release(stored.seats(here), now=at.now) == 1
    assert stored.appointment(citizen).status == "HELD"
    assert len(stored.appointment(citizen).lapses) == 1


def test_the_id_of_another_appointment_does_not_act_on_ones_own(schedule, cancel, a_session, a_citizen, stored):
    own, other, session = a_citizen(), a_citizen(), a_session()
    schedule(own, session)
    theirs = schedule(other, session).json["appointment_confirmation_no"]

    assert cancel(own, theirs).code == "TIKA0008"
    assert len(stored.seats(session)) == 2

"""The auditor of a load finds every discrepancy that is planted, and none where there is none."""

import json

import pytest

from bench.load.audit import audit
from bench.load.run import shares

MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"


def text(**values):
    return {name: {"S": value} for name, value in values.items()}


class Day:
    """Two people who registered and booked, one who cancelled: as told, and as the tables hold it."""

    def __init__(self):
        self.journal, self.citizens, self.slots = [], [], []
        slots = json.dumps([{"slot": MORNING, "dose1": 3, "dose2": 0}, {"slot": NOONTIME, "dose1": 1, "dose2": 0}])
        self.session = text(pk="SESSION#s", sk="SESSION", kind="SESSION", session_id="s", slots=slots)
        self.session |= text(free="[[1, 0], [1, 0]]")
        self.slots.append(self.session)
        for number, person in enumerate(("p1", "p2", "p3")):
            self.told("register", person, {}, told={"beneficiary_reference_id": person}, people=[])
            self.citizens.append(text(pk=f"ACCOUNT#a-{person}", sk=f"PERSON#{person}", kind="PERSON"))
            self.told("hold", person, {"session_id": "s", "slot": MORNING}, told={"appointment_id": f"id-{person}"})
            self.told("confirm", person, {"appointment_id": f"id-{person}"})
            self.booked(person, number)
        self.told("cancel", "p3", {"appointment_id": "id-p3"})
        self.citizens[-1]["status"] = {"S": "CANCELLED"}
        self.slots.pop()

    def told(self, kind, person, body, *, status=200, told=None, people=None):
        number = len(self.journal)
        people = [person] if people is None else people
        self.journal.append({"number": number, "kind": kind, "account": f"a-{person}", "people": people, "body": body})
        if status:
            self.journal.append({"number": number, "status": status, "told": told or {}})

    def booked(self, person, number, status="BOOKED"):
        seat = f"SEAT#1#00#{number:04d}"
        both = text(status=status, appointment_id=f"id-{person}", reference_id=person)
        place = text(session_id="s", slot=MORNING, seat=seat)
        key = text(pk=f"ACCOUNT#a-{person}", sk=f"APPOINTMENT#{person}#1", kind="APPOINTMENT")
        self.citizens.append(key | both | place)
        self.slots.append(text(pk="SESSION#s", sk=seat, kind="SEAT") | both)

    def appointment(self, person):
        return next(item for item in self.citizens if item["sk"]["S"] == f"APPOINTMENT#{person}#1")

    def seat(self, number):
        return next(item for item in self.slots if item["sk"]["S"] == f"SEAT#1#00#{number:04d}")

    def audit(self):
        return audit(self.journal, self.citizens, self.slots)


def test_a_day_that_adds_up_has_no_discrepancy():
    found = Day().audit()

    assert found.discrepancies == []
    assert (found.people, found.booked, found.seats, found.unanswered) == (3, 2, 4, 0)
    assert found.told == {"register 200": 3, "hold 200": 3, "confirm 200": 3, "cancel 200": 1}


def a_booking_that_is_lost(day):
    day.citizens.remove(day.appointment("p1"))
    day.slots.remove(day.seat(0))
    day.session["free"] = {"S": "[[2, 0], [1, 0]]"}


def a_booking_that_fell_back_to_a_hold(day):
    day.appointment("p1")["status"] = day.seat(0)["status"] = {"S": "HELD"}


def a_booking_that_nobody_was_told_of(day):
    day.citizens.append(text(pk="ACCOUNT#a", sk="PERSON#p9", kind="PERSON"))
    day.told("register", "p9", {}, told={"beneficiary_reference_id": "p9"}, people=[])
    day.citizens[-1]["pk"] = {"S": "ACCOUNT#a-p9"}
    day.booked("p9", 2)
    day.session["free"] = {"S": "[[0, 0], [1, 0]]"}


def a_cancelled_booking_that_stands(day):
    day.appointment("p3")["status"] = {"S": "BOOKED"}


def a_seat_that_leaked(day):
    day.slots.append(dict(day.seat(1), sk={"S": "SEAT#1#00#0002"}))
    day.session["free"] = {"S": "[[0, 0], [1, 0]]"}


def a_seat_sold_twice(day):
    day.appointment("p2")["seat"] = {"S": "SEAT#1#00#0000"}
    day.slots.remove(day.seat(1))
    day.session["free"] = {"S": "[[2, 0], [1, 0]]"}


def a_seat_too_many(day):
    for item in (day.appointment("p1"), day.seat(0)):
        item["seat" if "seat" in item else "sk"] = {"S": "SEAT#1#00#0003"}


def a_count_that_drifted(day):
    day.session["free"] = {"S": "[[2, 0], [1, 0]]"}


def another_slot_than_told(day):
    day.appointment("p1")["slot"] = {"S": NOONTIME}


def a_person_who_is_lost(day):
    day.citizens = [item for item in day.citizens if item["sk"]["S"] != "PERSON#p1"]


def a_person_whom_nobody_registered(day):
    day.citizens.append(text(pk="ACCOUNT#a", sk="PERSON#p9", kind="PERSON"))


def a_person_under_another_account(day):
    next(item for item in day.citizens if item["sk"]["S"] == "PERSON#p1")["pk"] = {"S": "ACCOUNT#other"}


@pytest.mark.parametrize(
    "plant",
    [
        a_booking_that_is_lost,
        a_booking_that_fell_back_to_a_hold,
        a_booking_that_nobody_was_told_of,
        a_cancelled_booking_that_stands,
        a_seat_that_leaked,
        a_seat_sold_twice,
        a_seat_too_many,
        a_count_that_drifted,
        another_slot_than_told,
        a_person_who_is_lost,
        a_person_whom_nobody_registered,
        a_person_under_another_account,
    ],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_discrepancy_is_found(plant):
    day = Day()
    plant(day)

    assert day.audit().discrepancies


@pytest.mark.parametrize("applied", [False, True])
def test_a_request_that_nobody_answered_may_have_been_applied_or_not(applied):
    day = Day()
    day.told("cancel", "p2", {"appointment_id": "id-p2"}, status=None)
    if applied:
        day.appointment("p2")["status"] = {"S": "CANCELLED"}
        day.slots.remove(day.seat(1))
        day.session["free"] = {"S": "[[2, 0], [1, 0]]"}

    found = day.audit()

    assert (found.discrepancies, found.unanswered) == ([], 1)


def test_a_refused_request_changed_nothing():
    day = Day()
    day.told("cancel", "p2", {"appointment_id": "id-p2"}, status=409)

    assert day.audit().discrepancies == []


def test_a_booking_that_moved_is_where_it_moved_to():
    day = Day()
    day.told("reschedule", "p2", {"appointment_id": "id-p2", "session_id": "s", "slot": NOONTIME}, status=204)
    assert day.audit().discrepancies

    day.appointment("p2")["slot"] = {"S": NOONTIME}
    assert day.audit().discrepancies == []


def test_samples_go_to_whose_code_runs_innermost():
    worker = 'process 1:"python -m local.emulator";process 2:"python ministack-lambda-tika-BookSlot-1/_worker.py"'
    stacks = [
        f"{worker};run (_worker.py:100);hold (app.py:30);query (pynamodb/base.py:1);sign (botocore/auth.py:2) 6",
        f"{worker};run (_worker.py:100);hold (app.py:30);_claim (tika/booking/seats.py:93);loads (json/decoder.py:1) 3",
        f"{worker};run (_worker.py:100) 1",
        'process 1:"python -m local.emulator";put_item (ministack/services/dynamodb.py:5) 90',
    ]

    assert shares("\n".join(stacks)) == {"botocore, with HTTP": 0.6, "Tika": 0.3, "the emulator's worker": 0.1}

"""After a load: does what the tables hold follow from what the citizens were told, to the last seat?

Pure: a journal as bench/load/citizens.py writes it, the items of two tables, and out come discrepancies as sentences.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

type Item = dict[str, Any]
type Line = dict[str, Any]

LIVE = ("HELD", "BOOKED")


@dataclass
class Expected:
    """What a person may be found with: an appointment as (status, id, session, slot), or None for none that stands.

    More than one where a request was not answered.
    """

    may_be: set[tuple[str, str, str, str] | None] = field(default_factory=lambda: {None})
    unsure: bool = False  # an appointment of an id that nobody was told is possible as well


@dataclass
class Audit:
    discrepancies: list[str]
    told: Counter[str]  # requests by kind and answer
    unanswered: int
    people: int
    booked: int
    held: int
    seats: int  # that there were to be had

    def line(self) -> str:
        return (
            f"{self.people} people registered, {self.booked} seats booked and {self.held} held of {self.seats}; "
            f"{self.unanswered} requests unanswered; {len(self.discrepancies)} discrepancies"
        )


def audit(journal: list[Line], citizens: list[Item], slots: list[Item]) -> Audit:
    requests = {line["number"]: line for line in journal if "kind" in line}
    answers = {line["number"]: line for line in journal if "status" in line}
    registered, expected = _expected(requests, answers)
    people = {item["sk"]["S"].removeprefix("PERSON#"): item for item in citizens if item["kind"]["S"] == "PERSON"}
    appointments = [item for item in citizens if item["kind"]["S"] == "APPOINTMENT"]
    seats = [item for item in slots if item["kind"]["S"] == "SEAT"]
    sessions = {item["session_id"]["S"]: item for item in slots if item["kind"]["S"] == "SESSION"}

    found = [
        *_people(registered, people, requests, answers),
        *_appointments(expected, appointments),
        *_sides(appointments, seats),
        *_places(seats, sessions),
    ]
    status = Counter(item["status"]["S"] for item in seats)
    return Audit(
        discrepancies=found,
        told=Counter(f"{requests[number]['kind']} {line['status']}" for number, line in answers.items()),
        unanswered=len(requests.keys() - answers.keys()),
        people=len(people),
        booked=status["BOOKED"],
        held=status["HELD"],
        seats=sum(slot["dose1"] + slot["dose2"] for one in sessions.values() for slot in json.loads(one["slots"]["S"])),
    )


def _expected(requests: dict[int, Line], answers: dict[int, Line]) -> tuple[dict[str, str], dict[str, Expected]]:
    """Accounts by the people who were told that they are registered, and what each person may be found with."""
    registered: dict[str, str] = {}
    expected: dict[str, Expected] = defaultdict(Expected)
    for number, request in sorted(requests.items()):
        answer, kind, body = answers.get(number), request["kind"], request["body"]
        if kind == "register":
            if answer and answer["status"] == 200:
                registered[answer["told"]["beneficiary_reference_id"]] = request["account"]
            continue
        if answer and answer["status"] >= 400:
            continue
        for person in request["people"]:
            one = expected[person]
            after = _after(kind, body, answer["told"] if answer else None, one.may_be)
            if answer:
                one.may_be = after
            else:
                one.may_be = one.may_be | after
                one.unsure = one.unsure or kind == "hold"
    return registered, expected


def _after(kind: str, body: Item, told: Item | None, before: set[Any]) -> set[Any]:
    if kind == "hold":
        return {("HELD", told["appointment_id"], body["session_id"], body["slot"])} if told else set()
    if kind == "cancel":
        return {None}
    standing = {one for one in before if one}
    if kind == "confirm":
        return {("BOOKED", *one[1:]) for one in standing}
    return {(*one[:2], body["session_id"], body["slot"]) for one in standing}


def _people(
    registered: dict[str, str], people: dict[str, Item], requests: dict[int, Line], answers: dict[int, Line]
) -> list[str]:
    unanswered = {
        one["account"] for number, one in requests.items() if one["kind"] == "register" and number not in answers
    }
    found = [f"person {one}: told to be registered, and is not" for one in registered.keys() - people.keys()]
    for one, item in people.items():
        account = item["pk"]["S"].removeprefix("ACCOUNT#")
        if one in registered and registered[one] != account:
            found.append(f"person {one}: registered under another account")
        if one not in registered and account not in unanswered:
            found.append(f"person {one}: registered, and nobody was told")
    return found


def _appointments(expected: dict[str, Expected], appointments: list[Item]) -> list[str]:
    found, standing = [], {}
    for item in appointments:
        person = item["reference_id"]["S"]
        status = item["status"]["S"]
        if status in LIVE:
            standing[person] = (status, *(item[name]["S"] for name in ("appointment_id", "session_id", "slot")))
    for person in expected.keys() | standing.keys():
        one, has = expected[person], standing.get(person)
        if has not in one.may_be and not one.unsure:
            was_told = " or ".join(sorted(map(str, one.may_be)))
            found.append(f"person {person}: was told {was_told}, and has {has}")
    return found


def _sides(appointments: list[Item], seats: list[Item]) -> list[str]:
    """Each appointment that stands has its seat, and each seat its appointment."""

    def place(item: Item, session: str, seat: str) -> tuple[str, ...]:
        return session, seat, item["status"]["S"], item["appointment_id"]["S"], item["reference_id"]["S"]

    people = Counter(
        place(item, item["session_id"]["S"], item["seat"]["S"]) for item in appointments if item["status"]["S"] in LIVE
    )
    taken = Counter(
        place(item, item["pk"]["S"].removeprefix("SESSION#"), item["sk"]["S"])
        for item in seats
        if item["status"]["S"] in LIVE
    )
    return [
        *(f"appointment {one}: its seat is missing or another's" for one in (people - taken)),
        *(f"seat {one}: nobody has it" for one in (taken - people)),
    ]


def _places(seats: list[Item], sessions: dict[str, Item]) -> list[str]:
    """No seat is beyond its slot's, and the counts that people are shown are those of the rows."""
    found = []
    taken: Counter[tuple[str, int, int]] = Counter()
    for item in seats:
        session = item["pk"]["S"].removeprefix("SESSION#")
        _, dose, slot_no, number = item["sk"]["S"].split("#")
        labels = json.loads(sessions[session]["slots"]["S"])
        if int(number) >= labels[int(slot_no)][f"dose{dose}"]:
            found.append(f"seat {session} {item['sk']['S']}: there is no such place")
        taken[session, int(slot_no), int(dose)] += 1
    for session, item in sessions.items():
        free = [
            [slot[f"dose{dose}"] - taken[session, slot_no, dose] for dose in (1, 2)]
            for slot_no, slot in enumerate(json.loads(item["slots"]["S"]))
        ]
        if free != json.loads(item["free"]["S"]):
            found.append(f"session {session}: shows {item['free']['S']} free, and has {free}")
    return found

"""The journey in short: what a citizen sends, and what is then in the tables."""

import json
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from tests import roles
from tests.conftest import MORNING, ROOT, Answer, Citizen, Context, load
from tika.tables.citizens import Account, AppointmentRow, CitizenRow, PersonRow
from tika.tables.slots import Seat, SessionRow, SlotRow


@pytest.fixture(autouse=True)
def under_their_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers may do what their roles in template.yaml allow, and nothing else."""
    monkeypatch.setattr(roles, "enforced", True)


@pytest.fixture
def book(call: Callable[..., Answer]) -> Callable[..., Answer]:
    """`book("hold", citizen, session)`: all people of the citizen, dose 1, the morning slot, unless told otherwise."""

    def send(case: str, citizen: Citizen, session: str, **changes: Any) -> Answer:
        body = {"dose": 1, "session_id": session, "slot": MORNING, "beneficiaries": citizen.people, **changes}
        return call("book_slot", case, body=body, token=citizen.token)

    return send


@pytest.fixture
def hold(book: Callable[..., Answer]) -> Callable[..., Answer]:
    return lambda *args, **changes: book("hold", *args, **changes)


@pytest.fixture
def schedule(book: Callable[..., Answer]) -> Callable[..., Answer]:
    return lambda *args, **changes: book("schedule", *args, **changes)


@pytest.fixture
def confirm(call: Callable[..., Answer]) -> Callable[..., Answer]:
    return lambda citizen, appointment_id: call(
        "confirm_slot", "confirm", body={"appointment_id": appointment_id}, token=citizen.token
    )


@pytest.fixture
def cancel(call: Callable[..., Answer]) -> Callable[..., Answer]:
    """All people of the appointment, or `people`."""

    def send(citizen: Citizen, appointment_id: str, people: Iterable[str] | None = None) -> Answer:
        chosen = {} if people is None else {"beneficiariesToCancel": list(people)}
        return call("cancel_slot", "cancel_all", body={"appointment_id": appointment_id, **chosen}, token=citizen.token)

    return send


@pytest.fixture
def reschedule(call: Callable[..., Answer]) -> Callable[..., Answer]:
    def send(citizen: Citizen, appointment_id: str, session: str, slot: str = MORNING) -> Answer:
        body = {"appointment_id": appointment_id, "session_id": session, "slot": slot}
        return call("reschedule_slot", "reschedule", body=body, token=citizen.token)

    return send


@pytest.fixture
def sweep(aws: SimpleNamespace) -> Callable[[], dict[str, int]]:
    """The sweep of every minute; its report."""
    event = json.loads((ROOT / "events/release_stale/schedule.json").read_text())
    return lambda: load("release_stale").lambda_handler(event, Context())


@pytest.fixture
def people(call: Callable[..., Answer]) -> Callable[[Citizen], list[dict[str, Any]]]:
    """What the citizen's page shows."""
    return lambda citizen: call("list_beneficiaries", "list", token=citizen.token).json["beneficiaries"]


@pytest.fixture
def stored(aws: SimpleNamespace) -> SimpleNamespace:
    """What the tables hold, past every rule."""

    def seats(session: str) -> list[Seat]:
        return list(Seat.query(SessionRow.key(session), Seat.sk.startswith("SEAT#"), consistent_read=True))

    def appointment(citizen: Citizen, dose: int = 1, person: int = 0) -> AppointmentRow:
        key = AppointmentRow.sort_key(citizen.people[person], dose)
        return AppointmentRow.get(Account.key(citizen.account), key, consistent_read=True)

    def give_dose(citizen: Citizen, vaccine: str, day: str, person: int = 0) -> None:
        row = PersonRow.get(Account.key(citizen.account), PersonRow.sort_key(citizen.people[person]))
        row.update(actions=[PersonRow.doses.set([*row.doses, {"vaccine": vaccine, "date": day, "center_id": 1234}])])

    def everything() -> list[dict[str, Any]]:
        rows = [*CitizenRow.scan(consistent_read=True), *SlotRow.scan(consistent_read=True)]
        return sorted((row.serialize() for row in rows), key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    return SimpleNamespace(seats=seats, appointment=appointment, give_dose=give_dose, everything=everything)

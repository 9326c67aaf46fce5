"""An app written for the protected API works when its host is changed, and nothing else.

The app is a client that others generated from that API's specification. It goes the whole way once, in an environment
of its own; the tests look at what it met.
"""

import json
import subprocess
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.system import ROOT
from tests.deployed import Sign
from tika.eligibility import IST

pytestmark = pytest.mark.system

CLIENT = ROOT / ".venv-contract" / "bin" / "python"
GOES_WITHIN_S = 180
MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"


@dataclass(frozen=True)
class Met:
    """What the client met, by step; `error` says why it went no further."""

    steps: dict[str, dict[str, Any]]
    error: str

    def at(self, step: str) -> dict[str, Any]:
        if step not in self.steps:
            pytest.fail(f"The client did not come as far as {step!r}:\n{self.error}")
        return self.steps[step]


@pytest.fixture(scope="module")
def session(ops: Sign) -> dict[str, Any]:
    """Tomorrow's session of a centre in Satara."""
    return _publish(ops, seats=30)


@pytest.fixture(scope="module")
def met(base_url: str, ops: Sign, session: dict[str, Any]) -> Met:
    if not CLIENT.exists():
        pytest.fail("The client is not installed; run `make .venv-contract`.")
    full = _publish(ops, seats=1)  # one place is too few for two people
    script = Path(__file__).parent / "journey.py"
    done = subprocess.run(
        [CLIENT, script, base_url, json.dumps(session), full["session_id"]],
        capture_output=True,
        text=True,
        timeout=GOES_WITHIN_S,
    )
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    return Met({step.pop("step"): step for step in steps}, done.stderr)


def _publish(ops: Sign, *, seats: int) -> dict[str, Any]:
    session = {
        "session_id": str(uuid.uuid4()),
        "date": f"{datetime.now(UTC).astimezone(IST) + timedelta(days=1):%d-%m-%Y}",
        "vaccine": "COVISHIELD",
        "min_age_limit": 18,
        "center_id": 415001,
        "name": "District General Hospital",
        "address": "Sadar Bazaar, Satara",
        "block_name": "Satara",
        "district_id": 376,
        "pincode": 415001,
        "lat": 17.68,
        "long": 74.0,
        "from": "09:00:00",
        "to": "18:00:00",
        "fee_type": "Paid",
        "fee": "250",
        "slots": [{"slot": slot, "dose1": seats, "dose2": 0} for slot in (MORNING, NOONTIME)],
    }
    published = ops("POST", "/api/v2/admin/sessions", session)
    assert published.status_code == 200, published.text
    return session


def test_its_models_read_the_lists(met: Met) -> None:
    lists = met.at("lists")

    assert (lists["states"], lists["states_l"]) == (37, 37)
    assert lists["districts"]["376"] == "Satara"
    assert lists["id_types"] == [1, 2, 6, 8, 9, 11, 12]
    assert lists["genders"] == ["Male", "Female", "Others"]


@pytest.mark.parametrize("step", ["public search", "search"])
@pytest.mark.parametrize("by", ["day by district", "day by pin", "week by district", "week by pin"])
def test_it_finds_the_session(met: Met, step: str, by: str) -> None:
    found = met.at(step)[by]

    assert found == {"fee": "250", "capacity": 60.0, "slots": [MORNING, NOONTIME], "fee_type": "Paid"}


def test_it_finds_no_other_vaccine(met: Met) -> None:
    assert met.at("search")["another_vaccine"] == []


def test_it_finds_centres_near_a_point(met: Met) -> None:
    assert 415001 in met.at("near")["centers"]


def test_without_a_token_it_is_told_so_in_plain_text(met: Met) -> None:
    assert met.at("not signed in")["refused"] == [401, "Unauthenticated access!"]


def test_it_signs_in_by_the_public_routes(met: Met) -> None:
    step = met.at("signed in publicly")

    assert step["too_soon"] == [400, "OTP Already Sent"]
    assert step["wrong"] == [400, "USRAUT0014"]
    assert step["nobody"] == [400, "APPOIN0001"]


def test_it_signs_in_by_the_protected_routes(met: Met) -> None:
    assert met.at("signed in")["is_new_account"] == "Y"


def test_it_registers_a_family_and_reads_it(met: Met) -> None:
    step = met.at("registered")

    assert [len(reference) for reference in step["references"]] == [14, 14]
    assert step["listed"] == sorted(step["references"])
    assert step["genders"] == ["", "Male"]
    assert step["comorbidity"] == ["N", "Y"]
    # The specification names two vaccines and none for somebody who has had none; apps are used to the empty text.
    assert step["unread"] == ["vaccine"]


def test_it_books_for_the_family(met: Met, session: dict[str, Any]) -> None:
    step = met.at("booked")

    assert step["too_full"] == [409, "APPOIN0040"]
    assert step["again"] == [400, "APPOIN0022"]
    assert [_place(one) for one in step["appointments"]] == [(step["appointment"], session["session_id"], MORNING)] * 2


def test_it_moves_the_appointment(met: Met, session: dict[str, Any]) -> None:
    appointment, step = met.at("booked")["appointment"], met.at("rescheduled")

    assert step["status"] == 204
    assert [_place(one) for one in step["appointments"]] == [(appointment, session["session_id"], NOONTIME)] * 2


def _place(appointment: dict[str, Any]) -> tuple[str, str, str]:
    return appointment["appointment_id"], appointment["session_id"], appointment["slot"]


def test_it_downloads_the_slip(met: Met) -> None:
    assert met.at("slip") == {"status": 200, "kind": "application/pdf", "begins": "%PDF-"}


def test_it_cancels_for_one_and_then_for_all(met: Met) -> None:
    step = met.at("cancelled")

    assert step["standing"][0] == 400
    assert step["statuses"] == [204, 204]
    assert (len(step["left"]), step["appointments"]) == (1, [])


def test_it_deletes_the_family(met: Met) -> None:
    assert met.at("deleted")["statuses"] == [204, 204]
    assert met.error == ""

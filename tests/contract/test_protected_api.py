"""An app written for the protected API works when its host is changed, and nothing else."""

import json
import subprocess
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.system import ROOT
from tika.eligibility import IST

pytestmark = pytest.mark.system

CLIENT = ROOT / ".venv-contract" / "bin" / "python"


@pytest.fixture
def session(ops) -> dict[str, Any]:
    """A session of tomorrow, published as ops do."""
    tomorrow = datetime.now(UTC).astimezone(IST) + timedelta(days=1)
    session = {
        "session_id": str(uuid.uuid4()),
        "date": f"{tomorrow:%d-%m-%Y}",
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
        "slots": [
            {"slot": "09:00AM-11:00AM", "dose1": 30, "dose2": 20},
            {"slot": "11:00AM-01:00PM", "dose1": 30, "dose2": 20},
        ],
    }
    published = ops("POST", "/api/v2/admin/sessions", session)
    assert published.status_code == 200, published.text
    return session


def test_the_generated_client_goes_the_whole_way(base_url: str, session: dict[str, Any]) -> None:
    assert CLIENT.exists(), "run `make .venv-contract`"
    done = subprocess.run(
        [CLIENT, Path(__file__).parent / "journey.py", base_url, json.dumps(session)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    met = json.loads(done.stdout)

    assert (met["states"], met["id_types"]) == (37, [1, 2, 6, 8, 9, 11, 12])
    assert met["genders"] == ["Male", "Female", "Others"]
    assert met["found"] == met["calendars"] == [True, True]
    assert met["found_signed_in"]
    assert met["unsigned"] == [401, "Unauthenticated access!"]
    assert _code(met["wrong_code"]) == (400, "USRAUT0014")
    assert _code(met["nobody"]) == (400, "APPOIN0001")
    assert len(met["reference"]) == 14
    assert _code(met["again"]) == (400, "APPOIN0022")
    assert met["slot"] == [met["slots"][1]]
    assert met["slip"] == [200, "application/pdf", "%PDF-"]
    assert met["standing"][0] == 400
    # The client takes an answer without a body for an error.
    assert met["moved"] == met["cancelled"] == met["deleted"] == [204, ""]


def _code(answer: list[Any]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["errorCode"]

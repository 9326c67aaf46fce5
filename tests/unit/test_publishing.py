"""The rules of what may be published, without the API round them."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.conftest import ROOT
from tika.refusals import Invalid
from tika.sessions import publishing
from tika.sessions.publishing import Publication

NOW = datetime(2021, 5, 3, 6, 30, tzinfo=UTC)
VACCINES = SimpleNamespace(fee_ceiling_rupees={"COVISHIELD": 780}, dose_gap_days={"COVISHIELD": 84})
SAMPLE = json.loads(json.loads((ROOT / "events/publish_session/publish.json").read_text())["body"])


def problems(**changes):
    return list(publishing.problems(Publication.model_validate(SAMPLE | changes), VACCINES, now=NOW))


def test_the_sample_breaks_no_rule():
    assert problems() == []


def test_all_that_is_wrong_is_said_at_once():
    found = problems(date="01-05-2021", max_age_limit=12, fee="900", district_id=0)

    assert [refusal.field for refusal in found] == ["district_id", "date", "max_age_limit", "fee"]
    assert [refusal.error for refusal in problems(vaccine="WATER")] == ["vaccine: not one of COVISHIELD."]


def test_a_check_raises_the_first_of_them():
    with pytest.raises(Invalid, match="district_id"):
        publishing.check(Publication.model_validate(SAMPLE | {"district_id": 0, "fee": "900"}), VACCINES, now=NOW)


@pytest.mark.parametrize(("date", "said"), [("03-05-2021", 0), ("02-05-2021", 1), ("01-08-2021", 0), ("02-08-2021", 1)])
def test_a_session_is_published_for_today_or_up_to_ninety_days_ahead(date, said):
    assert len(problems(date=date)) == said


def test_today_is_the_day_in_india():
    late = datetime(2021, 5, 3, 18, 30, tzinfo=UTC)  # midnight there
    session = Publication.model_validate(SAMPLE | {"date": "03-05-2021"})

    assert len(list(publishing.problems(session, VACCINES, now=late))) == 1


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("12:00AM", 0),
        ("09:05AM", 545),
        ("12:00PM", 720),
        ("12:59PM", 779),
        ("11:59PM", 1439),
        ("09:00:00", 540),
        ("23:59:59", 1439),
    ],
)
def test_a_time_of_day_is_understood(time, minutes):
    assert publishing.minutes(time) == minutes


def test_a_centre_far_in_the_south_can_publish():
    assert problems(lat=7.0064, long=93.9331, district_id=3, pincode=744302) == []


def test_the_fee_is_kept_without_leading_zeros():
    assert Publication.model_validate(SAMPLE | {"fee": "00250"}).center()["fee"] == "250"


def test_a_centre_carries_translations_only_where_there_are_some():
    assert "translations" not in Publication.model_validate(SAMPLE | {"translations": {}}).center()
    assert Publication.model_validate(SAMPLE).center()["translations"]["hi"]["name"] == "जिला सामान्य अस्पताल"

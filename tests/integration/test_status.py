"""GET /status."""

from datetime import timedelta

from tika.sessions import sessions


def test_an_open_registration_says_so(call):
    answer = call("status", "status")

    assert answer.status == 200
    assert answer.json == {
        "open": True,
        "opens_at": "2021-04-28T16:00:00+05:30",
        "phase": "18 and over",
        "min_age": 18,
        "vaccines": [
            {"vaccine": "COVISHIELD", "fee_ceiling": 780, "dose_gap_days": 84},
            {"vaccine": "COVAXIN", "fee_ceiling": 1410, "dose_gap_days": 28},
            {"vaccine": "SPUTNIK V", "fee_ceiling": 1145, "dose_gap_days": 21},
        ],
        "now": "2021-05-03T06:30:00Z",
        "counts": {"counted_at": None, "lag_seconds": None},
    }
    assert answer.headers["Cache-Control"] == "public, max-age=5"


def test_registration_opens_at_the_very_second(call, aws, at):
    aws.set_policy(opens_at="2021-05-03T12:00:01+05:30", min_age=45, phase="45 and over")
    before = call("status", "status").json
    at.advance(seconds=1)
    after = call("status", "status").json

    assert (before["open"], after["open"]) == (False, True)
    assert (before["opens_at"], before["min_age"], before["phase"]) == ("2021-05-03T12:00:01+05:30", 45, "45 and over")


def test_a_vaccine_whose_gap_nobody_knows_is_not_offered(call, aws):
    aws.set_policy(dose_gap_days={"COVAXIN": 28})

    assert [each["vaccine"] for each in call("status", "status").json["vaccines"]] == ["COVAXIN"]


def test_the_freshness_of_the_counts_is_told_and_never_goes_back(call, aws, at):
    sessions.note_freshness(2.25, now=at.now)
    sessions.note_freshness(99.0, now=at.now - timedelta(seconds=5))

    assert call("status", "status").json["counts"] == {"counted_at": "2021-05-03T06:30:00Z", "lag_seconds": 2.2}

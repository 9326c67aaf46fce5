"""POST, PATCH and DELETE /admin/sessions."""

import pytest

from tika import sessions
from tika.refusals import NoSuchSlot

SESSION = "6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50"


def test_a_published_session_can_be_booked(call, at):
    answer = call("publish_session", "publish")

    session = sessions.load(SESSION, now=at.now)
    assert answer.status == 200, answer.text
    assert answer.json["slots"] == [
        {"slot": "09:00AM-11:00AM", "dose1": 30, "dose2": 20},
        {"slot": "11:00AM-01:00PM", "dose1": 30, "dose2": 20},
    ]
    assert session.slot("11:00AM-01:00PM").seats == {1: 30, 2: 20}


def test_a_session_that_does_not_exist_cannot_be_booked(aws, at):
    with pytest.raises(NoSuchSlot):
        sessions.load(SESSION, now=at.now)

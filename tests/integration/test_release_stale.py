"""The sweep of every minute."""

import pytest

from tests.conftest import Context
from tika.booking.seats import lapsed as _original
from tika.clock import epoch


def test_lapsed_holds_are_freed_and_counted_and_the_others_stay(
    sweep, hold, schedule, a_session, a_citizen, at, stored
):
    session, late = a_session(), a_citizen(people=2)
    hold(late, session)
    schedule(a_citizen(), session)
    at.advance(minutes=4)
    hold(a_citizen(), session)
    at.advance(minutes=2)

    report = sweep()

    assert report == {"released": 2, "oldest_lapse_s": 60}
    assert sorted(seat.status for seat in stored.seats(session)) == ["BOOKED", "HELD"]
    row = stored.appointment(late)
    assert (row.status, row.lapses, row.hold_until) == ("LAPSED", [epoch(at.now) - 60], None)


def test_sweeping_twice_changes_nothing(sweep, hold, a_session, a_citizen, at, stored):
    hold(a_citizen(), a_session())
    at.advance(minutes=6)
    sweep()
    before = stored.everything()

    assert sweep() == {"released": 0, "oldest_lapse_s": 0}
    assert stored.everything() == before


def test_a_hold_is_not_swept_before_every_clock_agrees_that_it_lapsed(sweep, hold, a_session, a_citizen, at):
    hold(a_citizen(), a_session())
    at.advance(minutes=5, seconds=5)
    assert sweep()["released"] == 0

    at.advance(seconds=1)
    assert sweep()["released"] == 1


def test_a_seat_that_went_to_another_is_left_to_them(sweep, hold, a_session, a_citizen, at, stored, monkeypatch):
    """The index lags: it still shows the lapsed hold of somebody whose seat was claimed since."""
    late, quick, session = a_citizen(), a_citizen(), a_session(seats=1)
    hold(late, session)
    at.advance(minutes=6)
    stale = [seat for shard in range(16) for batch in _lapsed(shard, at) for seat in batch]
    hold(quick, session)
    monkeypatch.setattr("tika.booking.seats.lapsed", lambda shard, now: iter([stale] if shard == 0 else []))

    assert sweep()["released"] == 0
    assert [seat.reference_id for seat in stored.seats(session)] == quick.people
    assert stored.appointment(late).status == "LAPSED"


def test_holds_of_one_person_that_lapsed_one_after_the_other_are_all_freed(
    sweep, hold, a_session, a_citizen, at, stored, monkeypatch
):
    """Nobody swept in between, and chance put both into one shard of the index."""
    monkeypatch.setattr("random.randrange", lambda *_: 3)
    citizen, sessions = a_citizen(), [a_session() for _ in range(3)]
    for session in sessions:
        hold(citizen, session)
        at.advance(minutes=6)

    assert sweep()["released"] == 3
    assert [seat for session in sessions for seat in stored.seats(session)] == []
    assert len(stored.appointment(citizen).lapses) == 3


def test_a_person_who_holds_elsewhere_keeps_that(sweep, hold, a_session, a_citizen, at, stored):
    citizen, here, there = a_citizen(), a_session(), a_session()
    hold(citizen, here)
    at.advance(minutes=6)
    held = hold(citizen, there).json["appointment_id"]

    assert sweep()["released"] == 1
    assert stored.seats(here) == []
    row = stored.appointment(citizen)
    assert (row.appointment_id, row.status) == (held, "HELD")


def test_a_lapse_counts_once_whoever_finds_it(sweep, hold, a_session, a_citizen, at, stored):
    swept_first, claimed_first, session = a_citizen(), a_citizen(), a_session()
    for citizen in (swept_first, claimed_first):
        hold(citizen, session)
    at.advance(minutes=6)
    hold(claimed_first, session)
    sweep()
    assert hold(swept_first, session).status == 200

    assert len(stored.appointment(swept_first).lapses) == len(stored.appointment(claimed_first).lapses) == 1


def test_many_lapsed_holds_go_in_few_transactions(sweep, hold, a_session, a_citizen, at, stored, aws, monkeypatch):
    session = a_session(seats=40)
    monkeypatch.setattr("random.randrange", lambda *_: 3)  # all in one shard of the index
    for _ in range(10):
        hold(a_citizen(people=4), session)
    at.advance(minutes=6)
    calls = []
    aws.dynamodb.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))

    assert sweep()["released"] == 40
    assert calls.count("TransactWriteItems") == 1
    assert stored.seats(session) == []


def test_one_who_moved_on_does_not_make_a_batch_slow(sweep, hold, a_session, a_citizen, at, stored, aws, monkeypatch):
    here, there, mover = a_session(seats=40), a_session(), a_citizen()
    monkeypatch.setattr("random.randrange", lambda *_: 3)
    for citizen in (mover, *(a_citizen(people=4) for _ in range(9))):
        hold(citizen, here)
    at.advance(minutes=6)
    hold(mover, there)
    calls = []
    aws.dynamodb.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))

    assert sweep()["released"] == 37
    assert calls.count("TransactWriteItems") == 2
    assert stored.seats(here) == []


def test_one_failing_shard_does_not_stop_the_others_and_is_not_swallowed(
    sweep, hold, a_session, a_citizen, at, stored, monkeypatch
):
    session = a_session()
    for _ in range(4):
        hold(a_citizen(), session)
    at.advance(minutes=6)
    shards = {seat.lapsing_shard for seat in stored.seats(session)}
    broken = int(min(shards).removeprefix("HELD#"))

    def lapsed(shard, *, now):
        if shard == broken:
            raise RuntimeError("broken")
        return _original(shard, now=now)

    monkeypatch.setattr("tika.booking.seats.lapsed", lapsed)
    with pytest.raises(RuntimeError):
        sweep()

    assert {seat.lapsing_shard for seat in stored.seats(session)} == {f"HELD#{broken}"}


def test_when_time_runs_out_it_stops_and_the_next_minute_carries_on(
    sweep, hold, a_session, a_citizen, at, stored, monkeypatch
):
    session = a_session(seats=8)
    monkeypatch.setattr("random.randrange", lambda *_: 3)
    for _ in range(8):
        hold(a_citizen(), session)
    at.advance(minutes=6)
    monkeypatch.setattr("tika.booking.seats.RELEASE_AT_ONCE", 2)
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda self: 0)

    released = [sweep()["released"] for _ in range(5)]

    assert released == [2, 2, 2, 2, 0]


def _lapsed(shard, at):
    return _original(shard, now=at.now)

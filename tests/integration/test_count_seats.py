"""The stream of the slots table: counts follow sales."""

import json
from datetime import timedelta

import pytest

from tests.conftest import MORNING, ROOT, Context, load, new_container
from tika.aws import CONNECTION
from tika.sessions import sessions
from tika.tables.slots import Freshness, Seat, SessionRow
from tika.tables.statuses import REMOVED


def row_of(session):
    return SessionRow.get(SessionRow.key(session), SessionRow.SK, consistent_read=True)


@pytest.fixture
def deliver(aws):
    """`deliver(session, session)`: a record of the stream for each, through the handler; its answer."""
    event = json.loads((ROOT / "events/count_seats/seats_moved.json").read_text())

    def send(*session_ids, made_at=None):
        records = []
        for number, session_id in enumerate(session_ids):
            record = json.loads(json.dumps(event["Records"][0]))
            record["dynamodb"]["SequenceNumber"] = str(number)
            if session_id is None:
                record["dynamodb"]["Keys"] = {}
            else:
                record["dynamodb"]["Keys"]["pk"]["S"] = SessionRow.key(session_id)
            if made_at is not None:
                record["dynamodb"]["ApproximateCreationDateTime"] = made_at
            records.append(record)
        return load("count_seats").lambda_handler({"Records": records}, Context())

    return send


def test_held_and_booked_places_are_not_free(a_session, a_citizen, hold, schedule, deliver, at):
    session = a_session(seats=5)
    hold(a_citizen(), session)
    schedule(a_citizen(people=2), session)
    at.advance(seconds=2)

    assert deliver(session) == {"batchItemFailures": []}

    row = row_of(session)
    assert (row.free, row.capacity) == ([[2, 5], [5, 5]], [[5, 5], [5, 5]])
    assert row.counted_at == at.now.timestamp()


def test_a_hold_that_lapsed_counts_as_free_though_nobody_swept_it(a_session, a_citizen, hold, deliver, at):
    session = a_session(seats=5)
    hold(a_citizen(), session)
    deliver(session)
    held = row_of(session).free
    at.advance(seconds=300)
    deliver(session)

    assert (held[0], row_of(session).free[0]) == ([4, 5], [5, 5])


def test_places_taken_back_are_neither_free_nor_there(a_session, deliver):
    session = a_session(seats=5)
    Seat(SessionRow.key(session), Seat.sort_key(2, 0, 4), status=REMOVED, dose=2, appointment_id="x").save()

    deliver(session)

    assert (row_of(session).free[0], row_of(session).capacity[0]) == ([5, 4], [5, 4])


def test_a_cancelled_place_is_free_again(a_session, a_citizen, schedule, cancel, deliver):
    session, citizen = a_session(seats=5), a_citizen()
    appointment = schedule(citizen, session).json["appointment_confirmation_no"]
    deliver(session)
    cancel(citizen, appointment)
    deliver(session)

    assert row_of(session).free[0] == [5, 5]


def test_events_lost_or_doubled_do_not_make_the_counts_drift(a_session, a_citizen, schedule, deliver):
    session = a_session(seats=5)
    for _ in range(3):
        schedule(a_citizen(), session)

    deliver(session, session, session)
    deliver(session)

    assert row_of(session).free[0] == [2, 5]


def test_a_session_is_counted_once_in_a_batch(a_session, deliver, monkeypatch):
    one, other, counted = a_session(), a_session(), []
    monkeypatch.setattr(sessions, "count", lambda session_id, clock: counted.append(session_id))

    deliver(one, other, one, one, other)

    assert sorted(counted) == sorted([one, other])


@pytest.mark.parametrize("late_s", [0, 0.2, 4])
def test_a_count_is_not_lost_where_the_clock_is_late(a_session, a_citizen, schedule, at, late_s):
    session = a_session(seats=5)
    schedule(a_citizen(), session)
    at.advance(seconds=10)
    sessions.count(session, clock=lambda: at.now)
    before = row_of(session).counted_at
    schedule(a_citizen(), session)

    sessions.count(session, clock=lambda: at.now - timedelta(seconds=late_s))

    assert row_of(session).free[0] == [3, 5]
    assert row_of(session).counted_at > before


def test_a_count_that_another_overtook_is_not_stored(a_session, a_citizen, schedule, at, monkeypatch):
    """Even where its clock says that it is the later one."""
    session, store, shown = a_session(seats=5), sessions._store, []
    schedule(a_citizen(), session)
    meanwhile = iter([True])

    def slowly(*args, **kwargs):
        if next(meanwhile, False):
            schedule(a_citizen(), session)
            sessions.count(session, clock=lambda: at.now - timedelta(seconds=4))
        store(*args, **kwargs)
        shown.append(row_of(session).free[0])

    monkeypatch.setattr(sessions, "_store", slowly)
    sessions.count(session, clock=lambda: at.now)

    assert shown == [[3, 5], [3, 5]]


def test_the_later_of_two_counts_of_the_same_instant_is_stored(a_session, a_citizen, schedule, at):
    session = a_session(seats=5)
    for left in (4, 3):
        schedule(a_citizen(), session)
        sessions.count(session, clock=lambda: at.now)
        assert row_of(session).free[0] == [left, 5]


def test_a_count_reads_consistently(a_session, calls, at):
    """Else the sale that set it off might not be seen."""
    session = a_session()
    calls.made.clear()
    sessions.count(session, clock=lambda: at.now)

    assert [request["ConsistentRead"] for request in calls.of("Query")] == [True]


def test_counts_that_are_unchanged_are_not_written_again(a_session, deliver, at):
    session = a_session()
    before = row_of(session).counted_at
    at.advance(seconds=30)
    deliver(session)

    assert row_of(session).counted_at == before


def test_a_slow_count_does_not_outlast_one_that_found_nothing_to_write(
    a_session, a_citizen, schedule, cancel, at, monkeypatch
):
    """The slow one reads a free seat; it is sold, and counted: as the row still says so. Then the slow one writes."""
    session, store = a_session(seats=1), sessions._store
    first = a_citizen()
    booked = schedule(first, session).json["appointment_confirmation_no"]
    sessions.count(session, clock=lambda: at.now)
    cancel(first, booked)
    meanwhile = iter([True])

    def slowly(*args, **kwargs):
        if next(meanwhile, False):
            new_container()
            assert schedule(a_citizen(), session).status == 200
            at.advance(seconds=1)
            sessions.count(session, clock=lambda: at.now)
        store(*args, **kwargs)

    monkeypatch.setattr(sessions, "_store", slowly)
    sessions.count(session, clock=lambda: at.now)

    assert row_of(session).free[0] == [0, 1]


def test_a_session_is_counted_over_all_its_pages(a_session, a_citizen, schedule, at, monkeypatch):
    session = a_session(seats=9)
    for _ in range(5):
        schedule(a_citizen(), session)
    query = CONNECTION.query
    monkeypatch.setattr(CONNECTION, "query", lambda **request: query(**request, limit=2))

    counted = sessions.count(session, clock=lambda: at.now)

    assert counted.free[0] == [4, 9]


def test_a_session_that_is_not_there_is_passed_over_and_not_made(deliver, stored):
    answer = deliver("6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50")

    assert answer == {"batchItemFailures": []}
    assert [row["kind"]["S"] for row in stored.everything()] == ["FRESHNESS"]


def test_one_bad_record_stops_neither_the_others_nor_the_stream(a_session, a_citizen, schedule, deliver):
    session = a_session(seats=5)
    schedule(a_citizen(), session)

    answer = deliver(None, session)

    assert answer == {"batchItemFailures": []}
    assert row_of(session).free[0] == [4, 5]


def test_a_session_that_could_not_be_counted_is_delivered_again_from_its_first_record(
    a_session, a_citizen, schedule, deliver, monkeypatch, capsys
):
    good, bad = a_session(seats=5), a_session(seats=5)
    schedule(a_citizen(), good)
    count = sessions.count

    def fails(session_id, clock):
        if session_id == bad:
            raise RuntimeError("9876543210")
        return count(session_id, clock=clock)

    monkeypatch.setattr(sessions, "count", fails)

    answer = deliver(good, bad, good, bad)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert row_of(good).free[0] == [4, 5]
    said = capsys.readouterr().out
    assert '"Fault"' in said
    assert "9876543210" not in said
    with pytest.raises(Freshness.DoesNotExist):
        Freshness.get(Freshness.PK, Freshness.SK)


def test_how_far_the_counts_lag_behind_is_measured_from_the_oldest_sale(a_session, deliver, at):
    session = a_session()

    deliver(session, made_at=int(at.now.timestamp()) - 3)

    assert sessions.freshness() == {"counted_at": "2021-05-03T06:30:00Z", "lag_seconds": 3.0}


def test_the_oldest_sale_of_a_batch_tells_how_far_the_counts_lag_behind(deliver, a_session, at):
    event = json.loads((ROOT / "events/count_seats/seats_moved.json").read_text())
    records = [json.loads(json.dumps(event["Records"][0])) for _ in range(3)]
    for record, seconds in zip(records, (2, 9, 4), strict=True):
        record["dynamodb"]["Keys"]["pk"]["S"] = SessionRow.key(a_session())
        record["dynamodb"]["ApproximateCreationDateTime"] = int(at.now.timestamp()) - seconds

    load("count_seats").lambda_handler({"Records": records}, Context())

    assert sessions.freshness()["lag_seconds"] == 9.0


def test_freshness_never_goes_back_in_time(aws, at):
    sessions.note_freshness(1, now=at.now)
    sessions.note_freshness(2, now=at.now)
    assert sessions.freshness()["lag_seconds"] == 2
    at.advance(seconds=-1)
    sessions.note_freshness(3, now=at.now)

    assert sessions.freshness() == {"counted_at": "2021-05-03T06:30:00Z", "lag_seconds": 2}


def test_the_sample_event_is_counted(call, deliver, a_citizen, schedule, at):
    session = call("publish_session", "publish").json["session_id"]
    schedule(a_citizen(), session, slot=MORNING)
    event = json.loads((ROOT / "events/count_seats/seats_moved.json").read_text())

    load("count_seats").lambda_handler(event, Context())

    assert row_of(session).free[0] == [29, 20]

"""POST, PATCH and DELETE /admin/sessions: what ops may publish, change and withdraw, and what citizens see of it."""

import unicodedata
import uuid
from types import SimpleNamespace

import pytest
from botocore.awsrequest import AWSResponse

from tests.conftest import MORNING, NOONTIME, new_container
from tika.aws import CONNECTION
from tika.booking import capacity
from tika.refusals import NoSuchSlot
from tika.sessions import sessions
from tika.tables.slots import SessionRow
from tika.tables.statuses import REMOVED

SESSION = "6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50"  # of events/publish_session


def row_of(session: str) -> SessionRow:
    return SessionRow.get(SessionRow.key(session), SessionRow.SK, consistent_read=True)


@pytest.fixture
def change(call):
    """`change(session, 5, 5)`: the morning slot to that many places for each dose."""

    def send(session, dose1, dose2, slot=MORNING, **changes):
        body = {"slots": [{"slot": slot, "dose1": dose1, "dose2": dose2}], **changes}
        return call("publish_session", "change", path={"session_id": session}, body=body)

    return send


@pytest.fixture
def withdraw(call):
    return lambda session: call("publish_session", "withdraw", path={"session_id": session})


@pytest.fixture
def found(call):
    """The sessions that a citizen finds in the district."""
    return lambda: call("find_sessions", "find_by_district_public").json["sessions"]


# --- publishing ------------------------------------------------------------------------------------------------------


def test_a_published_session_is_found_and_can_be_booked(call, found, at):
    answer = call("publish_session", "publish")

    assert answer.status == 200
    assert answer.json == {
        "session_id": SESSION,
        "slots": [{"slot": MORNING, "dose1": 30, "dose2": 20}, {"slot": NOONTIME, "dose1": 30, "dose2": 20}],
    }
    assert [session["session_id"] for session in found()] == [SESSION]
    assert sessions.load(SESSION, now=at.now).slot(NOONTIME).seats == {1: 30, 2: 20}


def test_a_session_that_does_not_exist_cannot_be_booked(aws, at):
    with pytest.raises(NoSuchSlot):
        sessions.load(SESSION, now=at.now)


def test_publishing_again_answers_the_same_and_changes_nothing(call, at, stored):
    first = call("publish_session", "publish")
    before = stored.everything()
    at.advance(minutes=5)

    again = call("publish_session", "publish")

    assert (again.status, again.text) == (first.status, first.text)
    assert stored.everything() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Another Hospital"),
        ("fee", "300"),
        ("date", "05-05-2021"),
        ("vaccine", "COVAXIN"),
        ("max_age_limit", 44),
        ("lat", 17.7),
        ("translations", {}),
        ("slots", [{"slot": "10:00AM-12:00PM", "dose1": 30, "dose2": 20}]),
    ],
)
def test_a_published_session_does_not_become_another(call, stored, field, value):
    call("publish_session", "publish")
    before = stored.everything()

    answer = call("publish_session", "publish", body={field: value})

    assert (answer.status, answer.code) == (409, "TIKA0013")
    assert field.removesuffix("_limit") in answer.json["error"]
    assert stored.everything() == before


def test_other_numbers_of_places_are_told_apart_from_another_session(call):
    call("publish_session", "publish")

    answer = call("publish_session", "publish", body={"slots": [{"slot": MORNING, "dose1": 9, "dose2": 9}, NOON_SLOT]})

    assert (answer.status, answer.code) == (409, "TIKA0019")


NOON_SLOT = {"slot": NOONTIME, "dose1": 30, "dose2": 20}


def test_ids_are_the_same_in_capital_letters(call):
    call("publish_session", "publish")

    assert call("publish_session", "publish", body={"session_id": SESSION.upper()}).json["session_id"] == SESSION


def test_names_are_kept_in_one_form_of_unicode_and_may_be_in_any_script(call, found):
    name = unicodedata.normalize("NFD", "  ड़ॉ. श्री\u200dराम São Hospital ")

    call("publish_session", "publish", body={"name": name})

    assert found()[0]["name"] == unicodedata.normalize("NFC", "ड़ॉ. श्री\u200dराम São Hospital")


def test_numbers_as_text_digits_as_numbers_and_a_short_date_publish_the_same(call):
    usual = call("publish_session", "publish")
    numbers = {"min_age_limit": "18", "center_id": "1234", "district_id": "376", "pincode": "415001", "fee": 250}
    slots = [{"slot": slot, "dose1": "30", "dose2": "020"} for slot in (MORNING, NOONTIME)]

    loose = call("publish_session", "publish", body={**numbers, "slots": slots, "date": "4-5-21"})

    assert (loose.status, loose.json) == (200, usual.json)


LONG = "a" * 101
BAD = [
    ("session_id", ...),
    ("session_id", "6f2b8a1e"),
    ("session_id", SESSION + "#"),
    ("session_id", SESSION + "\n"),
    ("session_id", 7),
    ("date", ...),
    ("date", "2021-05-04"),
    ("date", "31-02-2021"),
    ("date", "०४-०५-२०२१"),
    ("date", "02-05-2021"),  # yesterday
    ("date", "02-08-2021"),  # 91 days ahead
    ("date", 20210504),
    ("vaccine", "covishield"),
    ("vaccine", "WATER"),
    ("vaccine", ""),
    ("min_age_limit", -1),
    ("min_age_limit", "eighteen"),
    ("min_age_limit", "1 8"),
    ("min_age_limit", "+18"),
    ("min_age_limit", "18.0"),
    ("min_age_limit", "१८"),
    ("min_age_limit", True),
    ("min_age_limit", 18.5),
    ("min_age_limit", 121),
    ("max_age_limit", 17),
    ("center_id", 0),
    ("center_id", "0"),
    ("center_id", "9" * 5000),
    ("center_id", 10**10),
    ("center_id", None),
    ("name", ...),
    ("name", ""),
    ("name", "   "),
    ("name", LONG),
    ("name", "=HYPERLINK(1)"),
    ("name", " @SUM(1)"),
    ("name", "＝1+1"),
    ("name", "two\nlines"),
    ("name", "bell\u0007"),
    ("name", "turned\u202eround"),
    ("name", "half \ud800 a character"),
    ("name", ["Hospital"]),
    ("address", "-2+3"),
    ("address", "a" * 201),
    ("address", ""),
    ("block_name", "+91"),
    ("block_name", "a" * 61),
    ("district_id", 999_999),
    ("district_id", "999"),
    ("district_id", "३७६"),
    ("district_id", 10**30),
    ("pincode", 15001),
    ("pincode", 1_000_000),
    ("pincode", "41500"),
    ("pincode", 415001.5),
    ("lat", 5.0),
    ("lat", 51.5),
    ("lat", "17.68"),
    ("lat", True),
    ("lat", float("nan")),
    ("long", float("inf")),
    ("long", -0.1),
    ("from", "9:00"),
    ("from", "24:00:00"),
    ("from", "19:00:00"),
    ("to", "08:00:00"),
    ("to", None),
    ("fee_type", "free"),
    ("fee_type", ...),
    ("fee", 781),
    ("fee", -1),
    ("fee", 250.5),
    ("fee", True),
    ("fee", "-1"),
    ("fee", "2.5"),
    ("fee", "२५०"),
    ("fee", "781"),  # a rupee above the ceiling
    ("fee", "0"),  # of a paid centre
    ("slots", []),
    ("slots", {}),
    ("slots", [MORNING]),
    ("slots", [{"slot": MORNING, "dose1": 0, "dose2": 0}]),
    ("slots", [{"slot": MORNING, "dose1": 1}]),
    ("slots", [{"slot": MORNING, "dose1": -1, "dose2": 1}]),
    ("slots", [{"slot": MORNING, "dose1": 10_000, "dose2": 1}]),
    ("slots", [{"slot": MORNING, "dose1": True, "dose2": 1}]),
    ("slots", [{"slot": "9:00AM-11:00AM", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": "09:00am-11:00am", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": "13:00PM-02:00PM", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": "11:00AM-09:00AM", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": "09:00AM-12:00AM", "dose1": 1, "dose2": 1}]),  # midnight is the day's beginning
    ("slots", [{"slot": "08:00AM-09:00AM", "dose1": 1, "dose2": 1}]),  # before the centre opens
    ("slots", [{"slot": "05:00PM-07:00PM", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": NOONTIME, "dose1": 1, "dose2": 1}, {"slot": MORNING, "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": MORNING, "dose1": 1, "dose2": 1}, {"slot": MORNING, "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": MORNING, "dose1": 1, "dose2": 1}, {"slot": "10:30AM-11:30AM", "dose1": 1, "dose2": 1}]),
    ("slots", [{"slot": MORNING, "dose1": 1, "dose2": 1}] * 13),
    ("translations", []),
    ("translations", {"xx": {"name": "Krankenhaus"}}),
    ("translations", {"hi": {"name": ""}}),
    ("translations", {"hi": {"name": "=1"}}),
    ("translations", {"hi": "अस्पताल"}),
    (
        "translations",
        {
            language: {"name": "अ" * 100, "address": "अ" * 200}
            for language in ("hi", "mr", "bn", "ta", "te", "gu", "kn")
        },
    ),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_is_wrong_is_named_and_nothing_is_published(call, stored, field, value):
    answer = call("publish_session", "publish", body={field: value})

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith((f"{field}:", f"{field}.", "to: the centre closes"))
    assert stored.everything() == []


def test_a_free_centre_asks_no_fee(call):
    free = {"fee_type": "Free"}

    assert call("publish_session", "publish", body=free | {"fee": "1"}).json["error"].startswith("fee:")
    assert call("publish_session", "publish", body=free | {"fee": ...}).status == 200


@pytest.mark.parametrize(("vaccine", "ceiling"), [("COVISHIELD", 780), ("COVAXIN", 1410), ("SPUTNIK V", 1145)])
def test_each_vaccine_has_its_own_ceiling(call, vaccine, ceiling):
    dear = call("publish_session", "publish", body={"vaccine": vaccine, "fee": str(ceiling + 1)})
    allowed = call("publish_session", "publish", body={"vaccine": vaccine, "fee": str(ceiling)})

    assert (dear.status, allowed.status) == (400, 200)
    assert str(ceiling) in dear.json["error"]


def test_the_ceiling_is_that_of_the_policy(call, aws):
    aws.set_policy(fee_ceiling_rupees={"COVISHIELD": 100})

    assert call("publish_session", "publish").status == 400
    assert call("publish_session", "publish", body={"fee": "100"}).status == 200


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000, "{}" + " " * 17_000, "\ud800"])
def test_a_body_that_is_no_session_is_refused(call, stored, text):
    answer = call("publish_session", "publish", body=text)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert stored.everything() == []


def test_a_session_whose_publication_got_no_answer_is_busy_and_there_when_sent_again(call, calls, counts):
    calls.lose_answer("PutItem")

    lost, again = (call("publish_session", "publish") for _ in range(2))

    assert (lost.status, lost.code, again.status) == (503, "TIKA0007", 200)
    assert (counts()["Fault"], calls.operations.count("PutItem")) == (0, 2)


def test_a_table_that_throttles_is_busy_and_not_a_session_that_is_there(call, aws):
    body = b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"x"}'

    def throttle(request, **_):
        raw = SimpleNamespace(stream=lambda **_: iter([body]))
        return AWSResponse(request.url, 400, {"content-type": "application/x-amz-json-1.0"}, raw)

    events = CONNECTION.client.meta.events
    events.register_first("before-send.dynamodb.PutItem", throttle)
    try:
        answer = call("publish_session", "publish")
    finally:
        events.unregister("before-send.dynamodb.PutItem", throttle)

    assert (answer.status, answer.code) == (503, "TIKA0007")
    assert 1 <= int(answer.headers["Retry-After"]) <= 7


# --- changing --------------------------------------------------------------------------------------------------------


def test_places_are_added_at_any_time(a_session, change, found):
    session = a_session(seats=1)

    answer = change(session, 3, 0)

    assert answer.status == 200
    assert answer.json["slots"] == [
        {"slot": MORNING, "dose1": 3, "dose2": 0},
        {"slot": NOONTIME, "dose1": 1, "dose2": 1},
    ]
    assert answer.json["message"] == ""
    assert found()[0]["slot_capacity"][0] == {"slot": MORNING, "dose1": 3, "dose2": 0}


def test_a_change_sent_again_changes_nothing(a_session, change, stored):
    session = a_session(seats=5)
    first = change(session, 2, 9)
    seats = {seat.sk for seat in stored.seats(session)}

    again = change(session, 2, 9)

    assert again.text == first.text
    assert {seat.sk for seat in stored.seats(session)} == seats


def test_a_cut_stops_at_what_is_held_or_booked_and_says_so(a_session, a_citizen, hold, schedule, change, found):
    session = a_session(seats=10)
    schedule(a_citizen(people=2), session)
    hold(a_citizen(), session)

    answer = change(session, 1, 10)

    assert answer.status == 200
    assert answer.json["slots"][0] == {"slot": MORNING, "dose1": 3, "dose2": 10}
    assert answer.json["message"] == f"{MORNING}, dose 1: 3 places remain, as they are held or booked."
    assert found()[0]["slot_capacity"][0] == {"slot": MORNING, "dose1": 0, "dose2": 10}


def test_a_place_that_was_taken_back_is_not_sold_by_a_container_that_does_not_know(
    a_session, a_citizen, hold, change, at
):
    session = a_session(seats=2)
    assert sessions.load(session, now=at.now).slot(MORNING).seats[1] == 2

    change(session, 0, 0)

    assert hold(a_citizen(), session).code == "APPOIN0040"


def test_a_cut_takes_back_exactly_what_was_asked_and_the_rest_is_sold(a_session, a_citizen, schedule, change):
    session = a_session(seats=60)
    change(session, 2, 60)

    codes = [schedule(a_citizen(), session).status for _ in range(3)]

    assert codes == [200, 200, 409]


def test_a_change_writes_the_places_it_changes_and_no_others(a_session, change, calls):
    """Else places would be off sale for a moment, or on sale that nobody wanted."""
    session = a_session(seats=10)

    def written(kind, places):
        calls.made.clear()
        change(session, places, 10)
        return sum(kind in action for request in calls.of("TransactWriteItems") for action in request["TransactItems"])

    assert written("Put", 4) == 6
    assert written("Delete", 7) == 3


def test_places_taken_back_come_back_before_new_ones_are_made(a_session, change, stored):
    session = a_session(seats=40)
    change(session, 5, 40)

    answer = change(session, 42, 40)

    assert answer.json["slots"][0]["dose1"] == 42
    assert stored.seats(session) == []
    assert row_of(session).slots[0]["dose1"] == 42


def test_a_hold_that_lapsed_does_not_stand_in_the_way_of_a_cut(a_session, a_citizen, hold, change, at):
    session = a_session(seats=1)
    hold(a_citizen(), session)
    at.advance(seconds=300)
    in_doubt = change(session, 0, 1)  # somebody's late clock may still take it for held
    at.advance(seconds=6)

    answer = change(session, 0, 1)

    assert in_doubt.json["slots"][0]["dose1"] == 1
    assert answer.json["slots"][0]["dose1"] == 0


def test_a_cut_loses_to_a_claim_that_was_quicker(a_session, a_citizen, schedule, change, monkeypatch):
    session = a_session(seats=2)
    look, claims = capacity._Work.seats, []

    def look_then_lose(work, dose, slot_no):
        seen = look(work, dose, slot_no)
        if not claims:
            claims.append(schedule(a_citizen(), session).status)
        return seen

    monkeypatch.setattr(capacity._Work, "seats", look_then_lose)

    answer = change(session, 0, 2)

    assert claims == [200]
    assert answer.json["slots"][0]["dose1"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"slots": [{"slot": "08:00AM-09:00AM", "dose1": 1, "dose2": 1}]}, "APPOIN0015"),
        ({"slots": [{"slot": MORNING, "dose1": 1, "dose2": 1}] * 2}, "USRRES0001"),
        ({"slots": [{"slot": MORNING, "dose1": 10_000, "dose2": 1}]}, "USRRES0001"),
        ({"slots": [{"slot": MORNING, "dose1": 1}]}, "USRRES0001"),
        ({"slots": []}, "USRRES0001"),
        ({"slots": ...}, "USRRES0001"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(call, a_session, body, code):
    session = a_session()

    answer = call("publish_session", "change", path={"session_id": session}, body=body)

    assert (answer.status, answer.code) == (400, code)
    assert row_of(session).slots[0]["dose1"] == 10


@pytest.mark.parametrize("case", ["change", "withdraw"])
def test_a_session_that_is_not_there_can_be_neither_changed_nor_withdrawn(call, aws, case, stored):
    answer = call("publish_session", case, path={"session_id": str(uuid.uuid4())})

    assert (answer.status, answer.code) == (404, "TIKA0015")
    assert stored.everything() == []


@pytest.mark.parametrize("case", ["change", "withdraw"])
@pytest.mark.parametrize("session_id", ["1", "SESSION", SESSION[:-1], SESSION + "0", f"{SESSION[:-1]}९"])
def test_an_id_that_is_none_is_refused(call, aws, case, session_id):
    answer = call("publish_session", case, path={"session_id": session_id})

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("session_id:")


def test_two_changes_at_once_exclude_each_other(a_session, change, monkeypatch):
    session = a_session(seats=5)
    look, inner = capacity._Work.seats, []

    def look_while_another_changes(work, dose, slot_no):
        seen = look(work, dose, slot_no)
        if not inner:
            inner.append(None)
            inner.append(change(session, 4, 5))
        return seen

    monkeypatch.setattr(capacity._Work, "seats", look_while_another_changes)

    overtaken = change(session, 0, 0)

    assert (overtaken.status, overtaken.code) == (429, "TIKA0007")
    assert int(overtaken.headers["Retry-After"]) >= 5
    assert inner[1].json["slots"][0] == {"slot": MORNING, "dose1": 4, "dose2": 5}
    assert row_of(session).capacity[0] == [4, 5]


def test_an_overtaken_change_adds_no_places(a_session, change, monkeypatch):
    session = a_session(seats=5)
    extend = capacity._Work.extend

    def overtaken_first(work, *args):
        capacity._begin(session, now=work.now)
        extend(work, *args)

    monkeypatch.setattr(capacity._Work, "extend", overtaken_first)

    assert change(session, 9, 9).status == 429
    assert row_of(session).slots[0]["dose1"] == 5


def test_a_session_that_vanishes_during_a_change_is_not_there(a_session, change, monkeypatch):
    monkeypatch.setattr(sessions, "count", lambda session_id, clock: None)

    assert change(a_session(), 5, 5).code == "TIKA0015"


def test_a_change_too_big_for_one_request_goes_on_when_sent_again(a_session, change, monkeypatch, stored):
    session = a_session(seats=30)
    clock = iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(capacity, "WORK_FOR_S", 1)
        # This module's clock only: the whole process shares the real one, the edge's event loop included.
        patch.setattr(capacity, "time", SimpleNamespace(monotonic=lambda: next(clock)))

        answer = change(session, 0, 30)

    assert (answer.status, answer.code) == (503, "TIKA0007")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "send it again" in answer.json["error"]
    assert 0 < len(stored.seats(session)) < 30
    assert change(session, 0, 30).json["slots"][0]["dose1"] == 0


def test_a_crowd_that_is_always_quicker_is_given_way_to(a_session, change, monkeypatch):
    session = a_session(seats=2)
    monkeypatch.setattr(capacity._Work, "remove", lambda work, dose, slot_no, numbers: list(numbers))

    assert change(session, 0, 0).status == 429


# --- withdrawing -----------------------------------------------------------------------------------------------------


def test_a_withdrawn_session_is_neither_found_nor_booked(a_session, a_citizen, hold, withdraw, found, call, at):
    session = a_session(seats=2)
    sessions.load(session, now=at.now)  # this container knows it still

    answer = withdraw(session)

    assert (answer.status, answer.text) == (204, "")
    assert found() == []
    assert call("find_sessions", "find_by_pin_public").json["sessions"] == []
    assert call("find_sessions", "calendar_by_center_public").json["centers"] == {}
    assert hold(a_citizen(), session).code == "APPOIN0040"
    new_container()
    assert hold(a_citizen(), session).code == "APPOIN0015"


def test_withdrawing_again_is_no_error_and_the_session_stays_withdrawn(a_session, withdraw, change, call):
    session = a_session()
    withdraw(session)

    assert withdraw(session).status == 204
    assert change(session, 5, 5).code == "TIKA0015"


def test_a_withdrawn_session_is_not_published_again_by_mistake(call):
    call("publish_session", "publish")
    call("publish_session", "withdraw")

    answer = call("publish_session", "publish")

    assert (answer.status, answer.code) == (409, "TIKA0013")
    assert "withdrawn" in answer.json["error"]


@pytest.mark.parametrize(
    ("people", "sentence"), [(1, "1 place of this session is"), (3, "3 places of this session are")]
)
@pytest.mark.parametrize("how", ["hold", "schedule"])
def test_a_session_in_use_stays_and_says_how_many_use_it(
    a_session, a_citizen, book, withdraw, found, stored, calls, how, people, sentence
):
    session = a_session(seats=10)
    book(how, a_citizen(people=people), session)
    before = stored.everything()
    calls.made.clear()

    answer = withdraw(session)

    assert (answer.status, answer.code) == (409, "TIKA0014")
    assert answer.json["error"].startswith(sentence)
    assert "TransactWriteItems" not in calls.operations  # nobody is refused a place meanwhile
    assert [seat.sk for seat in stored.seats(session)] == [row["sk"]["S"] for row in before if "SEAT" in row["sk"]["S"]]
    assert len(found()) == 1


def test_a_session_whose_last_booking_was_cancelled_can_be_withdrawn(a_session, a_citizen, schedule, cancel, withdraw):
    session, citizen = a_session(), a_citizen()
    appointment = schedule(citizen, session).json["appointment_confirmation_no"]
    cancel(citizen, appointment)

    assert withdraw(session).status == 204


def test_a_withdrawal_that_loses_a_place_gives_back_all_it_took(
    a_session, a_citizen, schedule, change, withdraw, stored, found, monkeypatch
):
    session = a_session(seats=30)
    change(session, 20, 30)
    removed_before = {seat.sk for seat in stored.seats(session)}
    check, claims = capacity._check_unused, []

    def check_then_lose(work):
        check(work)
        claims.append(schedule(a_citizen(), session, slot=NOONTIME).status)

    monkeypatch.setattr(capacity, "_check_unused", check_then_lose)

    answer = withdraw(session)

    assert claims[0] == 200
    assert (answer.status, answer.code) == (409, "TIKA0014")
    assert {seat.sk for seat in stored.seats(session) if seat.status == REMOVED} == removed_before
    assert len(found()) == 1


def test_a_withdrawal_that_lost_to_a_claim_which_is_gone_again_may_be_sent_again(a_session, withdraw, monkeypatch):
    session = a_session(seats=1)
    with monkeypatch.context() as patch:
        patch.setattr(capacity._Work, "remove", lambda work, dose, slot_no, numbers: list(numbers))
        assert withdraw(session).status == 429

    assert withdraw(session).status == 204


def test_a_withdrawal_that_died_halfway_is_finished_by_the_next(a_session, withdraw, found, monkeypatch, stored):
    session = a_session(seats=3)
    with monkeypatch.context() as patch:
        patch.setattr(capacity._Work, "finish", lambda work: 1 / 0)
        assert withdraw(session).status == 500
    assert len(found()) == 1

    assert withdraw(session).status == 204
    assert found() == []


def test_a_withdrawal_that_died_halfway_is_undone_by_a_change(
    a_session, a_citizen, hold, withdraw, change, monkeypatch
):
    session = a_session(seats=3)
    with monkeypatch.context() as patch:
        patch.setattr(capacity._Work, "finish", lambda work: 1 / 0)
        withdraw(session)

    answer = change(session, 3, 3)

    assert answer.json["slots"][0] == {"slot": MORNING, "dose1": 3, "dose2": 3}
    assert hold(a_citizen(), session).status == 200


def test_an_overtaken_withdrawal_leaves_the_session_to_who_overtook_it(a_session, withdraw, found, monkeypatch):
    session = a_session(seats=3)
    finish = capacity._Work.finish

    def overtaken_first(work):
        capacity._begin(session, now=work.now)
        finish(work)

    monkeypatch.setattr(capacity._Work, "finish", overtaken_first)

    assert withdraw(session).status == 429
    assert len(found()) == 1


# --- looking a session up --------------------------------------------------------------------------------------------


def test_a_container_looks_again_after_five_seconds(a_session, change, at):
    session = a_session(seats=1)
    sessions.load(session, now=at.now)
    change(session, 8, 1)
    at.advance(seconds=4)
    before = sessions.load(session, now=at.now).slot(MORNING).seats[1]
    at.advance(seconds=1)

    assert (before, sessions.load(session, now=at.now).slot(MORNING).seats[1]) == (1, 8)


def test_a_container_whose_clock_was_put_back_looks_again(a_session, change, at):
    session = a_session(seats=1)
    sessions.load(session, now=at.now)
    change(session, 8, 1)
    at.advance(seconds=-1)

    assert sessions.load(session, now=at.now).slot(MORNING).seats[1] == 8


def test_a_container_remembers_only_so_many_sessions(a_session, at, monkeypatch):
    monkeypatch.setattr(sessions, "KEEP_AT_MOST", 2)
    for _ in range(4):
        sessions.load(a_session(), now=at.now)

    assert len(sessions._kept) == 2

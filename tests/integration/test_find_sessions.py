"""GET /appointment/sessions/...: what people find, as the public protocol has it."""

import json
import re

import pytest

from tests.conftest import MORNING, NOONTIME, new_container
from tika.aws import CONNECTION
from tika.sessions import sessions
from tika.tables.slots import SessionRow

PUBLIC = ["find_by_pin_public", "find_by_district_public", "calendar_by_pin_public", "calendar_by_district_public"]
SIGNED_IN = ["find_by_pin", "find_by_district", "calendar_by_pin", "calendar_by_district"]
EVERY = [*PUBLIC, *SIGNED_IN, "calendar_by_center_public", "find_by_lat_long"]
DATED = [case for case in EVERY if case != "find_by_lat_long"]


@pytest.fixture
def find(call, a_citizen):
    """`find(case, date="...")`, with a token where one is needed."""

    def send(case, headers=None, **query):
        token = a_citizen(people=0).token if case in SIGNED_IN else None
        return call("find_sessions", case, query=query, token=token, headers=headers)

    return send


def ids(answer):
    """The ids of all sessions in an answer of any shape."""
    value = answer.json
    if "sessions" in value:
        return [session["session_id"] for session in value["sessions"]]
    centers = value["centers"] if isinstance(value["centers"], list) else [value["centers"]]
    return [session["session_id"] for center in centers for session in center.get("sessions", [])]


# --- shapes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["find_by_pin_public", "find_by_district_public", "find_by_pin", "find_by_district"])
def test_a_day_is_answered_by_a_row_per_session(find, a_session, case):
    session = a_session(seats=30, max_age_limit=44)

    answer = find(case)

    assert answer.status == 200
    assert answer.json == {
        "sessions": [
            {
                "center_id": 1234,
                "name": "District General Hospital",
                "name_l": "",
                "address": "Sadar Bazaar, Satara",
                "state_name": "Maharashtra",
                "district_name": "Satara",
                "block_name": "Satara",
                "pincode": 415001,
                "lat": 17,
                "long": 74,
                "from": "09:00:00",
                "to": "18:00:00",
                "fee_type": "Paid",
                "fee": "250",
                "session_id": session,
                "date": "04-05-2021",
                "available_capacity": 120,
                "available_capacity_dose1": 60,
                "available_capacity_dose2": 60,
                "min_age_limit": 18,
                "max_age_limit": 44,
                "allow_all_age": False,
                "vaccine": "COVISHIELD",
                "slots": [MORNING, NOONTIME],
                "slot_capacity": [
                    {"slot": MORNING, "dose1": 30, "dose2": 30},
                    {"slot": NOONTIME, "dose1": 30, "dose2": 30},
                ],
                "place": [17.68, 74.0],
            }
        ]
    }
    assert answer.headers["Last-Modified"] == "Mon, 03 May 2021 06:30:00 GMT"


@pytest.mark.parametrize("case", [case for case in DATED if "calendar" in case])
def test_a_week_is_answered_by_a_row_per_centre(find, a_session, case):
    a_session(days=1)
    a_session(days=2, vaccine="COVAXIN", fee="1200")

    answer = find(case)

    centers = answer.json["centers"]
    center = centers if "center" in case else centers[0]
    assert center["vaccine_fees"] == [{"vaccine": "COVISHIELD", "fee": "250"}, {"vaccine": "COVAXIN", "fee": "1200"}]
    assert center["fee_type"] == "Paid"
    assert "fee" not in center
    assert [(session["date"], session["vaccine"]) for session in center["sessions"]] == [
        ("04-05-2021", "COVISHIELD"),
        ("05-05-2021", "COVAXIN"),
    ]
    assert set(center["sessions"][0]) == {
        "session_id",
        "date",
        "available_capacity",
        "available_capacity_dose1",
        "available_capacity_dose2",
        "min_age_limit",
        "allow_all_age",
        "vaccine",
        "slots",
        "slot_capacity",
        "place",
    }


def test_a_free_centre_names_no_fees(find, a_session):
    a_session(fee_type="Free", fee="0")

    center = find("calendar_by_pin_public").json["centers"][0]

    assert center["fee_type"] == "Free"
    assert "vaccine_fees" not in center


def test_centres_are_told_apart(find, a_session):
    a_session(center_id=1)
    a_session(center_id=2, name="Another Hospital")

    centers = find("calendar_by_district_public").json["centers"]

    assert {(center["center_id"], len(center["sessions"])) for center in centers} == {(1, 1), (2, 1)}


@pytest.mark.parametrize("case", DATED)
def test_where_there_is_nothing_the_answer_is_empty(find, aws, case):
    answer = find(case)

    assert answer.status == 200
    assert ids(answer) == []
    assert set(answer.json) <= {"sessions", "centers"}
    assert answer.headers["Last-Modified"] == "Mon, 03 May 2021 06:30:00 GMT"
    assert "Last-Modified" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("case", EVERY)
def test_public_answers_are_kept_for_seconds_and_others_not_at_all(find, a_session, case):
    headers = find(case).headers

    keep = "no-store" if case in SIGNED_IN else ("public, max-age=60" if "lat" in case else "public, max-age=5")
    assert headers["Cache-Control"] == keep
    assert headers.get("Vary") == (None if case in SIGNED_IN else "Accept-Language")
    assert headers["Access-Control-Allow-Origin"] == "*"


# --- asking again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in EVERY if case not in SIGNED_IN])
def test_who_asks_again_gets_no_body_while_nothing_changes(find, a_session, at, case):
    a_session()
    tag = find(case).headers["ETag"]
    at.advance(seconds=90)

    again = find(case, headers={"If-None-Match": f'W/"other", {tag}'})

    assert (again.status, again.text) == (304, "")
    assert again.headers.get("Last-Modified") == (None if "lat" in case else "Mon, 03 May 2021 06:31:30 GMT")
    assert "Content-Type" not in again.headers
    assert again.headers["ETag"] == tag
    assert "public" in again.headers["Cache-Control"]


def test_a_sale_is_told_to_who_asks_again(find, a_session, at):
    case, session = "calendar_by_district_public", a_session(seats=5)
    before = find(case)
    at.advance(seconds=10)
    counted = SessionRow.get(SessionRow.key(session), SessionRow.SK).counted_at
    sessions._store(session, [[5, 5], [5, 5]], [[4, 5], [5, 5]], now=at.now, before=float(counted))

    after = find(case, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status == 200
    assert after.json["centers"][0]["sessions"][0]["available_capacity"] == 19
    assert [answer.headers["Last-Modified"][17:] for answer in (before, after)] == ["06:30:00 GMT", "06:30:10 GMT"]


def test_who_knows_only_a_moment_gets_the_whole_answer(find, a_session):
    """Something else may have become true in the same second."""
    a_session()
    first = find("find_by_pin_public")

    again = find("find_by_pin_public", headers={"If-Modified-Since": first.headers["Last-Modified"]})

    assert (again.status, again.json) == (200, first.json)


def test_the_tag_is_a_strong_one_so_that_caches_take_the_moment_of_a_304_over(find, a_session):
    a_session()

    assert find("find_by_pin_public").headers["ETag"].startswith('"')


def test_a_language_has_a_tag_of_its_own(find, a_session):
    a_session()
    tags = {find("find_by_pin_public", headers={"Accept-Language": one}).headers["ETag"] for one in ("en", "hi", "bn")}

    assert len(tags) == 3


def test_each_way_to_pack_an_answer_has_a_tag_of_its_own(find, a_session):
    a_session()
    codings = ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}, {})

    assert len({find("find_by_pin_public", headers=coding).headers["ETag"] for coding in codings}) == 3


@pytest.mark.parametrize("case", SIGNED_IN)
def test_an_answer_to_a_token_has_no_tag(find, a_session, case):
    a_session()

    answer = find(case, headers={"If-None-Match": "*"})

    assert answer.status == 200
    assert "ETag" not in answer.headers


def test_a_refusal_has_no_tag(find, aws):
    answer = find("find_by_pin_public", pincode="1")

    assert answer.status == 400
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("case", SIGNED_IN)
@pytest.mark.parametrize("token", [None, "", "x.y.z"])
def test_routes_for_citizens_want_a_token_before_anything_else(call, aws, case, token):
    answer = call("find_sessions", case, query={"date": "nonsense"}, token=token)

    assert (answer.status, answer.text) == (401, "Unauthenticated access!")


# --- what is offered -------------------------------------------------------------------------------------------------


def test_a_day_shows_that_day_only(find, a_session):
    wanted, _ = a_session(days=1), a_session(days=2)

    assert ids(find("find_by_pin_public")) == [wanted]


def test_a_calendar_shows_seven_days(find, a_session):
    week = [a_session(days=day) for day in range(1, 9)]

    assert sorted(ids(find("calendar_by_pin_public", date="04-05-2021"))) == sorted(week[:7])
    assert sorted(ids(find("calendar_by_pin_public", date="06-05-2021"))) == sorted(week[2:])


def test_other_districts_pin_codes_and_centres_are_not_shown(find, a_session):
    a_session(district_id=363, pincode=411001, center_id=99)

    assert [ids(find(case)) for case in DATED] == [[]] * len(DATED)


def test_slots_that_have_begun_are_not_offered(find, a_session, at):
    session = a_session(seats=10, days=0)  # it is noon: the morning has begun, and so has 11 to 1
    assert ids(find("find_by_pin_public", date="03-05-2021")) == []

    at.advance(hours=-2)
    at_ten = find("find_by_pin_public", date="03-05-2021").json["sessions"][0]
    at.advance(hours=-1, seconds=-1)
    before_nine = find("find_by_pin_public", date="03-05-2021").json["sessions"][0]
    at.advance(seconds=1)
    at_nine = find("find_by_pin_public", date="03-05-2021").json["sessions"][0]

    assert at_ten["session_id"] == session
    assert (at_ten["slots"], at_ten["available_capacity"]) == ([NOONTIME], 20)
    assert (before_nine["slots"], before_nine["available_capacity"]) == ([MORNING, NOONTIME], 40)
    assert at_nine["slots"] == [NOONTIME]


def test_a_slot_in_the_afternoon_begins_in_the_afternoon(find, a_session, at):
    a_session(
        days=0, slots=[{"slot": slot, "dose1": 1, "dose2": 0} for slot in ("12:00PM-01:00PM", "12:01PM-02:00PM")][1:]
    )

    assert len(ids(find("find_by_pin_public", date="03-05-2021"))) == 1
    at.advance(minutes=1)
    assert ids(find("find_by_pin_public", date="03-05-2021")) == []


def test_sessions_of_the_past_are_not_offered(find, a_session, at):
    a_session(days=0)
    tomorrow = a_session(days=1)
    at.advance(days=1, hours=-4)  # 8 in the morning

    assert ids(find("find_by_pin_public", date="03-05-2021")) == []
    assert ids(find("calendar_by_pin_public", date="01-05-2021")) == [tomorrow]


def test_the_day_changes_at_midnight_in_india(find, a_session, at):
    session = a_session(days=1)
    at.advance(hours=11, minutes=59)  # 23:59 of the day before

    assert ids(find("find_by_pin_public")) == [session]
    at.advance(hours=9, minutes=0)  # 8:59
    assert ids(find("find_by_pin_public")) == [session]
    at.advance(hours=3)
    assert ids(find("find_by_pin_public")) == []


@pytest.mark.parametrize("case", DATED)
def test_a_vaccine_may_be_asked_for(find, a_session, case):
    covaxin, _ = a_session(vaccine="COVAXIN"), a_session()

    assert ids(find(case, vaccine="COVAXIN")) == [covaxin]
    assert ids(find(case, vaccine="SPUTNIK V")) == []


@pytest.mark.parametrize("vaccine", ["covaxin", "Covaxin", " COVAXIN", "cOVAXIN\n"])
@pytest.mark.parametrize("case", DATED)
def test_a_vaccine_may_be_written_in_any_case(find, a_session, case, vaccine):
    covaxin, _ = a_session(vaccine="COVAXIN"), a_session()

    assert ids(find(case, vaccine=vaccine)) == [covaxin]


@pytest.mark.parametrize("vaccine", ["", " ", "\t\n"])
@pytest.mark.parametrize("case", DATED)
def test_no_vaccine_is_any_vaccine(find, a_session, calls, case, vaccine):
    sessions = {a_session(vaccine="COVAXIN"), a_session()}
    new_container()
    calls.made.clear()

    assert set(ids(find(case, vaccine=vaccine))) == sessions
    assert "GetParameter" not in calls.operations


@pytest.mark.parametrize("vaccine", ["COVAX", "covishield covaxin", "COVISHIELD,COVAXIN", "कोविशील्ड", "null"])
@pytest.mark.parametrize("case", DATED)
def test_a_vaccine_that_there_is_not_is_refused_with_those_that_there_are(find, aws, calls, case, vaccine):
    answer = find(case, vaccine=vaccine)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"] == "vaccine: one of COVISHIELD, COVAXIN, SPUTNIK V is needed."
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Query" not in calls.operations


def test_the_vaccines_are_those_of_the_policy(find, aws):
    aws.set_policy(dose_gap_days={"ZyCoV-D": 28}, fee_ceiling_rupees={"ZyCoV-D": 500, "COVAXIN": 1})

    assert find("find_by_pin_public", vaccine="zycov-d").status == 200
    assert find("find_by_pin_public", vaccine="COVAXIN").json["error"] == "vaccine: one of ZyCoV-D is needed."


def test_the_policy_is_read_once_a_minute_for_all_who_ask_for_a_vaccine(find, aws, calls):
    for case in ("find_by_pin_public", "calendar_by_center_public", "find_by_district_public"):
        find(case, vaccine="COVAXIN")

    assert calls.operations.count("GetParameter") == 1


def test_a_sale_shows_once_it_is_counted(find, a_session, a_citizen, schedule, at):
    session = a_session(seats=5)
    schedule(a_citizen(people=2), session)
    at.advance(seconds=1)
    sessions.count(session, clock=lambda: at.now)

    row = find("find_by_pin_public").json["sessions"][0]

    assert (row["available_capacity"], row["available_capacity_dose1"]) == (18, 8)
    assert row["slot_capacity"][0] == {"slot": MORNING, "dose1": 3, "dose2": 5}


@pytest.mark.parametrize(
    ("ages", "everybody"), [((18, None), True), ((12, None), True), ((45, None), False), ((18, 44), False)]
)
def test_all_ages_are_all_adults(find, a_session, ages, everybody):
    a_session(min_age_limit=ages[0], max_age_limit=ages[1])

    session = find("find_by_pin_public").json["sessions"][0]

    assert session["allow_all_age"] is everybody
    assert ("max_age_limit" in session) == (ages[1] is not None)


def test_a_session_that_is_full_is_still_shown(find, a_session, a_citizen, schedule, at):
    session = a_session(slots=[{"slot": MORNING, "dose1": 1, "dose2": 0}])
    schedule(a_citizen(), session)
    sessions.count(session, clock=lambda: at.now)

    assert find("find_by_pin_public").json["sessions"][0]["available_capacity"] == 0


def test_a_large_district_is_read_page_by_page(find, a_session, monkeypatch):
    everything = sorted(a_session() for _ in range(7))
    query, pages = CONNECTION.query, []

    def two_at_a_time(**request):
        page = query(**request, limit=2)
        pages.append(len(page["Items"]))
        return page

    monkeypatch.setattr(CONNECTION, "query", two_at_a_time)

    assert sorted(ids(find("find_by_district_public"))) == everything
    assert len(pages) >= 4


@pytest.mark.parametrize("date", ["31-12-9999", "01-01-0001", "01-01-2030"])
@pytest.mark.parametrize("case", ["find_by_pin_public", "calendar_by_district_public"])
def test_a_day_on_which_nothing_can_be_published_costs_no_read(find, aws, monkeypatch, case, date):
    monkeypatch.setattr(CONNECTION, "query", lambda **request: pytest.fail("it was looked for"))

    answer = find(case, date=date)

    assert (answer.status, ids(answer)) == (200, [])


# --- languages -------------------------------------------------------------------------------------------------------


def test_names_are_added_in_the_language_asked_for(find, a_session):
    a_session()

    row = find("find_by_pin_public", headers={"Accept-Language": "mr_IN"}).json["sessions"][0]
    center = find("calendar_by_pin_public", headers={"Accept-Language": "hi-IN,en;q=0.5"}).json["centers"][0]

    assert (row["name"], row["name_l"]) == ("District General Hospital", "जिल्हा सामान्य रुग्णालय")
    assert (row["address_l"], row["state_name_l"], row["district_name_l"]) == (
        "सदर बाजार, सातारा",
        "महाराष्ट्र",
        "सातारा",
    )
    assert center["name_l"] == "जिला सामान्य अस्पताल"


def test_what_nobody_translated_stays_empty(find, a_session):
    a_session()

    row = find("find_by_pin_public", headers={"Accept-Language": "ta"}).json["sessions"][0]

    assert row["name_l"] == row["address_l"] == row["district_name_l"] == row["block_name_l"] == ""
    assert row["state_name_l"] == "மகாராஷ்டிரா"


@pytest.mark.parametrize("language", [None, "en_US", "xx", "", "*", "h", "hi" * 5000])
@pytest.mark.parametrize("case", EVERY)
def test_who_asks_for_no_language_of_ours_finds_no_field_that_the_protocol_does_not_show(
    find, a_session, case, language
):
    a_session()

    answer = find(case, headers={} if language is None else {"Accept-Language": language})

    assert set(re.findall(r'"\w+_l":[^,}]*', answer.text)) == (set() if "lat" in case else {'"name_l":""'})


@pytest.mark.parametrize("case", EVERY)
def test_who_asks_for_a_language_finds_every_name_in_it(find, a_session, case):
    a_session()

    names = set(re.findall(r'"(\w+_l)":', find(case, headers={"Accept-Language": "mr"}).text))

    assert names - {"address_l", "location_l"} == {"name_l", "state_name_l", "district_name_l", "block_name_l"}
    assert len(names) == 5


# --- near a point ----------------------------------------------------------------------------------------------------


def test_centres_near_a_point_come_nearest_first(find, a_session):
    a_session(center_id=1, lat=17.70, long=74.02)
    a_session(center_id=2, lat=17.68, long=74.00)
    a_session(center_id=2, lat=17.68, long=74.00, days=2)
    a_session(center_id=3, lat=17.69, long=74.01, pincode=415002)
    a_session(center_id=4, lat=28.62, long=77.21, pincode=110001, district_id=140)

    answer = find("find_by_lat_long", headers={"Accept-Language": "mr"})

    assert [center["center_id"] for center in answer.json["centers"]] == [2, 3, 1]
    assert answer.json["ttl"] == 24
    assert answer.json["centers"][0] == {
        "center_id": 2,
        "name": "District General Hospital",
        "name_l": "जिल्हा सामान्य रुग्णालय",
        "district_name": "Satara",
        "district_name_l": "सातारा",
        "state_name": "Maharashtra",
        "state_name_l": "महाराष्ट्र",
        "location": "Sadar Bazaar, Satara",
        "location_l": "सदर बाजार, सातारा",
        "pincode": "415001",
        "block_name": "Satara",
        "block_name_l": "",
        "lat": "17.68",
        "long": "74.0",
    }


def test_the_protected_address_finds_the_same_without_a_token(find, a_session):
    a_session()

    public, protected = find("find_by_lat_long"), find("find_by_lat_long_protected")

    assert len(public.json["centers"]) == 1
    assert protected.json == public.json


def test_a_district_without_pin_codes_of_its_own_is_found_near_a_point(find, a_session):
    a_session(district_id=294, pincode=560001, lat=12.98, long=77.59)  # Bangalore's corporation

    assert len(find("find_by_lat_long", lat="12.98", long="77.59").json["centers"]) == 1


def test_centres_without_a_session_soon_are_not_near(find, a_session):
    a_session(days=7)

    assert find("find_by_lat_long").json["centers"] == []


def test_at_most_fifty_centres_are_near(find, a_session):
    for number in range(52):
        a_session(center_id=number + 1)

    assert len(find("find_by_lat_long").json["centers"]) == 50


def test_what_is_near_is_looked_up_once_a_minute(find, a_session, at):
    a_session(center_id=1)
    find("find_by_lat_long")
    a_session(center_id=2)
    at.advance(seconds=59)
    before = len(find("find_by_lat_long").json["centers"])
    at.advance(seconds=1)

    assert (before, len(find("find_by_lat_long").json["centers"])) == (1, 2)


def test_a_container_remembers_only_so_much_of_the_map(find, aws, monkeypatch):
    from tika.sessions import search

    monkeypatch.setattr(search, "NEAR_KEEP_AT_MOST", 3)
    find("find_by_lat_long")

    assert len(search._near) == 3


@pytest.mark.parametrize(("lat", "long"), [("8.06", "68.11"), ("37.1", "97.41"), ("08.060", "97.41")])
def test_the_whole_box_of_india_can_be_asked_for(find, aws, lat, long):
    assert find("find_by_lat_long", lat=lat, long=long).status == 200


# --- other ways of writing it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ["4-5-2021", "04-5-2021", "04-05-21", "4-05-21", "4-5-21", " 04-05-2021 ", "4-5-21\n"])
@pytest.mark.parametrize("case", DATED)
def test_a_day_may_be_written_without_its_zeros_and_its_century(find, a_session, case, date):
    a_session()

    assert find(case, date=date).text == find(case).text
    assert '"04-05-2021"' in find(case).text


def test_blanks_around_what_is_asked_for_fall_away(find, a_session):
    a_session()
    at_a_pin, at_a_centre = find("find_by_pin_public").text, find("calendar_by_center_public").text

    assert find("find_by_pin_public", pincode=" 415001\u00a0", vaccine=" COVISHIELD\t").text == at_a_pin
    assert find("calendar_by_center_public", center_id=" 1234 ").text == at_a_centre
    assert find("find_by_lat_long", lat=" 17.68", long="74.01 ").status == 200


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pincode", ["", "41500", "4150011", "015001", "41500a", "४१५००१", "415 01", "-15001", "4.5e05"]
)
@pytest.mark.parametrize("case", [case for case in EVERY if "pin" in case])
def test_a_pin_code_that_is_none_is_refused(find, aws, case, pincode):
    answer = find(case, pincode=pincode)

    assert (answer.status, answer.code) == (400, "APPOIN0018")
    assert answer.headers["Cache-Control"] == "no-store"


BAD_DATES = [
    "",
    "4-5-221",
    "004-05-2021",
    "4-5",
    "4/5/2021",
    "4 - 5 - 2021",
    "31-2-21",
    "2021-05-04",
    "31-02-2021",
    "00-05-2021",
    "04-13-2021",
    "04-05-0000",
    "०४-०५-२०२१",
    "०४-०५-21",
]
BAD = [
    *((case, {"date": date}, "date") for case in DATED for date in BAD_DATES),
    *((case, {"date": ...}, "date") for case in DATED),
    *((case, {"date": ["04-05-2021", "05-05-2021"]}, "date") for case in DATED),
    *((case, {"vaccine": "A" * 41}, "vaccine") for case in DATED),
    *(
        (case, {"district_id": value}, "district_id")
        for case in EVERY
        if "district" in case
        for value in ("", "0", "9999", "abc", "-1", "३७६", "1" * 5000, "376#", ...)
    ),
    *(
        ("calendar_by_center_public", {"center_id": value}, "center_id")
        for value in ("", "abc", "-1", "१", "1" * 11, ...)
    ),
    *((case, {"pincode": ...}, "pincode") for case in EVERY if "pin" in case),
    *(
        ("find_by_lat_long", {name: value}, name)
        for name in ("lat", "long")
        for value in ("", "nan", "inf", "1e1", "७७.५", "8.059", "97.42", "-17", "17,5", "17.", ".5", "1" * 400, ...)
    ),
]


@pytest.mark.parametrize(("case", "query", "field"), BAD)
def test_what_is_wrong_is_named(find, aws, case, query, field):
    answer = find(case, **query)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}:")


def test_the_answer_is_utf_8_and_compact(find, a_session):
    a_session()

    text = find("find_by_pin_public", headers={"Accept-Language": "hi"}).text

    assert "जिला" in text
    assert text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))

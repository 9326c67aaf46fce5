"""GET /admin/location/... and the short lists of the registration form."""

import subprocess
import sys
import unicodedata
from collections import Counter

import pytest

from tests.conftest import ROOT
from tika.languages import LANGUAGES
from tika.people import choices
from tika.sessions import places

SCRIPTS = {
    "hi": "DEVANAGARI",
    "mr": "DEVANAGARI",
    "bn": "BENGALI",
    "as": "BENGALI",
    "ta": "TAMIL",
    "te": "TELUGU",
    "gu": "GUJARATI",
    "kn": "KANNADA",
    "ml": "MALAYALAM",
    "or": "ORIYA",
    "pa": "GURMUKHI",
}

# The languages besides Hindi in which the districts of a state, and two districts of Puducherry, have names.
OF_STATE = {
    1: "bn ta te", 2: "te", 4: "bn as", 6: "pa", 8: "mr gu", 9: "pa", 10: "mr", 11: "gu", 12: "pa", 15: "bn or",
    16: "kn", 17: "ml", 19: "ml", 21: "mr", 26: "or", 27: "ta", 28: "pa", 31: "ta", 32: "te", 33: "bn", 36: "bn",
    37: "gu",
}  # fmt: skip
MAHE, YANAM = 477, 478
OF_DISTRICT = {MAHE: "ml", YANAM: "te"}

LISTS = {"states": ("states", "state_name_l"), "id_types": ("types", "type_l"), "genders": ("genders", "gender_l")}


def test_there_are_thirty_seven_states(call):
    answer = call("list_places", "states")

    assert answer.status == 200
    assert answer.json["states"][0] == {"state_id": 1, "state_name": "Andaman and Nicobar Islands", "state_name_l": ""}
    assert [state["state_id"] for state in answer.json["states"]] == list(range(1, 38))
    assert answer.json["ttl"] == 24


def test_the_districts_of_a_state_have_their_public_ids(call):
    answer = call("list_places", "districts")

    satara = {"state_id": 21, "district_id": 376, "district_name": "Satara", "district_name_l": ""}
    assert satara in answer.json["districts"]
    assert {district["state_id"] for district in answer.json["districts"]} == {21}
    assert answer.json["ttl"] == 24


def test_every_district_belongs_to_a_state(call):
    counts = [
        len(call("list_places", "districts", path={"state_id": str(state)}).json["districts"]) for state in range(1, 38)
    ]

    assert sum(counts) == 756
    assert all(counts)


def test_photo_ids_and_genders_are_those_that_people_register_with(call):
    types = call("list_places", "id_types").json["types"]
    genders = call("list_places", "genders").json["genders"]

    assert {kind["id"]: kind["type"] for kind in types} == choices.PHOTO_ID_TYPES
    assert {gender["id"]: gender["gender"] for gender in genders} == choices.GENDERS


@pytest.mark.parametrize("language", [None, "en_IN", "xx"])
def test_who_asks_for_no_language_of_ours_finds_the_fields_that_the_protocol_shows(call, language):
    headers = {} if language is None else {"Accept-Language": language}
    rows = [
        call("list_places", case, headers=headers).json[name][0]
        for case, name in {
            "states": "states",
            "districts": "districts",
            "id_types": "types",
            "genders": "genders",
        }.items()
    ]

    named = [{name: value for name, value in row.items() if name.endswith("_l")} for row in rows]
    assert named == [{"state_name_l": ""}, {"district_name_l": ""}, {"type_l": ""}, {}]


def is_written_in(language, name):
    letters = [char for char in name if unicodedata.category(char)[0] in "LM"]
    scripts = {unicodedata.name(char).split()[0] for char in letters}
    return scripts == {SCRIPTS[language]} and unicodedata.is_normalized("NFC", name)


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_given_in_every_language_and_its_script(call, case, language):
    name, field = LISTS[case]

    rows = call("list_places", case, headers={"Accept-Language": f"{language}_IN"}).json[name]

    assert all(is_written_in(language, row[field]) for row in rows)


def test_every_district_has_a_name_in_hindi_and_in_each_language_of_its_state():
    for district in places._districts().values():
        named = {one for one in LANGUAGES if places.district_name_l(district.district_id, one)}

        expected = f"hi {OF_STATE.get(district.state_id, '')} {OF_DISTRICT.get(district.district_id, '')}"
        assert named == set(expected.split()), district


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_districts_are_in_the_script_of_their_language(language):
    names = places._district_names(language).values()

    assert names
    assert all(is_written_in(language, name) for name in names)
    others = {char for char in "".join(names) if unicodedata.category(char)[0] not in "LMN"}
    assert others <= {*" -()", "\N{ZERO WIDTH NON-JOINER}"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_districts_of_a_state_have_the_same_name(language):
    districts = places._districts()
    named = Counter((districts[one].state_id, name) for one, name in places._district_names(language).items())

    assert [name for name, count in named.items() if count > 1] == []


def test_who_reads_bengali_finds_the_districts_of_west_bengal_in_bengali(call):
    def names(language):
        answer = call("list_places", "districts", path={"state_id": "36"}, headers={"Accept-Language": language})
        return {row["district_name"]: row["district_name_l"] for row in answer.json["districts"]}

    assert names("bn_IN")["North 24 Parganas"] == "উত্তর ২৪ পরগণা"
    assert names("hi_IN")["Kolkata"] == "कोलकाता"
    assert all(names("bn_IN").values())
    assert set(names("ta_IN").values()) == set(names("en").values()) == {""}


def test_assamese_and_bengali_each_have_their_own_letter_for_r(call):
    def text(language):
        lists = [call("list_places", case, headers={"Accept-Language": language}).text for case in LISTS]
        return "".join([*lists, *places._district_names(language).values()])

    assert ("ৰ" in text("as"), "র" in text("as")) == (True, False)
    assert ("ৰ" in text("bn"), "র" in text("bn")) == (False, True)


@pytest.mark.parametrize("case", ["states", "districts", "id_types", "genders"])
def test_places_are_kept_for_a_day_by_language(call, case):
    headers = call("list_places", case).headers

    assert (headers["Cache-Control"], headers["Vary"]) == ("public, max-age=86400", "Accept-Language")


@pytest.mark.parametrize("case", LISTS)
def test_who_has_a_list_already_gets_no_body(call, case):
    tag = call("list_places", case).headers["ETag"]

    assert call("list_places", case, headers={"If-None-Match": tag}).status == 304


@pytest.mark.parametrize("state", ["0", "38", "abc", "-1", "२१", "21.0", "1" * 400])
def test_a_state_that_is_none_is_refused(call, state):
    answer = call("list_places", "districts", path={"state_id": state})

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith("state_id:")


def test_an_address_that_can_be_none_is_not_found(call):
    answer = call("list_places", "districts", path={"state_id": "21#"})

    assert (answer.status, answer.code) == (404, "TIKA0017")


def test_listing_places_loads_no_tables():
    probe = (
        "import runpy, sys; runpy.run_path('functions/list_places/app.py');"
        "print([name for name in sys.modules if name.startswith(('tika.tables', 'pynamodb.models'))])"
    )
    env = {"AWS_DEFAULT_REGION": "ap-south-1", "POWERTOOLS_SERVICE_NAME": "list_places"}

    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, env=env, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

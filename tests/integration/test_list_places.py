"""GET /admin/location/... and the short lists of the registration form."""

import subprocess
import sys
import unicodedata

import pytest

from tests.conftest import ROOT
from tika.languages import LANGUAGES
from tika.people import choices

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


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_given_in_every_language_and_its_script(call, case, language):
    name, field = LISTS[case]

    rows = call("list_places", case, headers={"Accept-Language": f"{language}_IN"}).json[name]

    for row in rows:
        letters = [char for char in row[field] if unicodedata.category(char)[0] in "LM"]
        assert letters
        assert all(unicodedata.name(char).startswith(SCRIPTS[language]) for char in letters)
        assert unicodedata.is_normalized("NFC", row[field])


def test_assamese_and_bengali_each_have_their_own_letter_for_r(call):
    def text(language):
        return "".join(call("list_places", case, headers={"Accept-Language": language}).text for case in LISTS)

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

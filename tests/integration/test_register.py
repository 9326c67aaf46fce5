"""POST /registration/beneficiary/new."""

import pytest

from tests.conftest import set_policy
from tika.tables.citizens import Account, CitizenRow, PersonRow, PhotoId

AADHAAR = "234567890124"


@pytest.fixture
def register(call):
    """The sample person, with changes."""
    return lambda citizen, **changes: call("register", "new", body=changes, token=citizen.token)


def test_a_person_gets_fourteen_random_digits(register, a_citizen, people):
    citizen = a_citizen(people=0)

    answer = register(citizen)

    assert answer.status == 200
    reference_id = answer.json["beneficiary_reference_id"]
    assert (len(reference_id), reference_id.isdigit()) == (14, True)
    [person] = people(citizen)
    assert person == {
        "beneficiary_reference_id": reference_id,
        "name": "Rajesh Pawar",
        "birth_year": "1995",
        "gender": "Male",
        "mobile_number": f"******{citizen.caller.mobile[-4:]}",
        "photo_id_type": "PAN Card",
        "photo_id_number": "********234F",
        "comorbidity_ind": "N",
        "vaccination_status": "Not Vaccinated",
        "vaccine": "",
        "dose1_date": "",
        "dose2_date": "",
        "appointments": [],
    }


def test_a_reference_id_survives_being_a_number(register, a_citizen, monkeypatch):
    """Tokens carry it as one, and the smallest and the largest that there can be keep their 14 digits."""
    for drawn in (lambda below: 0, lambda below: below - 1):
        monkeypatch.setattr("tika.people.registry.secrets.randbelow", drawn)

        answer = register(a_citizen(people=0), photo_id_number=f"ABCPD123{drawn(5)}F")
        reference_id = answer.json["beneficiary_reference_id"]

        assert str(int(reference_id)) == reference_id
        assert len(reference_id) == 14


def test_the_photo_id_itself_is_kept_nowhere(register, a_citizen):
    register(a_citizen(people=0), photo_id_type=1, photo_id_number="2345 6789 0124")

    for row in CitizenRow.scan():
        assert AADHAAR not in str(row.serialize())
        assert AADHAAR[:8] not in str(row.serialize())


def test_the_same_person_again_is_the_same_person(register, a_citizen, people):
    citizen = a_citizen(people=0)

    first = register(citizen, photo_id_type=1, photo_id_number=AADHAAR)
    again = register(citizen, photo_id_type=1, photo_id_number="2345-6789 0124", name=" Rajesh  Pawar ")

    assert again.json == first.json
    assert len(people(citizen)) == 1


@pytest.mark.parametrize("changes", [{"name": "Rajesh Kumar"}, {"birth_year": "1996"}])
def test_a_photo_id_is_one_persons(register, a_citizen, changes):
    citizen = a_citizen(people=0)
    register(citizen)

    for answer in (register(citizen, **changes), register(a_citizen(people=0))):
        assert (answer.status, answer.code) == (400, "TIKA0004")


def test_a_fifth_person_is_refused(register, a_citizen, people):
    citizen = a_citizen(people=4)

    answer = register(citizen)

    assert (answer.status, answer.code) == (400, "TIKA0003")
    assert len(people(citizen)) == 4
    assert not list(PhotoId.scan(PhotoId.sk == PhotoId.SK))[4:]  # nothing half-written keeps the photo id taken
    assert register(a_citizen(people=0)).status == 200


def test_the_fourth_person_sent_again_is_still_found(register, a_citizen):
    citizen = a_citizen(people=3)

    assert register(citizen).json == register(citizen).json


def test_before_the_opening_the_instant_is_named(register, a_citizen, at):
    citizen = a_citizen(people=0)
    set_policy(opens_at="2021-05-03T12:00:30+05:30")

    early = register(citizen)

    assert (early.status, early.code) == (400, "TIKA0002")
    assert early.json["error"] == "Registration opens on 03-05-2021 at 12:00 IST."
    assert early.headers["Retry-After"] == "31"
    at.advance(seconds=31)
    assert register(citizen).status == 200


def test_the_phase_has_a_minimum_age_by_year_of_birth(register, a_citizen):
    citizen = a_citizen(people=0)

    young = register(citizen, birth_year="2004")

    assert (young.status, young.code) == (400, "TIKA0005")
    assert register(citizen, birth_year="2003").status == 200


@pytest.mark.parametrize(
    "name",
    [
        "অনিতা দেবী", "अनीता देवी", "அனிதா தேவி", "అనితా దేవి", "અનિતા દેવી", "ಅನಿತಾ ದೇವಿ", "അനിത ദേവി", "ଅନିତା ଦେବୀ",
        "ਅਨੀਤਾ ਦੇਵੀ", "অনিতা দেৱী", "انیتا دیوی", "A. P. J. O’Neill-D'Souza", "X", "क्‍ष", "न" * 100,
    ],
)  # fmt: skip
def test_names_in_any_indian_script_are_kept_as_they_are(register, a_citizen, people, name):
    citizen = a_citizen(people=0)

    assert register(citizen, name=name).status == 200
    assert people(citizen)[0]["name"] == name


def test_a_client_may_send_digits_as_numbers_and_numbers_as_text(register, a_citizen, people):
    citizen = a_citizen(people=0)
    turned = {"birth_year": 1975, "gender_id": "2", "photo_id_type": "1", "photo_id_number": 234567890124}

    first = register(citizen, **turned, consent_version=1)
    again = register(citizen, birth_year="1975", gender_id=2, photo_id_type=1, photo_id_number="2345 6789 0124")

    assert first.json == again.json
    [person] = people(citizen)
    assert (person["birth_year"], person["gender"], person["photo_id_type"]) == ("1975", "Female", "Aadhaar Card")


def test_a_name_is_kept_in_one_normal_form(register, a_citizen, people):
    citizen = a_citizen(people=0)

    register(citizen, name="Jose\u0301")

    assert people(citizen)[0]["name"] == "Jos\u00e9"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ...}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "न" * 101}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": 7}, "name"),
        ({"name": "=HYPERLINK(1)"}, "name"),
        ({"name": "-Asha"}, "name"),
        ({"name": "Asha\nDevi"}, "name"),
        ({"name": "Asha\u202eDevi"}, "name"),
        ({"name": "Asha\x00"}, "name"),
        ({"name": "<b>Asha</b>"}, "name"),
        ({"name": "Asha 2"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"birth_year": ...}, "birth_year"),
        ({"birth_year": 95}, "birth_year"),
        ({"birth_year": -1995}, "birth_year"),
        ({"birth_year": 1995.5}, "birth_year"),
        ({"birth_year": True}, "birth_year"),
        ({"birth_year": "95"}, "birth_year"),
        ({"birth_year": "१९९५"}, "birth_year"),
        ({"birth_year": "1899"}, "birth_year"),
        ({"birth_year": "2022"}, "birth_year"),
        ({"gender_id": 4}, "gender_id"),
        ({"gender_id": True}, "gender_id"),
        ({"gender_id": "4"}, "gender_id"),
        ({"gender_id": "one"}, "gender_id"),
        ({"gender_id": 1.5}, "gender_id"),
        ({"photo_id_type": ...}, "photo_id_type"),
        ({"photo_id_type": 3}, "photo_id_type"),
        ({"photo_id_type": True}, "photo_id_type"),
        ({"photo_id_type": "3"}, "photo_id_type"),
        ({"photo_id_type": "६"}, "photo_id_type"),
        ({"photo_id_number": ...}, "photo_id_number"),
        ({"photo_id_number": ""}, "photo_id_number"),
        ({"photo_id_number": "ABC"}, "photo_id_number"),
        ({"photo_id_number": 1234}, "photo_id_number"),
        ({"photo_id_type": 1, "photo_id_number": "234567890123"}, "photo_id_number"),  # the check digit is wrong
        ({"photo_id_type": 1, "photo_id_number": "२३४५६७८९०१२४"}, "photo_id_number"),
        ({"comorbidity_ind": "yes"}, "comorbidity_ind"),
        ({"consent_version": ...}, "consent_version"),
        ({"consent_version": -1}, "consent_version"),
        ({"consent_version": "x" * 21}, "consent_version"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_written(register, a_citizen, changes, field):
    citizen = a_citizen(people=0)

    answer = register(citizen, **changes)

    assert (answer.status, answer.code) == (400, "USRRES0001")
    assert answer.json["error"].startswith(f"{field}: ")
    assert list(CitizenRow.scan()) == []


def test_an_answer_never_repeats_what_was_sent(register, a_citizen):
    for changes in ({"photo_id_number": "SECRET-77"}, {"name": "Secret77 Name"}, {"birth_year": "Secret77"}):
        assert "77" not in register(a_citizen(people=0), **changes).text


def test_only_what_is_needed_is_stored(register, a_citizen):
    citizen = a_citizen(people=0)
    reference_id = register(citizen, father_name="Somebody", captcha="x").json["beneficiary_reference_id"]

    row = PersonRow.get(Account.key(citizen.account), PersonRow.sort_key(reference_id))

    assert "Somebody" not in str(row.serialize())

"""Places: the package's files, and PIN codes around a point."""

import csv
import random

import pytest

from ops import places as made
from tika import languages
from tika.refusals import Invalid
from tika.sessions import places


def known_pincodes():
    with (made.SOURCE / "pincodes.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["latitude"]]
    return {int(row["pincode"]): (float(row["latitude"]), float(row["longitude"])) for row in rows}


def test_the_package_carries_what_data_says():
    for name, text in made.files().items():
        assert (made.PACKAGE / name).read_text(encoding="utf-8") == text


def test_making_the_packages_files_writes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(made, "PACKAGE", tmp_path)

    made.main()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["centroids.csv", "district_names.csv", "districts.csv"]


def test_every_pin_code_lies_in_a_known_district():
    with (made.SOURCE / "pincodes.csv").open(encoding="utf-8", newline="") as file:
        assert all(places.district(int(row["district_id"])) for row in csv.DictReader(file))


def test_the_states_of_the_districts_are_those_with_names_in_other_languages():
    named = {state["state_id"]: state["state_name"] for state in places.states("en")}

    assert {district.state_id: district.state_name for district in places._districts().values()} == named


def test_a_district_knows_its_state():
    assert places.district(376) == places.District(21, "Maharashtra", 376, "Satara")


def test_there_is_no_other_district():
    with pytest.raises(Invalid, match="district_id"):
        places.district(0)


def test_a_language_nobody_speaks_here_gives_no_names():
    assert places.state_name_l(21, "en") == places.state_name_l(21, "xx") == ""
    assert places.district_name_l(376, "en") == places.district_name_l(376, "xx") == ""
    assert places.state_name_l(21, "hi") == "महाराष्ट्र"


def test_names_of_districts_stand_in_the_order_of_the_districts():
    names, districts = languages.rows("district_names.csv"), languages.rows("districts.csv")

    assert [row["district_id"] for row in names] == [row["district_id"] for row in districts]


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((19.0760, 72.8777), (18.5204, 73.8567), 120),  # Mumbai, Pune
        ((28.6139, 77.2090), (28.4595, 77.0266), 25),  # Delhi, Gurugram
        ((12.9716, 77.5946), (13.0827, 80.2707), 290),  # Bengaluru, Chennai
    ],
)
def test_distances_are_those_of_the_map(here, there, km):
    assert places.distance_km(*here, *there) == pytest.approx(km, rel=0.02)


@pytest.mark.parametrize(
    "point",
    [
        (17.68, 74.0),  # a town
        (28.6227, 77.2195),  # a centroid itself
        (26.9, 70.9),  # a desert
        (8.06, 68.11),  # the sea
        (37.1, 97.41),  # far beyond the border
        *(
            (random.Random(number).uniform(8.06, 37.1), random.Random(-number).uniform(68.11, 97.41))
            for number in range(20)
        ),
    ],
)
def test_the_nearest_pin_codes_are_those_that_looking_at_all_of_them_finds(point):
    by_distance = sorted((places.distance_km(*point, *there), pin) for pin, there in known_pincodes().items())

    assert places.nearest_pincodes(*point, 24) == [pincode for _, pincode in by_distance[:24]]


def test_no_more_pin_codes_are_found_than_there_are(monkeypatch):
    centroids = [(10.0, 76.0, 1), (11.0, 76.0, 2)]
    monkeypatch.setattr(places, "_centroids", lambda: ([10.0, 11.0], centroids))

    assert places.nearest_pincodes(37.0, 97.0, 24) == [2, 1]

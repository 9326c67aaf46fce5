"""States, districts and PIN codes. Read from files: no table, no network."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import Any

from tika import languages
from tika.languages import LANGUAGES
from tika.refusals import Invalid

KM_PER_DEGREE = 111.2  # of latitude


@dataclass(frozen=True, slots=True)
class District:
    state_id: int
    state_name: str
    district_id: int
    district_name: str


# --- states and districts --------------------------------------------------------------------------------------------


def states(language: str) -> list[dict[str, Any]]:
    """[{"state_id", "state_name", "state_name_l"}], the last "" where the language has no words here."""
    return [
        {"state_id": number, "state_name": words["en"], "state_name_l": languages.said(words, language)}
        for number, words in languages.words("states.csv").items()
    ]


def state_name_l(state_id: int, language: str) -> str:
    """The name of a state in `language`, "" where it is not one of LANGUAGES."""
    return languages.said(languages.words("states.csv")[state_id], language)


def districts(state_id: int, language: str) -> list[dict[str, Any]]:
    """[{"state_id", "district_id", "district_name", "district_name_l"}]. Raises Invalid for a state that is not."""
    found = [
        {
            "state_id": state_id,
            "district_id": district.district_id,
            "district_name": district.district_name,
            "district_name_l": district_name_l(district.district_id, language),
        }
        for district in _districts().values()
        if district.state_id == state_id
    ]
    if not found:
        raise Invalid("there is no such state.", field="state_id")
    return found


def district(district_id: int) -> District:
    """Raises Invalid where there is none."""
    try:
        return _districts()[district_id]
    except KeyError:
        raise Invalid("there is no such district.", field="district_id") from None


def district_name_l(district_id: int, language: str) -> str:
    """The name of a district in `language`, "" where it has none but in Hindi and its state's languages."""
    return _district_names(language).get(district_id, "") if language in LANGUAGES else ""


@cache
def _districts() -> dict[int, District]:
    """By id, in the order of the file."""
    return {
        int(row["district_id"]): District(
            int(row["state_id"]), row["state_name"], int(row["district_id"]), row["district_name"]
        )
        for row in languages.rows("districts.csv")
    }


@cache
def _district_names(language: str) -> dict[int, str]:
    """By id, those that there are. Read only for the languages that are asked for."""
    named = languages.rows("district_names.csv")
    return {int(row["district_id"]): row[language] for row in named if row[language]}


# --- PIN codes on the map --------------------------------------------------------------------------------------------


def distance_km(lat: float, long: float, other_lat: float, other_long: float) -> float:
    """As the crow flies, on a plane: good to a few per cent over the distances that people travel for a vaccination."""
    east = (other_long - long) * math.cos(math.radians((lat + other_lat) / 2))
    return KM_PER_DEGREE * math.hypot(other_lat - lat, east)


def nearest_pincodes(lat: float, long: float, count: int) -> list[int]:
    """The `count` PIN codes whose centroids are nearest to a point, the nearest first."""
    lats, centroids = _centroids()
    reach = 0.25  # degrees of latitude to look at on either side
    while True:
        nearby = [
            (distance_km(lat, long, *centroids[i][:2]), centroids[i][2])
            for i in range(bisect_left(lats, lat - reach), bisect_left(lats, lat + reach))
        ]
        # Whatever lies outside the strip is farther away than its edge.
        inside = sorted(near for near in nearby if near[0] <= reach * KM_PER_DEGREE)
        if len(inside) >= count or len(nearby) == len(lats):
            return [pincode for _, pincode in (inside if len(inside) >= count else sorted(nearby))[:count]]
        reach *= 2


@cache
def _centroids() -> tuple[list[float], list[tuple[float, float, int]]]:
    """Latitudes from south to north, and (lat, long, PIN code) in that order. Read only where a point is searched."""
    lines = (languages.DATA / "centroids.csv").read_text().splitlines()[1:]
    centroids = [(float(lat), float(long), int(pincode)) for lat, long, pincode in (line.split(",") for line in lines)]
    return [lat for lat, _, _ in centroids], centroids

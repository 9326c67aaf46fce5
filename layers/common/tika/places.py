"""States, districts and PIN codes. Read from files of the package: no table, no network."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

# Besides English: the languages in which names can be given.
LANGUAGES = ("hi", "bn", "ta", "te", "mr", "gu", "kn", "ml", "or", "pa", "as")


@dataclass(frozen=True, slots=True)
class District:
    state_id: int
    state_name: str
    district_id: int
    district_name: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def _districts() -> dict[int, District]:
    """By id, in the order of the file."""
    return {
        int(row["district_id"]): District(
            int(row["state_id"]), row["state_name"], int(row["district_id"]), row["district_name"]
        )
        for row in _rows("districts.csv")
    }


def district(district_id: int) -> District:
    """Raises KeyError."""
    return _districts()[district_id]

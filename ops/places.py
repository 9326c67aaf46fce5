"""Make the package's files of places from data/: `python -m ops.places`.

The package carries only what the functions look at, sorted as they look at it.
"""

import csv
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE, PACKAGE = ROOT / "data", ROOT / "layers/common/tika/data"


def centroids() -> str:
    """The text of centroids.csv: PIN codes whose place is known, from south to north."""
    with (SOURCE / "pincodes.csv").open(encoding="utf-8", newline="") as file:
        known = [row for row in csv.DictReader(file) if row["latitude"] and row["longitude"]]
    known.sort(key=lambda row: (float(row["latitude"]), row["pincode"]))
    return "lat,long,pincode\n" + "".join(f"{row['latitude']},{row['longitude']},{row['pincode']}\n" for row in known)


def files() -> dict[str, str]:
    """Text by the name of the package's file."""
    whole = {name: (SOURCE / name).read_text(encoding="utf-8") for name in ("districts.csv", "district_names.csv")}
    return whole | {"centroids.csv": centroids()}


def main() -> None:
    for name, text in files().items():
        (PACKAGE / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()

"""Make data/sample_sessions.csv, a week of sessions to try Tika with: `python -m ops.sample`.

Real districts and PIN codes, made-up centres. The dates are "+1" to "+7", so the week always begins tomorrow, and each
centre offers the same every day, so publishing the sample again on another day only adds the days that are new.
"""

import csv
import io
import random
import re
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
FILE = DATA / "sample_sessions.csv"
SEED, OTHER_CENTERS, DAYS = 16012021, 32, 7

COLUMNS = [
    "date",
    "vaccine",
    "min_age_limit",
    "max_age_limit",
    "center_id",
    "name",
    "address",
    "block_name",
    "district_id",
    "pincode",
    "lat",
    "long",
    "from",
    "to",
    "fee_type",
    "fee",
    "slots",
]

# PIN codes whose centre is also named in the language of its state.
NAMED = {
    "110001": {"hi": "सरकारी अस्पताल, संसद मार्ग"},
    "226001": {"hi": "सरकारी अस्पताल, लखनऊ"},
    "411001": {"mr": "सरकारी रुग्णालय, पुणे"},
    "415001": {"mr": "सरकारी रुग्णालय, सातारा", "hi": "सरकारी अस्पताल, सातारा"},
    "600001": {"ta": "அரசு மருத்துவமனை, சென்னை"},
    "700001": {"bn": "সরকারি হাসপাতাল, কলকাতা"},
    "560001": {"kn": "ಸರ್ಕಾರಿ ಆಸ್ಪತ್ರೆ, ಬೆಂಗಳೂರು"},
    "500001": {"te": "ప్రభుత్వ ఆసుపత్రి, హైదరాబాద్"},
    "682001": {"ml": "സർക്കാർ ആശുപത്രി, കൊച്ചി"},
    "380001": {"gu": "સરકારી હોસ્પિટલ, અમદાવાદ"},
    "751001": {"or": "ସରକାରୀ ଡାକ୍ତରଖାନା, ଭୁବନେଶ୍ୱର"},
    "143001": {"pa": "ਸਰਕਾਰੀ ਹਸਪਤਾਲ, ਅੰਮ੍ਰਿਤਸਰ"},
    "781001": {"as": "চৰকাৰী চিকিৎসালয়, গুৱাহাটী"},
}
CITIES = ["400001", "800001", "302001", "462001", "248001", "190001", "744101", "403001", "605001", "160017"]

FULL_DAY = ["09:00AM-11:00AM", "11:00AM-01:00PM", "01:00PM-03:00PM", "03:00PM-05:00PM"]
MORNING = FULL_DAY[:2]

# vaccine, least age, greatest age, slots, places for the first and the second dose in each
FREE = [
    ("COVISHIELD", 18, 44, FULL_DAY, (50, 0)),
    ("COVISHIELD", 45, None, FULL_DAY, (30, 20)),
    ("COVAXIN", 45, None, MORNING, (0, 40)),
    ("COVAXIN", 18, None, FULL_DAY, (25, 25)),
    ("COVISHIELD", 18, None, MORNING, (5, 0)),
]
PAID = [
    ("COVISHIELD", 18, None, FULL_DAY, (20, 10), 780),
    ("COVAXIN", 18, None, FULL_DAY, (20, 10), 1410),
    ("SPUTNIK V", 18, None, MORNING, (10, 10), 1145),
    ("COVISHIELD", 45, None, MORNING, (10, 10), 600),
]


def text() -> str:
    """The sample as CSV; the same at every call."""
    dice = random.Random(SEED)
    with (DATA / "pincodes.csv").open(encoding="utf-8", newline="") as file:
        offices = {row["pincode"]: row for row in csv.DictReader(file) if row["latitude"] and row["longitude"]}
    pincodes = [*NAMED, *CITIES]
    pincodes += dice.sample(sorted(offices.keys() - set(pincodes)), OTHER_CENTERS)
    languages = sorted({language for names in NAMED.values() for language in names})
    out = io.StringIO()
    writer = csv.DictWriter(out, [*COLUMNS, *(f"name_{language}" for language in languages)], lineterminator="\n")
    writer.writeheader()
    for number, pincode in enumerate(pincodes):
        office = offices[pincode]
        center = _center(100_001 + number, office, paid=pincode not in NAMED and number % 3 == 2, dice=dice)
        center |= {f"name_{language}": name for language, name in NAMED.get(pincode, {}).items()}
        offers = [dice.choice(PAID)] if center["fee_type"] == "Paid" else dice.sample(FREE, dice.choice((1, 1, 2)))
        for vaccine, min_age, max_age, slots, (dose1, dose2), *fee in _distinct(offers):
            for day in range(1, DAYS + 1):
                writer.writerow(
                    center
                    | {
                        "date": f"+{day}",
                        "vaccine": vaccine,
                        "min_age_limit": min_age,
                        "max_age_limit": max_age,
                        "fee": fee[0] if fee else "",
                        "slots": ";".join(f"{slot}={dose1}/{dose2}" for slot in slots),
                    }
                )
    return out.getvalue()


def _distinct(offers: list[tuple]) -> list[tuple]:
    """One offer for a vaccine and least age: together with centre and date they name a session."""
    return list({offer[:2]: offer for offer in offers}.values())


def _center(center_id: int, office: dict[str, str], *, paid: bool, dice: random.Random) -> dict[str, object]:
    place = re.sub(r"\s*\(.*|\s+(G\.?P\.?O|[HSB]\.?O)\b.*", "", office["post_office"], flags=re.I)
    return {
        "center_id": center_id,
        "name": f"City Care Clinic {place}" if paid else f"Government Hospital {place}",
        "address": f"Near {place} Post Office",
        "block_name": place,
        "district_id": office["district_id"],
        "pincode": office["pincode"],
        # Not quite at the middle of the PIN code's area.
        "lat": f"{float(office['latitude']) + dice.uniform(-0.004, 0.004):.4f}",
        "long": f"{float(office['longitude']) + dice.uniform(-0.004, 0.004):.4f}",
        "from": "09:00:00",
        "to": "18:00:00",
        "fee_type": "Paid" if paid else "Free",
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="")

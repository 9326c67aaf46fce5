"""Where there are places: sessions found by district, PIN code, centre or point, as the public answers show them."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from tika.eligibility import IST
from tika.languages import LANGUAGES
from tika.sessions import places
from tika.snapshot import forgets
from tika.tables.rows import items
from tika.tables.slots import SessionRow

ADULT = 18  # the protocol's "all ages" are all adults
DAYS = 7  # of a calendar, and of the search near a point
HORIZON_DAYS = 200  # nothing is published so far ahead, so nothing is looked for there

NEAR_PINCODES = 24  # a town, or in the country some 40 km around
NEAR_CENTERS = 50
NEAR_KEEP_FOR = timedelta(seconds=60)  # where centres are changes slowly; anybody may ask for any point
NEAR_KEEP_AT_MOST = 5000
NEAR_THREADS = 8

type Raw = dict[str, dict[str, str]]
type Fields = dict[str, Any]


class By(StrEnum):
    """What sessions are found by: the names of the indexes."""

    DISTRICT = "by_district"
    PINCODE = "by_pincode"
    CENTER = "by_center"


# --- answers ---------------------------------------------------------------------------------------------------------


def on_day(by: By, key: int, day: date, vaccine: str | None, language: str, *, now: datetime) -> list[Fields]:
    """A row per session of `day` that can still be booked."""
    return [
        _center_fields(center, language) | {"fee": center["fee"]} | session
        for center, session in _offers(by, key, day, 1, vaccine, now=now)
    ]


def calendar(by: By, key: int, day: date, vaccine: str | None, language: str, *, now: datetime) -> list[Fields]:
    """A row per centre, with its sessions of DAYS days from `day` on that can still be booked."""
    centers: dict[int, Fields] = {}
    fees: dict[int, dict[str, str]] = {}
    for center, session in _offers(by, key, day, DAYS, vaccine, now=now):
        center_id = center["center_id"]
        if center_id not in centers:
            centers[center_id] = _center_fields(center, language) | {"sessions": []}
        centers[center_id]["sessions"].append(session)
        if center["fee_type"] == "Paid":
            centers[center_id]["fee_type"] = "Paid"
            fees.setdefault(center_id, {})[session["vaccine"]] = center["fee"]
    for center_id, by_vaccine in fees.items():
        centers[center_id]["vaccine_fees"] = [{"vaccine": vaccine, "fee": fee} for vaccine, fee in by_vaccine.items()]
    return list(centers.values())


def near(lat: float, long: float, language: str, *, now: datetime) -> list[Fields]:
    """The centres around a point that have a session within DAYS days, the nearest first.

    Looked for by the PIN codes around, not by district: the districts of big cities have no PIN code of their own.
    """
    pincodes = places.nearest_pincodes(lat, long, NEAR_PINCODES)
    with ThreadPoolExecutor(NEAR_THREADS) as pool:
        found = {center["center_id"]: center for centers in pool.map(_Centers(now), pincodes) for center in centers}
    by_distance = sorted(
        found.values(), key=lambda center: places.distance_km(lat, long, center["lat"], center["long"])
    )
    return [_nearby_fields(center, language) for center in by_distance[:NEAR_CENTERS]]


_near: OrderedDict[int, tuple[datetime, list[Fields]]] = OrderedDict()
forgets(_near.clear)


class _Centers:
    """The centres of a PIN code that have a session soon, kept for NEAR_KEEP_FOR."""

    def __init__(self, now: datetime):
        self._now = now

    def __call__(self, pincode: int) -> list[Fields]:
        known = _near.get(pincode)
        if known and timedelta(0) <= self._now - known[0] < NEAR_KEEP_FOR:
            return known[1]
        today = self._now.astimezone(IST).date()
        centers = [center for center, _ in _offers(By.PINCODE, pincode, today, DAYS, None, now=self._now)]
        centers = list({center["center_id"]: center for center in centers}.values())
        _near[pincode] = self._now, centers
        while len(_near) > NEAR_KEEP_AT_MOST:
            _near.popitem(last=False)
        return centers


# --- fields ----------------------------------------------------------------------------------------------------------


def _center_fields(center: Fields, language: str) -> Fields:
    fields = {
        "center_id": center["center_id"],
        "name": center["name"],
        "name_l": _told(center, language, "name"),
        "address": center["address"],
        "state_name": center["state_name"],
        "district_name": center["district_name"],
        "block_name": center["block_name"],
        "pincode": center["pincode"],
        "lat": int(center["lat"]),  # as typed clients read them; `place` of a session is exact
        "long": int(center["long"]),
        "from": center["from"],
        "to": center["to"],
        "fee_type": center["fee_type"],
    }
    if language in LANGUAGES:
        fields["address_l"] = _told(center, language, "address")
        fields |= _area_l(center, language)
    return fields


def _nearby_fields(center: Fields, language: str) -> Fields:
    fields = {
        "center_id": center["center_id"],
        "name": center["name"],
        "district_name": center["district_name"],
        "state_name": center["state_name"],
        "location": center["address"],
        "pincode": str(center["pincode"]),
        "block_name": center["block_name"],
        "lat": str(center["lat"]),
        "long": str(center["long"]),
    }
    if language in LANGUAGES:
        fields["name_l"] = _told(center, language, "name")
        fields["location_l"] = _told(center, language, "address")
        fields |= _area_l(center, language)
    return fields


def _area_l(center: Fields, language: str) -> Fields:
    """Only for who asks for a language, as is every `_l` that the protocol's own rows do not show."""
    return {
        "state_name_l": places.state_name_l(center["state_id"], language),
        "district_name_l": places.district_name_l(center["district_id"], language),
        "block_name_l": "",
    }


def _told(center: Fields, language: str, field: str) -> str:
    """What the publisher calls it in `language`, or ""."""
    return center.get("translations", {}).get(language, {}).get(field, "")


def _session_fields(row: Raw, center: Fields, day: str, offered: list[tuple[str, list[int]]]) -> Fields:
    dose1, dose2 = sum(free[0] for _, free in offered), sum(free[1] for _, free in offered)
    min_age, max_age = int(row["min_age"]["N"]), row.get("max_age")
    fields = {
        "session_id": row["session_id"]["S"],
        "date": f"{day[8:]}-{day[5:7]}-{day[:4]}",
        "available_capacity": dose1 + dose2,
        "available_capacity_dose1": dose1,
        "available_capacity_dose2": dose2,
        "min_age_limit": min_age,
        "allow_all_age": max_age is None and min_age <= ADULT,
        "vaccine": row["vaccine"]["S"],
        "slots": [label for label, _ in offered],
        "slot_capacity": [{"slot": label, "dose1": free[0], "dose2": free[1]} for label, free in offered],
        "place": [center["lat"], center["long"]],
    }
    if max_age is not None:
        fields["max_age_limit"] = int(max_age["N"])
    return fields


# --- rows ------------------------------------------------------------------------------------------------------------


def _offers(
    by: By, key: int, day: date, days: int, vaccine: str | None, *, now: datetime
) -> Iterator[tuple[Fields, Fields]]:
    """(centre, session) of the sessions that have a slot which has not begun, by date."""
    local = now.astimezone(IST)
    today = local.date()
    if day > today + timedelta(days=HORIZON_DAYS):
        return
    first, end = max(day, today), day + timedelta(days=days)
    if first >= end:
        return
    minute, this_day = local.hour * 60 + local.minute, today.isoformat()
    parsed = cache(json.loads)  # sessions of a centre share most of their text
    for row in _rows(by, key, first, end):
        if vaccine is not None and row["vaccine"]["S"] != vaccine:
            continue
        date_, labels = row["date"]["S"], [slot["slot"] for slot in parsed(row["slots"]["S"])]
        offered = list(zip(labels, parsed(row["free"]["S"]), strict=True))
        if date_ == this_day:
            offered = [(label, free) for label, free in offered if _begins_at(label) > minute]
        if offered:
            center = parsed(row["center"]["S"])
            yield center, _session_fields(row, center, date_, offered)


def _rows(by: By, key: int, first: date, end: date) -> Iterator[Raw]:
    """The sessions from `first` until before `end`."""
    # No session has the bare date as its key, so BETWEEN leaves `end` out.
    days = SessionRow.date_session.between(SessionRow.by_date(first.isoformat()), SessionRow.by_date(end.isoformat()))
    return items(
        SessionRow,
        str(key),
        range_key_condition=days,
        index_name=by.value,
        attributes_to_get=["session_id", "date", "vaccine", "min_age", "max_age", "center", "slots", "free"],
    )


@cache
def _begins_at(label: str) -> int:
    """Minutes of the day at which a slot begins: 540 for "09:00AM-11:00AM"."""
    return int(label[:2]) % 12 * 60 + int(label[3:5]) + (720 if label[5:7] == "PM" else 0)

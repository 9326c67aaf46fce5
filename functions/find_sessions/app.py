"""GET /appointment/sessions/...: where there are places, by district, PIN code, centre or point."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from tika import policy
from tika.api import (
    PUBLIC_FOR_SECONDS,
    Day,
    Query,
    entrypoint,
    language,
    new_app,
    query,
    reply,
    reply_to_all,
    text_like,
)
from tika.clock import http_date, utc_now
from tika.fields import ONE_OF, Unfit
from tika.refusals import BadPin, Invalid
from tika.sessions import places, search
from tika.sessions.search import By
from tika.signin.bearer import caller

app = new_app()

PUBLIC, SIGNED_IN = "/api/v2/appointment/sessions/public", "/api/v2/appointment/sessions"
CENTERS_FOR_SECONDS = 60  # where centres are changes slowly
TTL_HOURS = 24  # what the protocol tells clients of them


def _pin(text: str) -> int:
    if not (len(text) == 6 and text.isascii() and text.isdigit() and text[0] != "0"):
        raise BadPin
    return int(text)


def _district(text: str) -> int:
    return places.district(int(text)).district_id


def _between(least: float, most: float) -> Any:
    def check(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise Unfit("from {least} to {most} is needed.", least=least, most=most)
        return value

    digits = text_like(r"[0-9]{1,3}(\.[0-9]{1,16})?", "a number is needed.")
    return Annotated[digits, AfterValidator(check)]


class Asked(Query):
    date: Day
    vaccine: Annotated[str, StringConstraints(max_length=40)] = ""  # any


class ByPin(Asked):
    pincode: Annotated[str, AfterValidator(_pin)]


class ByDistrict(Asked):
    district_id: Annotated[text_like("[0-9]{1,5}", "a whole number is needed."), AfterValidator(_district)]


class ByCenter(Asked):
    center_id: Annotated[text_like("[0-9]{1,10}", "a whole number is needed."), AfterValidator(int)]


class Point(Query):
    lat: _between(8.06, 37.1)  # the protocol's own bounds
    long: _between(68.11, 97.41)


@app.get(f"{PUBLIC}/findByPin")
@app.get(f"{SIGNED_IN}/findByPin")
def find_by_pin():
    return _sessions(By.PINCODE, ByPin, "pincode")


@app.get(f"{PUBLIC}/findByDistrict")
@app.get(f"{SIGNED_IN}/findByDistrict")
def find_by_district():
    return _sessions(By.DISTRICT, ByDistrict, "district_id")


@app.get(f"{PUBLIC}/calendarByPin")
@app.get(f"{SIGNED_IN}/calendarByPin")
def calendar_by_pin():
    return _calendar(By.PINCODE, ByPin, "pincode")


@app.get(f"{PUBLIC}/calendarByDistrict")
@app.get(f"{SIGNED_IN}/calendarByDistrict")
def calendar_by_district():
    return _calendar(By.DISTRICT, ByDistrict, "district_id")


@app.get(f"{PUBLIC}/calendarByCenter")
def calendar_by_center():
    asked, now = query(app, ByCenter), utc_now()
    found = search.calendar(By.CENTER, asked.center_id, asked.date, _vaccine(asked), language(app), now=now)
    return _found("centers", found[0] if found else {}, now)


@app.get("/api/v2/appointment/centers/public/findByLatLong")
@app.get("/api/v2/appointment/centers/findByLatLong")
def find_by_lat_long():
    point, now = query(app, Point), utc_now()
    found = search.near(point.lat, point.long, language(app), now=now)
    return reply_to_all(app, {"centers": found, "ttl": TTL_HOURS}, keep_for=CENTERS_FOR_SECONDS)


def _sessions(by: By, shape: type[Asked], key: str):
    _admit()
    asked, now = query(app, shape), utc_now()
    found = search.on_day(by, getattr(asked, key), asked.date, _vaccine(asked), language(app), now=now)
    return _found("sessions", found, now)


def _calendar(by: By, shape: type[Asked], key: str):
    _admit()
    asked, now = query(app, shape), utc_now()
    found = search.calendar(by, getattr(asked, key), asked.date, _vaccine(asked), language(app), now=now)
    return _found("centers", found, now)


def _vaccine(asked: Asked) -> str | None:
    """The vaccine by its name in the policy, None for any. Raises Invalid, which names those that there are."""
    if not asked.vaccine:
        return None  # and the policy is not read
    named = {name.upper(): name for name in policy.current().vaccines}
    if asked.vaccine.upper() not in named:
        raise Invalid(ONE_OF, field="vaccine", allowed=", ".join(named.values()))
    return named[asked.vaccine.upper()]


def _is_public() -> bool:
    return app.current_event.path.startswith(PUBLIC)


def _admit() -> None:
    """Raises Unauthenticated where the route wants a token and there is no good one."""
    if not _is_public():
        caller(app)


def _found(name: str, found: Any, now: datetime):
    """The counts are as of `now`, which stands in a header: typed clients read no field that the protocol has not."""
    counted = {"Last-Modified": http_date(now)}
    if _is_public():
        return reply_to_all(app, {name: found}, keep_for=PUBLIC_FOR_SECONDS, headers=counted)
    return reply(200, {name: found}, counted)


lambda_handler = entrypoint(app)

"""A real browser on the portal of the deployed system. Pictures of every view are left in .tika/screenshots."""

import os
import random
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.edge import PORTAL
from tests.browser.visitor import PHONE, Visitor
from tests.deployed import Sign
from tika.eligibility import IST

# As root there is no sandbox; the rest keeps the browser from calling its maker's hosts.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"
# A town, where its post office is.
PINCODE, LAT, LONG = 741101, 23.2, 88.48
DISTRICT = 728

type Publish = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with the module: while it is there, nothing else in this process can run an event loop."""
    path = shutil.which("chromium")
    if not path:
        # Nobody needs a browser to work on the API, but where a green run lets a change land, none is a failure.
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("Chromium is not installed (Debian: apt-get install chromium fonts-noto-core)")
    if not PORTAL.exists():
        pytest.fail("The portal is not built: run `make portal`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, base_url: str, text_messages) -> Iterator[Callable[..., Visitor]]:
    """`visit()`: somebody else's browser, with nothing in it; `language` and `size` are theirs."""
    visitors: list[Visitor] = []

    def open_(language: str = "en", size: tuple[int, int] = PHONE, **more: Any) -> Visitor:
        visitors.append(Visitor(chromium, base_url, text_messages, language, size, **more))
        return visitors[-1]

    yield open_
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        assert visitor.complaints == []


@pytest.fixture(scope="session")
def publish(ops: Sign) -> Publish:
    """`publish(seats=1)`: another centre's session of tomorrow, with two slots of that many places for each dose."""

    def make(seats: int = 10, *, days: int = 1, center_id: int | None = None, **changes: Any) -> dict[str, Any]:
        number = center_id or random.randrange(1, 10**9)
        session = {
            "session_id": str(uuid.uuid4()),
            "date": f"{datetime.now(IST) + timedelta(days=days):%d-%m-%Y}",
            "vaccine": "COVISHIELD",
            "min_age_limit": 18,
            "center_id": number,
            "name": f"District Hospital {number}",
            "address": "Hospital Road",
            "block_name": "Krishnanagar",
            "district_id": DISTRICT,
            "pincode": PINCODE,
            "lat": LAT,
            "long": LONG,
            "from": "09:00:00",
            "to": "17:00:00",
            "fee_type": "Free",
            "slots": [{"slot": slot, "dose1": seats, "dose2": seats} for slot in (MORNING, NOONTIME)],
            **changes,
        }
        answer = ops("POST", "/api/v2/admin/sessions", session)
        assert answer.status_code == 200, answer.text
        return session

    return make


@pytest.fixture(scope="session")
def town(publish: Publish) -> dict[str, Any]:
    """A centre with three days of places that no test uses up."""
    first = publish(50)
    for days in (2, 3):
        publish(50, days=days, center_id=first["center_id"])
    return first

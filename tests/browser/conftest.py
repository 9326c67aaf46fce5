"""A real browser on the portal of the deployed system. Pictures of every view are left in .tika/screenshots."""

import os
import random
import subprocess
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import manimgx_fonts
import pytest
from playwright.sync_api import Browser, sync_playwright

from local.edge import PORTAL
from local.system import ROOT
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
# The letters of the slip, and no others: every machine has them, so what is too wide on one is too wide on all.
FONTS = f"""<?xml version="1.0"?>
<fontconfig><dir>{Path(manimgx_fonts.__file__).parent}</dir><cachedir>{ROOT / ".tika" / "fonts"}</cachedir></fontconfig>
"""
MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"
# A town, where its post office is.
PINCODE, LAT, LONG = 741101, 23.2, 88.48
DISTRICT = 728

type Publish = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The machine's browser, or else the one that `make chromium` brought."""
    installed = subprocess.check_output(["sh", ROOT / "local" / "find_chromium.sh"], text=True).strip()
    brought = ROOT / ".chromium" / "chromium.sh"
    if not installed and not brought.exists():
        pytest.fail(
            "There is neither Chromium nor Chrome. On Linux on x86-64 `make chromium` brings one; elsewhere install it "
            "(Debian: apt-get install chromium)."
        )
    return installed or str(brought)


@pytest.fixture(scope="module")
def chromium(browser_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Ends with the module: while it is there, nothing else in this process can run an event loop."""
    if not PORTAL.exists():
        pytest.fail("The portal is not built: run `make portal`.")
    fonts = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    fonts.write_text(FONTS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=FLAGS, env=os.environ | {"FONTCONFIG_FILE": str(fonts)}
        )
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

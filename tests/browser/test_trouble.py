"""What goes wrong on the way, as people meet it: late, signed out, sold out, offline, a slow line, an eager finger."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.system import System
from tests.browser.conftest import LAT, LONG, PINCODE, Publish
from tests.browser.visitor import DESKTOP, PHONE, SMALL, Visitor, book_path

pytestmark = pytest.mark.system

type Visit = Callable[..., Visitor]

# A phone's line far from the tower.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}


def claims(token: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def lapse(system: System, visitor: Visitor, session: dict[str, Any], appointment_id: str) -> None:
    """Make the time of a hold be over, in both its rows."""
    dynamodb, account = system.client("dynamodb"), claims(visitor.token())["user_id"]
    for table, pk, sk in (
        ("Citizens", f"ACCOUNT#{account}", "APPOINTMENT#"),
        ("Slots", f"SESSION#{session['session_id']}", "SEAT#"),
    ):
        name = system.resource(table)
        rows = dynamodb.query(
            TableName=name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": sk}},
        )["Items"]
        (row,) = [row for row in rows if row["appointment_id"]["S"] == appointment_id]
        dynamodb.update_item(
            TableName=name,
            Key={key: row[key] for key in ("pk", "sk")},
            UpdateExpression="SET hold_until = :past",
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 30)}},
        )


def expire(system: System, visitor: Visitor) -> None:
    """Put a token of an hour ago in place of the visitor's own, signed as the service signs."""
    head, _, _ = visitor.token().split(".")
    old = claims(visitor.token())
    old |= {"iat": old["iat"] - 3600, "exp": old["exp"] - 3600}
    body = base64.urlsafe_b64encode(json.dumps(old).encode()).decode().rstrip("=")
    key = system.client("secretsmanager").get_secret_value(SecretId=system.resource("TokenKey"))["SecretString"]
    signature = hmac.new(key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    token = f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    visitor.page.evaluate("token => sessionStorage.setItem('tika.token', JSON.stringify(token))", token)
    visitor.page.reload()


@pytest.mark.parametrize("language", ["en", "bn"])
def test_a_hold_that_lapses_says_so_and_can_be_tried_again(visit: Visit, publish, system, language: str) -> None:
    session = publish(seats=1)
    citizen = visit(language)
    citizen.ready_to_hold(session)
    appointment_id = citizen.hold()
    lapse(system, citizen, session, appointment_id)

    citizen.button("appt.confirm").click()
    citizen.page.get_by_role("heading", name=citizen.words["appt.lapsed"]).wait_for()
    citizen.look("30-lapsed")
    citizen.button("appt.retry").click()
    expect(citizen.page.locator("input[type=checkbox]")).to_be_checked()
    citizen.hold()
    citizen.button("appt.confirm").click()

    citizen.page.locator(".secret").wait_for()


def test_the_countdown_ends_by_itself(visit: Visit, town) -> None:
    citizen = visit()
    citizen.page.clock.install()
    citizen.ready_to_hold(town)
    citizen.hold()
    # The page keeps the server's time by its answers: one that came late would turn the clock back again.
    citizen.page.wait_for_load_state("networkidle")
    citizen.page.route("**/api/**", lambda route: route.abort())

    citizen.page.clock.fast_forward("05:01")

    citizen.page.get_by_role("heading", name=citizen.words["appt.lapsed"]).wait_for()
    assert citizen.words["appt.lapsed"] in citizen.page.locator("p.unseen[role=status]").inner_text()


@pytest.mark.parametrize("language", ["en", "bn"])
def test_a_token_that_expires_keeps_what_was_typed(visit: Visit, system: System, language: str) -> None:
    citizen = visit(language)
    citizen.open("/people")
    citizen.sign_in()
    citizen.button("people.add").click()
    citizen.fill_person(name="Rahim Sheikh")
    expire(system, citizen)

    citizen.page.locator("#name").wait_for()
    citizen.button("person.save").click()
    citizen.text("sign.ended").wait_for()
    citizen.look("31-signed-out")
    expect(citizen.page.locator("#mobile")).to_have_value(citizen.mobile)
    # The number may not have another code yet; somebody in a hurry sees when it may.
    citizen.button("sign.send").click()
    citizen.page.locator(".note.bad, #code").first.wait_for()
    citizen.look("32-code-just-sent")
    citizen.page.wait_for_timeout(wait_for_code(citizen.page))
    citizen.sign_in(count=2)

    expect(citizen.page.locator("#name")).to_have_value("Rahim Sheikh")
    citizen.button("person.save").click()
    citizen.page.get_by_role("heading", name="Rahim Sheikh").wait_for()


def wait_for_code(page: Page) -> int:
    """Milliseconds until the button may be pressed again, as the button itself says."""
    label = page.locator("button .count").first
    if not label.count():
        return 0
    minutes, seconds = (int(part) for part in label.inner_text().strip(" ()").split(":"))
    return (minutes * 60 + seconds + 1) * 1000


def test_the_last_seat_goes_to_one_browser_and_the_other_learns_where_else(visit: Visit, publish: Publish) -> None:
    session = publish(seats=1, slots=[{"slot": "09:00AM-11:00AM", "dose1": 1, "dose2": 0}])
    elsewhere = publish(seats=5, pincode=741102, lat=LAT + 0.05, long=LONG)
    both = [visit(), visit("bn", DESKTOP)]
    for citizen in both:
        citizen.ready_to_hold(session)
        citizen.page.locator("input[type=radio]").check()

    for citizen in both:  # pressed, and nobody waits for the other
        citizen.page.evaluate("document.querySelector('form button.main').click()")
    for citizen in both:
        citizen.page.locator(".timer, .note.bad").first.wait_for()

    won = [citizen for citizen in both if citizen.page.locator(".timer").count()]
    (lost,) = [citizen for citizen in both if citizen not in won]
    assert len(won) == 1
    lost.text("err.full").wait_for()
    lost.page.get_by_role("heading", name=elsewhere["name"]).wait_for()
    lost.look("33-sold-out")
    lost.page.locator(f"a.day[href*='{elsewhere['session_id']}']").click()
    lost.hold()


def test_fully_booked_shows_where_there_are_places_and_later_days(visit: Visit, publish: Publish) -> None:
    here = {"pincode": 110001, "district_id": 140, "lat": 28.62, "long": 77.21}
    full = publish(**here, slots=[{"slot": "09:00AM-11:00AM", "dose1": 1, "dose2": 0}])
    near = publish(seats=3, **here | {"pincode": 110002, "lat": 28.64, "long": 77.24})
    quicker = visit()
    quicker.ready_to_hold(full)
    quicker.hold()
    citizen = visit()
    citizen.open(f"/find?by=pin&pin={here['pincode']}")
    citizen.page.locator(".fresh").wait_for()
    for _ in range(20):  # the sale shows within seconds
        if citizen.text("full.title").count():
            break
        citizen.button("find.again").click()
        citizen.page.wait_for_timeout(1000)

    citizen.text("full.title").wait_for()
    citizen.page.get_by_role("heading", name=near["name"]).wait_for()
    citizen.look("34-fully-booked")
    assert citizen.button("find.later").first.is_visible()
    citizen.button("full.district").click()
    citizen.page.get_by_role("heading", name=full["name"]).wait_for()
    citizen.page.get_by_role("heading", name=near["name"]).wait_for()


def test_offline_is_said_keeps_what_was_typed_and_passes(visit: Visit, town) -> None:
    citizen = visit()
    page = citizen.page
    citizen.open("/")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_function("() => navigator.serviceWorker.controller")
    citizen.context.set_offline(True)
    citizen.text("offline").wait_for()
    citizen.page.locator("#pin").fill(str(PINCODE))
    citizen.button("find.show").click()
    citizen.text("err.offline").wait_for()
    citizen.look("35-offline")
    page.reload()  # the page itself is kept on the phone
    citizen.text("err.offline").wait_for()
    expect(page.locator("#pin")).to_have_value(str(PINCODE))

    citizen.context.set_offline(False)

    page.locator("a.day").first.wait_for()
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async name =>"
        " (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)))).flat()"
    )
    assert kept
    assert not [path for path in kept if path.startswith("/api")]


def test_a_slow_line_still_shows_the_home_page_soon(visit: Visit, town) -> None:
    citizen = visit("bn")
    network = citizen.context.new_cdp_session(citizen.page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    citizen.context.new_page()  # so that the browser does not think the page is in the background
    citizen.page.bring_to_front()

    start = time.monotonic()
    citizen.page.goto(citizen.url)
    citizen.page.locator("#pin").wait_for()
    usable = time.monotonic() - start

    assert usable < 6, f"usable after {usable:.1f} s"
    assert len([request for request in citizen.requests if not request.url.endswith("sw.js")]) <= 8


def test_a_nervous_finger_books_once(visit: Visit, town) -> None:
    citizen = visit()
    citizen.ready_to_hold(town)
    citizen.page.locator("input[type=radio]").first.check()

    citizen.page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('form button.main').click()")
    citizen.page.locator(".timer").wait_for()
    citizen.page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('.act button.main').click()")
    citizen.page.locator(".secret").wait_for()

    sent = [request.url.rsplit("/", 1)[-1] for request in citizen.requests if request.method == "POST"]
    assert (sent.count("hold"), sent.count("confirm")) == (1, 1)


def test_overload_is_said_with_the_time_to_wait_and_nothing_is_lost(visit: Visit) -> None:
    citizen = visit()
    busy = {"status": 503, "headers": {"Retry-After": "3"}, "body": '{"errorCode":"TIKA0007","error":"busy"}'}
    citizen.page.route("**/generateOTP", lambda route: route.fulfill(**busy), times=1)
    citizen.open("/people")
    citizen.page.locator("#mobile").fill(citizen.mobile)
    citizen.button("sign.send").click()

    citizen.text("err.busy").wait_for()
    citizen.look("36-busy")
    expect(citizen.page.locator("#mobile")).to_have_value(citizen.mobile)
    citizen.page.locator("button .count").wait_for(state="detached")
    citizen.button("sign.send").click()
    citizen.page.locator("#code").wait_for()


@pytest.mark.parametrize("language", ["en", "ta", "ml"])
def test_nothing_is_cut_off_on_the_smallest_phone(visit: Visit, town, language: str) -> None:
    citizen = visit(language, SMALL)
    citizen.open("/")
    citizen.look("40-small-home")
    citizen.find(PINCODE)
    citizen.look("41-small-find")
    citizen.choose_day(town)
    citizen.look("42-small-choose")


def test_text_of_twice_the_size_fits(visit: Visit, town) -> None:
    citizen = visit("bn", PHONE)
    citizen.open("/")
    citizen.page.evaluate("document.documentElement.style.setProperty('font-size', '212.5%')")
    citizen.look("43-large-home")
    citizen.find(PINCODE)
    citizen.look("44-large-find")


def test_the_journey_can_be_gone_by_keyboard(visit: Visit, town) -> None:
    citizen = visit("en", DESKTOP)
    page = citizen.page
    citizen.open("/")

    page.keyboard.press("Tab")
    expect(citizen.page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "pin":
            break
    page.keyboard.type(str(PINCODE))
    page.keyboard.press("Enter")
    page.locator("a.day").first.wait_for()
    page.locator("a.day").first.focus()
    page.keyboard.press("Enter")
    page.locator("input[type=radio]").first.wait_for()
    # A new view has its heading in focus, so that a screen reader begins there.
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.locator("#mobile").focus()
    page.keyboard.type(citizen.mobile)
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()


def test_the_language_is_guessed_then_chosen_and_remembered(visit: Visit) -> None:
    citizen = visit("te")
    page = citizen.page
    citizen.open("/")
    assert (page.locator("html").get_attribute("lang"), citizen.title()) == ("te", citizen.words["home.title"])

    page.locator("header select").select_option("gu")
    expect(page.locator("html")).to_have_attribute("lang", "gu")
    page.reload()

    expect(page.locator("header select")).to_have_value("gu")


def test_nobody_is_in_an_address(visit: Visit, town) -> None:
    citizen = visit()
    citizen.ready_to_hold(town)
    citizen.hold()

    # The API's own reading of a slip apart, an address holds what was searched and random ids.
    addresses = " ".join(request.url for request in citizen.requests)
    for secret in (citizen.mobile, citizen.token(), "Asha", citizen.code()):
        assert secret not in addresses
    kept = citizen.page.evaluate("JSON.stringify(localStorage)")
    assert citizen.mobile not in kept
    assert book_path(town).split("?")[0] in addresses

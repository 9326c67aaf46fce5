"""What goes wrong on the way, as people meet it: late, signed out, sold out, offline, a slow line, an eager finger."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from local.system import System
from tests.browser.conftest import PINCODE, Publish
from tests.browser.visitor import DESKTOP, LANGUAGES, PHONE, SMALL, Visitor, book_path

pytestmark = pytest.mark.system

type Visit = Callable[..., Visitor]

# A phone's line far from the tower.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}


def lapse(system: System, visitor: Visitor, session: dict[str, Any], appointment_id: str) -> None:
    """Make the time of a hold be over, in both its rows."""
    dynamodb, account = system.client("dynamodb"), visitor.claims()["user_id"]
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
    old = visitor.claims()
    old |= {"iat": old["iat"] - 3600, "exp": old["exp"] - 3600}
    body = base64.urlsafe_b64encode(json.dumps(old).encode()).decode().rstrip("=")
    key = system.client("secretsmanager").get_secret_value(SecretId=system.resource("TokenKey"))["SecretString"]
    signature = hmac.new(key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    token = f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    visitor.page.evaluate("token => sessionStorage.setItem('tika.token', JSON.stringify(token))", token)
    visitor.page.reload()


def let_another_code_be_sent(system: System, account: str) -> None:
    """Make the time between two codes be over."""
    system.client("dynamodb").update_item(
        TableName=system.resource("Otp"),
        Key={"pk": {"S": f"MOBILE#{account}"}},
        UpdateExpression="SET resend_at = :past",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
    )


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
    # The page keeps the server's time by its answers, and one that came after this would turn the clock back again.
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
    account = citizen.claims()["user_id"]
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
    let_another_code_be_sent(system, account)
    citizen.page.reload()
    citizen.sign_in(count=2)

    expect(citizen.page.locator("#name")).to_have_value("Rahim Sheikh")
    citizen.button("person.save").click()
    citizen.page.get_by_role("heading", name="Rahim Sheikh").wait_for()


def test_the_last_seat_goes_to_one_browser_and_the_other_learns_where_else(visit: Visit, publish: Publish) -> None:
    here = {"pincode": 734001, "district_id": 717, "lat": 26.72, "long": 88.43}  # where no other test is nearer
    session = publish(**here, slots=[{"slot": "09:00AM-11:00AM", "dose1": 1, "dose2": 0}])
    elsewhere = publish(seats=5, **here | {"pincode": 734003, "lat": 26.76})
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


def sold_out(api: httpx.Client, session: dict[str, Any], *, within_s: float = 60) -> None:
    """Wait until the counts, which are some seconds old, know that no place of `session` is left."""
    params = {"pincode": session["pincode"], "date": session["date"]}
    deadline = time.monotonic() + within_s
    while True:
        found = api.get("/api/v2/appointment/sessions/public/findByPin", params=params).json()["sessions"]
        (left,) = [one["available_capacity"] for one in found if one["session_id"] == session["session_id"]]
        if not left:
            return
        assert time.monotonic() < deadline, f"{left} places left after {within_s} s"
        time.sleep(0.2)


def test_fully_booked_shows_where_there_are_places_and_later_days(
    visit: Visit, publish: Publish, citizen: httpx.Client
) -> None:
    here = {"pincode": 110001, "district_id": 140, "lat": 28.62, "long": 77.21}
    full = publish(**here, slots=[{"slot": "09:00AM-11:00AM", "dose1": 1, "dose2": 0}])
    near = publish(seats=3, **here | {"pincode": 110002, "lat": 28.64, "long": 77.24})
    quicker = visit()
    quicker.ready_to_hold(full)
    quicker.hold()
    sold_out(citizen, full)
    late = visit()
    late.open(f"/find?by=pin&pin={here['pincode']}")
    late.text("full.title").wait_for()
    late.page.get_by_role("heading", name=near["name"]).wait_for()
    late.look("34-fully-booked")
    assert late.button("find.later").first.is_visible()
    late.button("full.district").click()
    late.page.get_by_role("heading", name=full["name"]).wait_for()
    late.page.get_by_role("heading", name=near["name"]).wait_for()


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
    """Bytes and requests, which the line has to carry, and not seconds, which are those of this machine."""
    citizen = visit("bn")
    network = citizen.context.new_cdp_session(citizen.page)
    received: list[float] = []
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)

    citizen.page.goto(citizen.url)
    citizen.page.locator("#pin").wait_for()
    size, count = sum(received), len(received)

    # At 50 KB a second with 0.4 s for each of: page, script, language.
    assert size < 60_000, f"{size} bytes until the page can be used"
    assert 3 <= count <= 8
    citizen.page.locator(".opening .note.good").wait_for()


def test_a_nervous_finger_books_once(visit: Visit, town) -> None:
    citizen = visit()
    citizen.ready_to_hold(town)
    citizen.page.locator("input[type=radio]").first.check()

    citizen.page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('form button.main').click()")
    citizen.page.locator(".timer").wait_for()
    citizen.page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('.act button.main').click()")
    citizen.page.locator(".secret").wait_for()

    assert (citizen.count("hold"), citizen.count("confirm")) == (1, 1)


BUSY_S = 60  # longer than the slowest machine takes for what a test does meanwhile
BUSY = {"status": 503, "headers": {"Retry-After": str(BUSY_S)}, "body": '{"errorCode":"TIKA0007","error":"busy"}'}
NOT_BUSY_AFTER_MS = (BUSY_S * 5 // 4 + 1) * 1000  # the page waits up to a quarter longer


def test_overload_is_said_with_the_time_to_wait_and_nothing_is_lost(visit: Visit) -> None:
    citizen = visit()
    page = citizen.page
    page.clock.install()
    page.route("**/generateOTP", lambda route: route.fulfill(**BUSY), times=1)
    citizen.open("/people")
    page.locator("#mobile").fill(citizen.mobile)
    citizen.button("sign.send").click()

    citizen.text("err.busy").wait_for()
    citizen.look("36-busy")
    expect(page.locator("#mobile")).to_have_value(citizen.mobile)
    page.locator("form button.main").click(force=True)  # it says that it is disabled
    page.clock.fast_forward(NOT_BUSY_AFTER_MS)
    page.locator("button .count").wait_for(state="detached")
    assert citizen.count("generateOTP") == 1
    citizen.button("sign.send").click()
    page.locator("#code").wait_for()


def test_a_text_that_has_to_wait_its_turn_is_announced_with_the_time(visit: Visit) -> None:
    citizen = visit("bn")
    page = citizen.page
    page.clock.install()
    sent = json.dumps({"txnId": "3fa85f64-5717-4562-b3fc-2c963f66afa6"})
    page.route("**/generateOTP", lambda route: route.fulfill(body=sent, headers={"X-Expected-Wait": "45"}))
    citizen.open("/people")
    page.locator("#mobile").fill(citizen.mobile)
    citizen.button("sign.send").click()

    wait = page.get_by_text(citizen.says("sign.wait", time="").split(".")[0].split("\u0964")[0])
    wait.wait_for()
    citizen.look("39-text-waits")
    page.clock.fast_forward(46_000)
    wait.wait_for(state="detached")
    assert citizen.text("sign.slow").count() == 0
    page.clock.fast_forward(20_000)
    citizen.text("sign.slow").wait_for()


def test_an_overloaded_service_is_left_alone_until_it_said(visit: Visit) -> None:
    citizen = visit("bn")
    page = citizen.page
    page.clock.install()
    page.route("**/status", lambda route: route.fulfill(**BUSY))
    citizen.open("/")
    citizen.text("err.busy").wait_for()
    citizen.look("37-busy-home")

    page.locator(".note.bad button").click(force=True)  # it says that it is disabled
    citizen.open("/health")
    page.locator(".health").wait_for()
    citizen.look("38-busy-health")
    page.locator("main button").click(force=True)
    page.reload()
    page.locator(".health").wait_for()

    assert citizen.count("status") == 1
    page.unroute("**/status")
    page.clock.fast_forward(NOT_BUSY_AFTER_MS)
    page.locator("button .count").wait_for(state="detached")
    citizen.button("find.again").click()
    page.locator(".health .good").nth(2).wait_for()
    assert citizen.count("status") == 2


def test_no_language_is_cut_off_on_the_smallest_phone(visit: Visit, publish: Publish) -> None:
    """Each view of the journey in all languages, at 320 pixels, with long names."""
    center = "തിരുവനന്തപുരം മെഡിക്കൽകോളേജ് ആശുപത്രി, முதன்மைத் தடுப்பூசிமையம்"
    session = publish(pincode=695011, district_id=296, name=center, lat=8.52, long=76.93, fee_type="Paid", fee="780")
    citizen = visit("en", SMALL)
    page = citizen.page
    languages = sorted(path.stem for path in LANGUAGES.glob("*.json"))

    def in_every_language(view: str, press: str | None = None, seen: str = "h1") -> None:
        for language in languages:
            citizen.speak(language)
            if press:
                citizen.button(press).click()
            page.locator(seen).first.wait_for()
            citizen.look(view)

    citizen.open("/")
    in_every_language("40-small-home")
    citizen.find(session["pincode"])
    in_every_language("41-small-find", seen="a.day.some")
    citizen.choose_day(session)
    citizen.sign_in()
    citizen.button("people.add").click()
    in_every_language("42-small-person", press="person.save", seen=".error")
    citizen.add_person(name="ലക്ഷ്മിക്കുട്ടിയമ്മ തിരുവനന്തപുരത്തുകാരി മീനാക്ഷിസുന്ദരേശ്വരൻ")
    citizen.hold()
    in_every_language("43-small-hold")
    citizen.button("appt.confirm").click()
    page.locator(".secret").wait_for()
    in_every_language("44-small-slip", press="appt.cancel", seen="#sure")
    citizen.text("appt.done").wait_for()  # said in one language, and still there in the others


def test_the_letters_of_every_language_are_drawn(visit: Visit) -> None:
    """A letter that no font has is a box of the font for English, which no test of widths would notice."""
    citizen = visit()
    citizen.open("/")
    english = fonts_of_title(citizen)

    for language in sorted(path.stem for path in LANGUAGES.glob("*.json") if path.stem != "en"):
        citizen.speak(language)
        assert fonts_of_title(citizen) - english, f"{language} is drawn with {english} alone"


def fonts_of_title(visitor: Visitor) -> set[str]:
    browser = visitor.context.new_cdp_session(visitor.page)
    for part in ("DOM", "CSS"):
        browser.send(f"{part}.enable")
    page = browser.send("DOM.getDocument")["root"]["nodeId"]
    title = browser.send("DOM.querySelector", {"nodeId": page, "selector": "h1"})
    return {font["familyName"] for font in browser.send("CSS.getPlatformFontsForNode", title)["fonts"]}


def test_text_of_twice_the_size_fits(visit: Visit, town) -> None:
    citizen = visit("bn", PHONE)
    citizen.open("/")
    citizen.page.evaluate("document.documentElement.style.setProperty('font-size', '212.5%')")
    citizen.look("45-large-home")
    citizen.find(PINCODE)
    citizen.look("46-large-find")


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

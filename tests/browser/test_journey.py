"""The whole journey in a browser: from the home page to a place, another day, and giving it back."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from local.system import System
from tests.browser.conftest import PINCODE
from tests.browser.visitor import DESKTOP, PHONE, Visitor, book_path

pytestmark = pytest.mark.system

# `make languages` walks in all twelve, which takes too long for every change.
LANGUAGES = os.environ.get("TIKA_LANGUAGES", "en bn").split()

NADIA = {"bn": "নদিয়া", "hi": "नदिया"}  # the other languages are not West Bengal's


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_journey(visit: Callable[..., Visitor], town: dict[str, Any], language: str, size) -> None:
    citizen = visit(language, size)
    page = citizen.page

    citizen.open("/")
    page.locator(".opening .note").wait_for()
    citizen.look("01-home")
    citizen.find(PINCODE)
    citizen.look("02-find")
    citizen.choose_day(town)
    citizen.look("03-choose-before-signing-in")

    page.locator("#mobile").fill("12")
    citizen.button("sign.send").click()
    citizen.text("err.mobile").wait_for()
    citizen.look("04-mobile-wrong")
    citizen.ask_for_code()
    citizen.look("05-code")
    page.locator("#code").fill("000000")
    citizen.button("sign.go").click()
    citizen.text("err.code").wait_for()
    citizen.look("06-code-wrong")
    page.locator("#code").fill(citizen.code())
    citizen.button("sign.go").click()
    citizen.text("people.none").wait_for()
    citizen.look("07-nobody-yet")

    citizen.button("people.add").click()
    citizen.button("person.save").click()
    citizen.text("check").wait_for()
    citizen.look("08-person-missing")
    citizen.fill_person()
    citizen.look("09-person")
    citizen.button("person.save").click()
    page.locator("input[type=checkbox]:checked").wait_for()
    citizen.look("10-choose")
    citizen.hold()
    citizen.look("11-hold")
    citizen.button("appt.confirm").click()
    page.locator(".secret").wait_for()
    citizen.look("12-slip")
    assert page.locator(".secret b").inner_text().strip().isdigit()

    with page.expect_download() as download:
        citizen.button("appt.slip").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    page.locator("header nav a").nth(1).click()
    page.locator(".people li").wait_for()
    citizen.look("13-people")
    citizen.button("people.open").click()
    citizen.button("appt.move").click()
    page.locator("a.day").first.wait_for()
    citizen.look("14-move-find")
    page.locator("a.day").nth(1).click()
    page.locator("input[type=radio]:enabled").last.check()
    citizen.button("book.move").wait_for()
    citizen.look("15-move-choose")
    citizen.button("book.move").click()
    citizen.text("appt.moved").wait_for()
    citizen.look("16-moved")
    citizen.button("appt.cancel").click()
    citizen.look("17-cancel")
    citizen.button("appt.yes").click()
    citizen.text("appt.cancelled").wait_for()
    citizen.look("18-cancelled")

    citizen.button("people.remove", name="Asha Devi Kulkarni").click()
    citizen.look("19-remove")
    citizen.button("people.yes").click()
    citizen.text("people.none").wait_for()
    citizen.button("sign.out").click()
    page.locator(".opening").wait_for()
    assert page.evaluate("Object.keys(sessionStorage)") == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_views_beside_the_journey(visit: Callable[..., Visitor], town: dict[str, Any], language: str, size) -> None:
    citizen = visit(
        language, size, geolocation={"latitude": 23.2187, "longitude": 88.4712}, permissions=["geolocation"]
    )
    page = citizen.page

    citizen.open("/health")
    page.locator(".health").wait_for()
    citizen.look("20-health")
    citizen.open("/nothing-here")
    citizen.look("21-missing")
    citizen.open("/people")
    citizen.look("22-people-signed-out")
    citizen.open("/find?by=near")
    citizen.button("find.locate").click()
    page.locator(".centers li").first.wait_for()
    citizen.look("23-find-near")
    assert "23.2" not in page.url
    citizen.open("/find?by=district")
    page.locator("#state option").nth(1).wait_for(state="attached")
    page.locator("#state").select_option("36")
    page.locator(f"#district option[value='{town['district_id']}']").wait_for(state="attached")
    expect(page.locator(f"#district option[value='{town['district_id']}']")).to_have_text(NADIA.get(language, "Nadia"))
    page.locator("#district").select_option(str(town["district_id"]))
    citizen.button("find.show").click()
    page.locator(".centers li").first.wait_for()
    page.locator("summary").click()
    citizen.look("24-find-district")
    citizen.open("/find?by=pin&pin=855107")
    page.locator(".nothing").wait_for()
    citizen.look("25-nothing-planned")


def test_one_of_two_gives_up_the_place_and_the_other_keeps_it(visit: Callable[..., Visitor], town) -> None:
    citizen = visit("bn")
    page = citizen.page
    citizen.ready_to_hold(town)
    citizen.button("people.add").click()
    citizen.add_person(name="Rahim Sheikh")
    page.get_by_role("checkbox", name="Rahim Sheikh").check()
    page.get_by_role("checkbox", name="Asha Devi Kulkarni").check()
    citizen.hold()
    citizen.button("appt.confirm").click()
    page.locator(".secret").wait_for()

    citizen.button("appt.cancel").click()
    citizen.button("appt.yes").click()
    citizen.text("book.pick.who").wait_for()
    page.get_by_role("checkbox", name="Asha Devi Kulkarni").check()
    citizen.look("26-cancel-who")
    citizen.button("appt.yes").click()

    page.get_by_text(citizen.says("appt.cancelled.for", names="Asha Devi Kulkarni"), exact=True).wait_for()
    citizen.look("27-cancelled-for-one")
    assert page.locator(".facts ul b").all_inner_texts() == ["Rahim Sheikh"]
    page.locator("header nav a").nth(1).click()
    page.locator(".people li").first.wait_for()
    assert page.locator(".standing").count() == 1


def test_every_state_of_a_person_is_shown(visit: Callable[..., Visitor], town, system: System) -> None:
    citizen = visit()
    page = citizen.page
    citizen.ready_to_hold(town)
    for name in ("Rahim Sheikh", "Meena Kumari", "Gopal Das"):
        citizen.button("people.add").click()
        citizen.add_person(name=name)
        page.get_by_role("checkbox", name=name).wait_for()
    vaccinate(system, citizen, "Rahim Sheikh", doses=1)
    vaccinate(system, citizen, "Meena Kumari", doses=2)
    citizen.hold()
    page.locator("header nav a").nth(1).click()
    page.locator(".standing").wait_for()

    citizen.look("28-people-of-every-state")
    states = page.locator(".people li .status").all_inner_texts()
    assert sorted(states) == sorted(citizen.words[f"status.{doses}"] for doses in (0, 0, 1, 2))
    citizen.text("status.HELD").wait_for()
    citizen.text("people.most").wait_for()

    citizen.open(book_path(town))
    page.get_by_role("checkbox", name="Gopal Das").check()
    citizen.look("29-who-can-be-chosen")
    assert page.get_by_role("checkbox", name="Meena Kumari").is_disabled()
    citizen.text("book.not.dose").wait_for()


def vaccinate(system: System, visitor: Visitor, name: str, *, doses: int) -> None:
    """Record that a person had these doses, as a centre would; no operation of the API does."""
    dynamodb, table = system.client("dynamodb"), system.resource("Citizens")
    rows = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"ACCOUNT#{visitor.claims()['user_id']}"}, ":sk": {"S": "PERSON#"}},
    )["Items"]
    (row,) = [row for row in rows if row["name"]["S"] == name]
    given = [{"vaccine": "COVISHIELD", "date": f"2021-0{n}-01", "center_id": 1234} for n in range(1, doses + 1)]
    dynamodb.update_item(
        TableName=table,
        Key={key: row[key] for key in ("pk", "sk")},
        UpdateExpression="SET doses = :doses",
        ExpressionAttributeValues={":doses": {"S": json.dumps(given)}},
    )


def test_a_place_is_confirmed_in_a_few_taps(visit: Callable[..., Visitor], town: dict[str, Any]) -> None:
    citizen = visit()
    citizen.open("/")
    citizen.find(PINCODE)
    citizen.choose_day(town)
    citizen.sign_in()
    citizen.tap(citizen.button("people.add"))
    citizen.add_person()
    citizen.hold()
    citizen.tap(citizen.button("appt.confirm"))
    citizen.page.locator(".secret").wait_for()

    assert citizen.taps == 9


def test_back_reload_and_shared_links_work_on_every_view(visit: Callable[..., Visitor], town: dict[str, Any]) -> None:
    citizen = visit()
    page = citizen.page
    citizen.ready_to_hold(town)
    book = page.url
    appointment = f"/appointment/{citizen.hold()}"
    citizen.button("appt.confirm").click()
    page.locator(".secret").wait_for()

    for path in ("/", "/find?by=pin&pin=741101&age=18", "/people", "/people/new", appointment, "/health", book):
        address = path if path.startswith("http") else citizen.url + path
        page.goto(address)
        page.locator("h1").wait_for()
        page.wait_for_function("() => !document.querySelector('.waiting')")
        before = citizen.title(), page.locator("main").inner_text()[:40]
        page.reload()
        page.wait_for_function("() => document.querySelector('h1') && !document.querySelector('.waiting')")
        assert (citizen.title(), page.locator("main").inner_text()[:40], page.url) == (*before, address)

    page.goto(citizen.url + "/find?by=pin&pin=741101")
    page.locator("a.day").first.click()
    page.locator("input[type=radio]").first.wait_for()
    page.go_back()
    page.locator("a.day").first.wait_for()
    page.go_forward()
    page.locator("input[type=radio]").first.wait_for()

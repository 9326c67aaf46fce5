"""Somebody with a browser: the steps that people take, in their language, and a close look at what they see."""

import base64
import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Request

from local.system import ROOT

PHONE, DESKTOP, SMALL = (360, 740), (1280, 900), (320, 568)
LANGUAGES = ROOT / "portal" / "src" / "lang"
AXE = ROOT / "portal" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / ".tika" / "screenshots"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Words wider than what hides the rest of them, such as the name of a day in its cell.
CUT_OFF = """[...document.querySelectorAll('#app *')]
    .filter(one => getComputedStyle(one).overflowX === 'hidden' && !one.closest('.unseen, .skip'))
    .filter(one => one.scrollWidth > one.clientWidth + 1)
    .map(one => one.outerHTML)"""
# The first call of a function starts a process and imports everything, on a machine that may be busy.
PATIENCE_MS = 40_000


class Visitor:
    """`complaints` collects what a browser's console says against the page; the fixture looks at it at the end."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        text_messages: Callable[..., list[dict[str, str]]],
        language: str,
        size: tuple[int, int],
        **more: Any,
    ):
        self.url, self.size, self._messages = url, size, text_messages
        self._words_of(language)
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=f"{language}-IN",
            has_touch=size != DESKTOP,
            accept_downloads=True,
            **more,
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self.mobile = f"9{random.randrange(10**9):09}"
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("request", self._watch)
        self._taps = 0

    def _words_of(self, language: str) -> None:
        self.language = language
        self.words: dict[str, str] = json.loads((LANGUAGES / f"{language}.json").read_text())

    def _hear(self, text: str) -> None:
        # A refusal of the API and a lost network are answers, which the page shows in words.
        if not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    def _watch(self, request: Request) -> None:
        self.requests.append(request)
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc and not request.url.startswith("blob:"):
            self.complaints.append(f"a request to somebody else: {request.url}")

    def count(self, operation: str) -> int:
        """How often the page asked the API for what a path ends in."""
        return sum(urlsplit(request.url).path.endswith(f"/{operation}") for request in self.requests)

    # --- what there is to see ---

    def says(self, key: str, **values: object) -> str:
        return re.sub(r"\{(\w+)\}", lambda hole: str(values.get(hole[1], hole[0])), self.words[key])

    def text(self, key: str) -> Locator:
        return self.page.get_by_text(self.words[key], exact=True)

    def button(self, key: str, **values: object) -> Locator:
        name = self.says(key, **values)
        return self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        )

    def look(self, name: str) -> None:
        """Everything is accessible and nothing is cut off; a picture is left for people to look at."""
        page = self.page
        page.wait_for_function("() => !document.querySelector('.waiting, [aria-busy=true]')")
        PICTURES.mkdir(parents=True, exist_ok=True)
        picture = PICTURES / f"{name}-{self.language}-{self.size[0]}.png"
        page.screenshot(path=picture, full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} pixels to the side"
        cut_off = page.evaluate(CUT_OFF)
        assert cut_off == [], f"{name}, {self.language}: {cut_off}"
        if page.evaluate("typeof axe === 'undefined'"):
            page.evaluate(AXE.read_text())  # not as a script tag: the page's own policy would refuse it
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(r => r.violations)", STANDARDS
        )
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], name

    def title(self) -> str:
        return self.page.locator("h1").inner_text()

    # --- what people do ---

    def tap(self, target: Locator) -> None:
        self._taps += 1
        target.click()

    @property
    def taps(self) -> int:
        return self._taps

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        self.page.locator("h1").wait_for()

    def find(self, pincode: int) -> None:
        self.page.locator("#pin").fill(str(pincode))
        self.tap(self.button("find.show"))
        self.page.locator("section[aria-busy=false] .fresh").wait_for()

    def choose_day(self, session: dict[str, Any]) -> None:
        card = self.page.locator("li.card", has=self.page.get_by_role("heading", name=session["name"]))
        self.tap(card.locator(f"a.day[href*='{session['session_id']}']"))
        self.page.locator("input[type=radio]").first.wait_for()

    def ask_for_code(self) -> None:
        self.page.locator("#mobile").fill(self.mobile)
        self.tap(self.button("sign.send"))
        self.page.locator("#code").wait_for()

    def code(self, *, count: int = 1) -> str:
        found = re.search(r"\b[0-9]{6}\b", self._messages(self.mobile, count=count)[0]["text"])
        assert found
        return found[0]

    def sign_in(self, *, count: int = 1) -> None:
        self.ask_for_code()
        self.page.locator("#code").fill(self.code(count=count))
        self.tap(self.button("sign.go"))
        self.page.locator("#code").wait_for(state="detached")

    def fill_person(self, name: str = "Asha Devi Kulkarni", year: str = "1985") -> None:
        page = self.page
        page.locator("#gender_id option").nth(1).wait_for(state="attached")
        page.locator("#photo_id_type option").nth(1).wait_for(state="attached")
        page.locator("#name").fill(name)
        page.locator("#birth_year").fill(year)
        page.locator("#gender_id").select_option("2")
        page.locator("#photo_id_type").select_option("8")
        page.locator("#photo_id_number").fill(f"T{random.randrange(10**7):07}")
        page.locator("#consent").check()

    def add_person(self, name: str = "Asha Devi Kulkarni", year: str = "1985") -> None:
        self.fill_person(name, year)
        self.tap(self.button("person.save"))
        self.page.locator("#photo_id_number").wait_for(state="detached")

    def hold(self) -> str:
        """The id of the appointment that the place is held by."""
        self.tap(self.page.locator("input[type=radio]:enabled").first)
        self.page.locator("input[type=checkbox]:checked").first.wait_for()
        self.tap(self.button("book.hold"))
        self.page.locator(".timer").wait_for()
        return self.page.url.rsplit("/", 1)[-1]

    def ready_to_hold(self, session: dict[str, Any]) -> None:
        """A signed-in person with somebody to vaccinate, at the times of a session."""
        self.open(book_path(session))
        self.sign_in()
        self.button("people.add").click()
        self.add_person()
        self.page.locator("input[type=checkbox]").first.wait_for()

    def token(self) -> str:
        return json.loads(self.page.evaluate("sessionStorage.getItem('tika.token')"))

    def claims(self) -> dict[str, Any]:
        return json.loads(base64.urlsafe_b64decode(self.token().split(".")[1] + "=="))

    def speak(self, language: str) -> None:
        """Choose another language, as in the middle of whatever is open."""
        self.page.locator("header select").select_option(language)
        self.page.locator(f"html[lang={language}]").wait_for()
        self._words_of(language)


def book_path(session: dict[str, Any]) -> str:
    return f"/book?center={session['center_id']}&date={session['date']}&session={session['session_id']}"

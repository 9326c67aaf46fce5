"""The local edge, which stands in for CloudFront: one request to the origin for all who ask the same."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from local import edge
from local.edge import QUERY, Edge
from tests.template import rules
from tests.template.rules import ROOT
from tika.languages import LANGUAGES

DISTRICT = "/api/v2/appointment/sessions/public/calendarByDistrict?district_id=376&date=04-05-2021"


class Origin:
    """Answers like find_sessions, slowly enough for a crowd to gather, by a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 1_620_000_000.0
        self.asked: list[dict[str, str]] = []
        self.status, self.keep, self.value = 200, "public, max-age=5", "places " * 300
        self.bodies = 0
        monkeypatch.setattr("hishel._core._spec.time", SimpleNamespace(time=lambda: self.now))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(asked)
        await asyncio.sleep(0.01)
        now, tag = format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True), f'"{hash(self.value)}"'
        headers = {"date": now, "cache-control": self.keep, "vary": "Accept-Language"}
        headers |= {"etag": tag, "last-modified": now}
        status, body = (304, b"") if asked.get("if-none-match") == tag else (self.status, self.value.encode())
        if body:
            self.bodies += 1
            headers["content-type"] = "application/json"
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def origin(monkeypatch):
    return Origin(monkeypatch)


@pytest.fixture
def visit(origin, tmp_path):
    """`visit(polls)` runs the coroutine function `polls` with a client of an edge before `origin`."""

    def run(polls: Callable[[httpx.AsyncClient], Any], of: Callable[[Edge], Any] = lambda edge: edge) -> Any:
        async def all_of_it() -> Any:
            app = of(Edge(origin, tmp_path / "edge.db"))
            try:
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://edge") as client:
                    return await polls(client)
            finally:
                await app.close()

        return asyncio.run(all_of_it())

    return run


async def a_crowd(client):
    return await asyncio.gather(*(client.get(DISTRICT) for _ in range(100)))


def test_a_crowd_at_the_same_moment_is_one_request_to_the_origin(visit, origin):
    answers = visit(a_crowd)

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, origin.value)}
    assert len(origin.asked) == 1


def test_the_count_shows_a_crowd_that_is_let_through(visit, origin):
    """The twin of the test above, without waiting for one another."""

    class Hasty(Edge):
        _fetched_once = Edge._answer

    def hasty(one):
        one.__class__ = Hasty
        return one

    visit(a_crowd, hasty)

    assert len(origin.asked) > 50


def test_a_thousand_polls_in_a_minute_are_twelve_requests_to_the_origin(visit, origin, capsys):
    """Some with another order of the query, a spelling of their own of a language, or a clock to get past caches."""
    turned = DISTRICT.replace("district_id=376&date=04-05-2021", "date=04-05-2021&district_id=376")

    async def polls(client):
        for _ in range(125):
            await asyncio.gather(
                *(client.get(one) for one in (DISTRICT, DISTRICT, DISTRICT, turned, f"{DISTRICT}&_={origin.now}")),
                client.get(DISTRICT, headers={"Accept-Language": "en-IN,hi;q=0.5"}),
                client.get(DISTRICT, headers={"Accept-Language": "fr"}),
                client.get(DISTRICT, headers={"Cache-Control": "no-cache", "Pragma": "no-cache"}),
            )
            origin.now += 60 / 125

    visit(polls)

    with capsys.disabled():
        print(f"\n{len(origin.asked)} requests to the origin for 1000 polls in a minute", end="")
    assert len(origin.asked) == 12


def test_languages_that_have_names_of_their_own_are_kept_apart(visit, origin):
    async def polls(client):
        for language in ("hi", "hi_IN", "hi-IN,en;q=0.5", "bn", "en", "asm"):
            await client.get(DISTRICT, headers={"Accept-Language": language})

    visit(polls)

    assert [asked["accept-language"] for asked in origin.asked] == ["hi", "bn", "en"]


def test_a_vaccine_is_asked_for_once_however_it_is_written(visit, origin):
    async def polls(client):
        for vaccine in ("COVAXIN", "covaxin", "%20Covaxin", "covaxin+"):
            await client.get(f"{DISTRICT}&vaccine={vaccine}")
        for any_vaccine in ("", "&vaccine=", "&vaccine=%20"):
            await client.get(f"{DISTRICT}{any_vaccine}")

    visit(polls)

    assert len(origin.asked) == 2


def test_who_has_the_answer_already_gets_no_body(visit, origin):
    async def polls(client):
        tag = (await client.get(DISTRICT)).headers["etag"]
        origin.now += 6
        known = await client.get(DISTRICT, headers={"If-None-Match": f'"other", {tag}'})
        origin.value, origin.now = "something else", origin.now + 6
        return known, await client.get(DISTRICT, headers={"If-None-Match": tag})

    known, changed = visit(polls)

    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["cache-control"] == "public, max-age=5"
    assert (changed.status_code, changed.text) == (200, "something else")


def test_the_moment_of_the_counts_moves_on_while_they_stay_the_same(visit, origin):
    """An origin that has nothing new says so without a body, and from when that is."""

    async def polls(client):
        moments = []
        for seconds in (0, 3, 6, 9):  # asked of the origin, kept, asked, kept
            origin.now = 1_620_000_000.0 + seconds
            answer = await client.get(DISTRICT)
            moments.append((answer.status_code, answer.headers["last-modified"][17:]))
        known = await client.get(DISTRICT, headers={"If-None-Match": answer.headers["etag"]})
        return moments, answer, known

    moments, answer, known = visit(polls)

    assert moments == [(200, f"00:00:0{second} GMT") for second in (0, 0, 6, 6)]
    assert (answer.text, origin.bodies) == (origin.value, 1)
    assert (known.status_code, known.headers["last-modified"]) == (304, answer.headers["last-modified"])


def test_an_answer_travels_packed_to_those_who_can_unpack_it(visit, origin):
    async def polls(client):
        return [await client.get(DISTRICT, headers={"Accept-Encoding": coding}) for coding in ("br, gzip", "identity")]

    packed, plain = visit(polls)

    assert (packed.headers["content-encoding"], packed.text) == ("gzip", origin.value)
    assert "content-encoding" not in plain.headers
    assert plain.text == origin.value


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_error_is_not_kept_and_holds_nobody_up(visit, origin, status):
    origin.status, origin.keep = status, "no-store"

    async def polls(client):
        crowd = await a_crowd(client)
        origin.status, origin.keep = 200, "public, max-age=5"
        return crowd, await client.get(DISTRICT)

    crowd, after = visit(polls)

    assert {answer.status_code for answer in crowd} == {status}
    assert after.status_code == 200


def test_an_answer_to_a_token_is_neither_kept_nor_found(visit, origin):
    async def polls(client):
        for token in ("a", "b"):
            await client.get(DISTRICT, headers={"Authorization": f"Bearer {token}"})
        await client.get(DISTRICT)

    visit(polls)

    assert [asked.get("authorization") for asked in origin.asked] == ["Bearer a", "Bearer b", None]


# --- the distribution ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resources():
    return rules.read()["Resources"]


def test_the_distribution_has_the_same_key(resources):
    key = resources["PublicAnswers"]["Properties"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]

    assert set(key["QueryStringsConfig"]["QueryStrings"]) == QUERY
    assert key["HeadersConfig"]["Headers"] == ["Accept-Language"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def test_the_distribution_keeps_no_error(resources):
    """By itself it would for ten seconds, and show one citizen's error to the next."""
    kept_by_cloudfront = {400, 403, 404, 405, 414, 500, 501, 502, 503, 504}
    responses = resources["Distribution"]["Properties"]["DistributionConfig"]["CustomErrorResponses"]

    assert {one["ErrorCode"] for one in responses if one["ErrorCachingMinTTL"] == 0} == kept_by_cloudfront


@pytest.fixture(scope="module")
def run_node():
    """`run_node(code, event)`: what the CloudFront function `code` makes of a request."""
    folder = subprocess.run(["sh", "local/find_node.sh"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    program = (
        "const handler = new Function(process.argv[1] + '; return handler')();"
        "process.stdout.write(JSON.stringify(handler(JSON.parse(process.argv[2]))))"
    )

    def run(code, event):
        command = [Path(folder.strip()) / "node", "-e", program, code, json.dumps(event)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return run


@pytest.mark.parametrize("vaccine", ["COVAXIN", "covaxin", "%20Covaxin", "covaxin+", "%63ovaxin"])
def test_the_distribution_keeps_one_copy_however_a_vaccine_is_written(resources, run_node, vaccine):
    code = resources["VisitorHeaders"]["Properties"]["FunctionCode"]
    query = {"vaccine": {"value": vaccine}, "date": {"value": "04-05-2021"}}
    event = {"viewer": {"ip": "203.0.113.7"}, "request": {"headers": {}, "querystring": query}}

    assert run_node(code, event)["querystring"] == "date=04-05-2021&vaccine=COVAXIN"


def test_what_cannot_be_decoded_passes_the_distribution_as_it_came(resources, run_node):
    code = resources["VisitorHeaders"]["Properties"]["FunctionCode"]
    query = {"vaccine": {"value": "%FF", "multiValue": [{"value": "%FF"}, {"value": "%2"}]}}
    event = {"viewer": {"ip": "203.0.113.7"}, "request": {"headers": {}, "querystring": query}}

    assert run_node(code, event)["querystring"] == "vaccine=%2&vaccine=%FF"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"accept-language": "hi-IN,en;q=0.5"}, "date=04-05-2021&district_id=376"),
        ({"accept-language": "HI_in"}, "district_id=376&date=04-05-2021"),
        ({"accept-language": "fr"}, "district_id=376"),
        ({"accept-language": "asm"}, "vaccine=SPUTNIK%20V&date=04-05-2021"),
        ({}, "vaccine=sputnik+v%20&date=04-05-2021"),
        ({}, "vaccine=+Sputnik%20V%0A&date=%2004-05-2021"),
        ({}, "vaccine=&date=04-05-2021"),
        ({}, "date=04-05-2021&vaccine=%20+"),
        ({}, "vaccine=%e0%a4%95%26x&lat=17.68"),
        ({}, ""),
    ],
)
def test_the_distribution_asks_as_the_local_edge_does(resources, run_node, headers, query):
    code = resources["VisitorHeaders"]["Properties"]["FunctionCode"]
    given = dict(part.split("=") for part in query.split("&") if part)
    event = {
        "viewer": {"ip": "203.0.113.7"},
        "request": {
            "headers": {name: {"value": value} for name, value in headers.items()},
            "querystring": {name: {"value": value} for name, value in given.items()},
        },
    }

    asked = run_node(code, event)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = edge._as_all_ask({"headers": pairs, "query_string": query.encode()})
    assert asked["headers"]["accept-language"]["value"] == dict(scope["headers"])[b"accept-language"].decode()
    assert httpx.QueryParams(asked["querystring"]) == httpx.QueryParams(scope["query_string"].decode())
    assert asked["headers"]["x-tika-visitor"]["value"] == "203.0.113.7"


def test_the_distribution_knows_every_language_that_names_are_given_in(resources):
    code = resources["VisitorHeaders"]["Properties"]["FunctionCode"]

    assert all(f"'{language}'" in code for language in LANGUAGES)

"""The pages come with the same headers from the local edge and from CloudFront, and allow nothing inline."""

import re

import httpx
import pytest

from local.edge import PORTAL
from tests.template.rules import read

pytestmark = pytest.mark.system


def test_the_local_edge_and_cloudfront_send_the_same_headers(citizen: httpx.Client) -> None:
    policy = read()["Resources"]["PortalHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security, custom = policy["SecurityHeadersConfig"], policy["CustomHeadersConfig"]["Items"]
    wanted = {
        "content-security-policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "x-frame-options": security["FrameOptions"]["FrameOption"],
        "x-content-type-options": "nosniff",
        **{item["Header"].lower(): item["Value"] for item in custom},
    }

    sent = citizen.get("/find").headers

    assert {name: sent.get(name) for name in wanted} == wanted
    assert "unsafe" not in wanted["content-security-policy"]


def test_the_page_has_no_code_and_no_style_inline() -> None:
    page = (PORTAL / "index.html").read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:|https?://", page)


@pytest.mark.parametrize("path", ["/", "/find", "/people/new", "/appointment/0e0e0e0e-0000-4000-8000-000000000000"])
def test_every_view_has_an_address_of_its_own(citizen: httpx.Client, path: str) -> None:
    answer = citizen.get(path)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert 'id="app"' in answer.text


def test_assets_are_kept_for_ever_and_packed(citizen: httpx.Client) -> None:
    name = next((PORTAL / "assets").glob("index-*.js")).name

    answer = citizen.get(f"/assets/{name}")

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert citizen.get("/assets/nothing.js").status_code == 404


def test_the_first_load_is_small_in_every_language(citizen: httpx.Client) -> None:
    """At most 60 KB with the language; each number is what goes over the line."""

    def weight(path: str) -> int:
        with citizen.stream("GET", path) as answer:
            return sum(len(chunk) for chunk in answer.iter_raw())

    page = sum(weight(path) for path in ["/", "/icon.svg"])
    parts = {path.name: weight(f"/assets/{path.name}") for path in (PORTAL / "assets").iterdir()}
    first = page + sum(size for name, size in parts.items() if name.startswith("index-"))
    languages = {name.split("-")[0]: size for name, size in parts.items() if not name.startswith("index-")}

    assert len(languages) == 11
    assert first + max(languages.values()) <= 60_000, (first, languages)

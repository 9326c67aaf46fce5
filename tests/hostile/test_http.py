"""What attackers do to HTTP itself: bodies, headers, methods, addresses, and the cache at the edge."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.system import System
from tests.citizens import API, Citizen, SignIn
from tests.hostile.attacker import raw, refusal, shape, statuses, stored

pytestmark = pytest.mark.system

HOLD = f"{API}/appointment/hold"
STATES = f"{API}/admin/location/states"
MINE = f"{API}/appointment/beneficiaries"


@pytest.fixture(scope="module")
def caller(sign_in: SignIn) -> Citizen:
    return sign_in()


@pytest.fixture(scope="module")
def order(caller: Citizen, a_session: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A good request to hold a place, whose session nobody else knows."""
    return caller.order(a_session()["session_id"])


@pytest.fixture(scope="module")
def send(caller: Citizen) -> Callable[..., httpx.Response]:
    """`send(content, **headers)`: any bytes as the request to hold a place."""

    def post(content: bytes, **headers: str) -> httpx.Response:
        kinds = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return caller.client.post(HOLD, content=content, headers={"Authorization": f"Bearer {caller.token}"} | kinds)

    return post


# --- bodies ----------------------------------------------------------------------------------------------------------

BODIES = {
    "nothing": b"",
    "spaces": b" " * 100,
    "a text": b'"hold"',
    "a list": b"[{}]",
    "a number": b"1",
    "null": b"null",
    "not a number": b'{"dose": NaN}',
    "beyond numbers": b'{"dose": 1e999999}',
    "a number of five thousand digits": b'{"dose": ' + b"9" * 5000 + b"}",
    "cut short": b'{"dose": 1',
    "two": b"{}{}",
    "a comment": b'{"dose": 1 /* */}',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a form": b"dose=1&session_id=x",
    "not UTF-8": b'{"slot": "\xff\xfe"}',
    "UTF-16": json.dumps({"dose": 1}).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "half a character": b'{"slot": "\\ud800"}',
    "NUL": b'{"slot": "\x00"}',
    "compressed": gzip.compress(b"{}" * 100),
    "a list in a list, three thousand deep": b"[" * 3000,
    "an object in an object, three thousand deep": b'{"a":' * 3000,
    "a byte too many": b'{"a": "' + b"a" * (16 * 1024) + b'"}',
    "a megabyte": b'{"a": "' + b"a" * 1_000_000 + b'"}',
    "a prototype": b'{"__proto__": {"dose": 1}, "constructor": {"prototype": {}}}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_order_is_refused_as_malformed(send, name: str) -> None:
    answer = send(BODIES[name])

    assert refusal(answer) == "USRRES0001"
    assert answer.json()["error"].split(":")[0].split(".")[0] in ("body", "dose", "slot", "session_id", "beneficiaries")


def test_of_a_field_given_twice_the_last_counts_and_is_checked(send, order) -> None:
    good = json.dumps(order)
    hostile = good[:-1] + ', "session_id": "SESSION#"}'

    answer = send(hostile.encode())

    assert (refusal(answer), answer.json()["error"].split(":")[0]) == ("USRRES0001", "session_id")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a", "", "*/*"],
)
def test_whatever_a_body_calls_itself_it_is_read_as_json(send, kind: str) -> None:
    """The protocol's clients are not strict; a token in a header, and no cookie, is what keeps other pages out."""
    assert refusal(send(b"<order/>", Content_Type=kind)) == "USRRES0001"


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "ibm037", "x\r\ny", "none"])
def test_no_charset_makes_another_body_of_it(send, charset: str) -> None:
    kind = f"application/json; charset={charset}".encode("unicode_escape").decode()

    assert refusal(send(b"+AHsAIg-dose+ACI-: 1}", Content_Type=kind)) == "USRRES0001"


def test_an_encoding_of_the_body_is_not_undone(send) -> None:
    """So a small request cannot become a large one."""
    assert refusal(send(gzip.compress(b'{"dose": 1}' * 1000), Content_Encoding="gzip")) == "USRRES0001"


# --- headers and parameters ------------------------------------------------------------------------------------------


def test_a_parameter_given_twice_is_refused_and_named(citizen: httpx.Client) -> None:
    for first, second in (("741101", "741101"), ("741101", "110001")):
        answer = citizen.get(
            f"{API}/appointment/sessions/public/findByPin",
            params=[("pincode", first), ("pincode", second), ("date", "01-01-2030")],
        )
        assert (refusal(answer), answer.json()["error"].split(":")[0]) == ("USRRES0001", "pincode")


def test_of_two_tokens_neither_is_taken_for_the_other(citizen: httpx.Client, caller: Citizen) -> None:
    """Whichever counts, nobody but its owner is answered: by the person that is listed."""
    good, bad = f"Bearer {caller.token}", "Bearer x.y.z"
    for pair in ((good, bad), (bad, good)):
        answer = citizen.get(MINE, headers=[("Authorization", value) for value in pair])
        assert answer.status_code == 401 or caller.people[0] in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Prefix": "/api/v2/admin"},
        {"X-Original-URL": f"{API}/admin/sessions", "X-Rewrite-URL": f"{API}/admin/sessions"},
        {"X-Amz-Security-Token": "x", "X-Amz-Date": "20300101T000000Z"},
        {"X-Tika-Visitor": "127.0.0.1", "X-Tika-Edge": "x"},
        {"X-Amzn-RequestId": "x" * 500},
        {"Accept": "application/xml", "Accept-Language": "../../etc/passwd"},
        {"Accept-Language": "hi_IN" * 500},
        {"Range": "bytes=0-1", "If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
        {"Expect": "100-continue"},
        {"Origin": "null", "Referer": "http://evil.example/"},
        {"Cookie": "a=b;" * 500},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_makes_anybody_somebody(citizen: httpx.Client, headers: dict[str, str]) -> None:
    for method, path, status in (("GET", MINE, 401), ("POST", f"{API}/admin/sessions", 403), ("POST", HOLD, 401)):
        answer = citizen.request(method, path, headers=headers, content=b"{}" if method == "POST" else b"")
        refusal(answer, *headers.values())
        assert answer.status_code == status


# --- methods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "CONNECT", "PROPFIND", "hold"])
def test_no_other_method_does_what_post_does(
    system: System, caller: Citizen, order, base_url: str, method: str
) -> None:
    before, body = stored(system, caller), json.dumps(order)
    request = (
        f"{method} {HOLD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.token}\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )

    (status, *more) = statuses(raw(base_url, request.encode()))

    assert 400 <= status < 500
    assert more == []
    assert stored(system, caller) == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_makes_another_method_of_it(system: System, caller: Citizen, order, header: str) -> None:
    before = stored(system, caller)
    who = {"Authorization": f"Bearer {caller.token}"}

    read = caller.client.get(MINE, headers=who | {header: "POST"})
    deleted = caller.client.request("GET", HOLD, headers=who | {header: "POST"}, content=json.dumps(order))

    assert read.status_code == 200
    assert refusal(deleted) == "TIKA0017"
    assert stored(system, caller) == before


# --- addresses -------------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "/api/v2/appointment/%62eneficiaries/../beneficiaries",
    "/api/v2/appointment/sessions/public/../../beneficiaries",
    "/api/v2/appointment/sessions/public/%2e%2e/%2e%2e/beneficiaries",
    "/api/v2/appointment/sessions/public%2f..%2f..%2fbeneficiaries",
    "/api/v2//appointment//beneficiaries",
    "/api/v2/appointment/beneficiaries/",
    "/api/v2/appointment/beneficiaries%00",
    "/api/v2/appointment/beneficiaries%00.css",
    "/api/v2/appointment/beneficiaries/x.css",
    "/api/v2/appointment/beneficiaries;x.css",
    "/api/v2/appointment/beneficiaries%3bx.css",
    "/api/v2/appointment/beneficiaries.json",
    "/api/v2/appointment/BENEFICIARIES",
    "/API/V2/appointment/beneficiaries",
    "/api/v2/appointment\\beneficiaries",
    "/api/v1/appointment/beneficiaries",
    "/api/v2/admin/location/districts/21/../../../appointment/beneficiaries",
    "/api/v2/admin/location/districts/%2e%2e%2f%2e%2e",
    "/api/../../../../etc/passwd",
    "/api/%2e%2e/%2e%2e/emulator.log",
    "/api/v2/%ff%fe",
    "/api/v2/" + "a" * 4000,
]


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path[:60])
def test_another_way_to_write_an_address_leads_to_nobody(base_url: str, caller: Citizen, path: str) -> None:
    """With a good token, as a victim's browser would send it for an attacker: what comes back may not be kept."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.token}\r\nConnection: close\r\n\r\n"

    received = raw(base_url, request.encode("latin-1"))

    (status,) = statuses(received)
    head, _, body = received.partition(b"\r\n\r\n")
    assert status in (200, 400, 401, 403, 404)
    assert b"root:" not in body
    assert caller.people[0].encode() not in body or b"no-store" in head.lower()


@pytest.mark.parametrize(
    "path", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/template.yaml", "/assets/../../package.json", "//etc/passwd"]
)
def test_the_portal_gives_out_nothing_but_itself(base_url: str, path: str) -> None:
    received = raw(base_url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    (status,) = statuses(received)
    assert status in (200, 404)
    assert not [secret for secret in (b"root:", b"AWSTemplateFormatVersion", b"devDependencies") if secret in received]


# --- two requests for one --------------------------------------------------------------------------------------------

SMUGGLED = "GET /api/v2/status HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a length and chunks": f"Content-Length: 59\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks of another name": f"Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks after a tab": f"Content-Length: 4\r\nTransfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a length below nothing": f"Content-Length: -1\r\n\r\n{SMUGGLED}",
    "a length in words": f"Content-Length: 0x10\r\n\r\n{SMUGGLED}",
    "a folded header": f"X-A: b\r\n Content-Length: 5\r\n\r\n{SMUGGLED}",
    "a header with a space": f"Content-Length : 5\r\n\r\n12345{SMUGGLED}",
    "a bare line feed": f"X-A: b\nContent-Length: 5\r\n\r\n12345{SMUGGLED}",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_request_with_two_readings_is_never_passed_on_as_two(base_url: str, name: str) -> None:
    """What the local edge refuses or reads as one; on AWS this is CloudFront's part, and the gateway's."""
    request = f"POST {API}/auth/public/confirmOTP HTTP/1.1\r\nHost: x\r\n{AMBIGUOUS[name]}"

    found = statuses(raw(base_url, request.encode()))

    # The second may be answered as what it openly is, a request of the same sender; never in place of the first.
    assert found[0] in (400, 501)
    assert all(status < 500 or status == 501 for status in found)
    assert len(found) <= 2


# --- the cache at the edge -------------------------------------------------------------------------------------------


def request_id(answer: httpx.Response) -> str:
    """Of the request to the origin that an answer comes from: the same twice, if it was kept."""
    return answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Original-URL": "/api/v2/status"},
        {"Origin": "http://evil.example"},
        {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"},
        {"Accept": "text/html"},
        {"User-Agent": "<script>"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_what_a_visitor_sends_is_not_in_what_the_next_one_gets(citizen: httpx.Client, headers: dict[str, str]) -> None:
    path = f"{API}/admin/location/districts/{9 + len(str(headers)) % 20}"

    poisoned, next_one = citizen.get(path, headers=headers), citizen.get(path)

    assert poisoned.text == next_one.text
    assert shape(poisoned)[0] == shape(next_one)[0] == 200
    assert not [value for value in headers.values() if value in str(shape(next_one))]


def test_a_language_is_answered_in_its_own_copy(citizen: httpx.Client) -> None:
    def in_language(language: str) -> str:
        return citizen.get(STATES, headers={"Accept-Language": language}).json()["states"][0]["state_name_l"]

    first = [in_language(language) for language in ("hi_IN", "bn_IN", "xx", "hi_IN", "en")]

    assert first[0] == first[3] != first[1]
    assert first[2] == first[4] == ""


@pytest.mark.parametrize("path", [MINE, f"{API}/appointment/sessions/findByPin?pincode=741101&date=01-01-2030"])
def test_an_answer_to_a_token_is_kept_nowhere(citizen: httpx.Client, caller: Citizen, path: str) -> None:
    mine = caller.client.get(path, headers={"Authorization": f"Bearer {caller.token}"})
    afterwards = citizen.get(path)

    assert mine.headers["cache-control"] == "no-store"
    assert (mine.status_code, afterwards.status_code) == (200, 401)


def test_a_refusal_is_kept_nowhere(citizen: httpx.Client) -> None:
    """Or one bad request would refuse everybody after it."""
    path = f"{API}/admin/location/districts/0"

    assert request_id(citizen.get(path)) != request_id(citizen.get(path))


def test_a_public_answer_asked_for_with_a_token_is_not_kept_for_others(citizen: httpx.Client, caller: Citizen) -> None:
    path = f"{API}/admin/location/districts/35"
    mine = caller.client.get(path, headers={"Authorization": f"Bearer {caller.token}"})

    assert request_id(citizen.get(path)) != request_id(mine)

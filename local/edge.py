"""One address for portal and API, as CloudFront gives it on AWS, keeping public answers as long as they allow.

The developer's inbox (/dev/inbox, /dev/messages) is here too and not in the template: no stage has it.
"""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import uvicorn
from hishel import AsyncSqliteStorage, CacheOptions
from hishel.asgi import ASGICacheMiddleware
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.system import ROOT, System
from tika.languages import LANGUAGES

PORTAL = ROOT / "portal" / "dist"

# The parameters that make a difference to public answers, as in the template's cache policy.
QUERY = {"center_id", "date", "district_id", "lat", "long", "pincode", "vaccine"}

_ORIGIN_TIMEOUT_S = 30  # as long as API Gateway waits
_NOT_FORWARDED = {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"}
_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "geolocation=(self)",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Origin:
    """Forwards requests to the REST API's stage."""

    def __init__(self, api_url: str):
        self._api_url = api_url
        limits = httpx.Limits(max_connections=200)
        self._client = httpx.AsyncClient(timeout=_ORIGIN_TIMEOUT_S, trust_env=False, limits=limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        # As bytes: a header may be no text at all.
        headers = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in _NOT_FORWARDED]
        raw_path = scope["raw_path"].decode("latin-1")
        try:
            answer = await self._client.request(
                request.method, f"{self._api_url}{raw_path}{query}", headers=headers, content=await request.body()
            )
        except httpx.HTTPError:
            said = "The service is very busy. Please try again in a few seconds."
            busy = {"errorCode": "TIKA0007", "error": said, "error_l": ""}
            await JSONResponse(busy, 503, {"Retry-After": "5"})(scope, receive, send)
            return
        body = b"" if answer.status_code == 204 else answer.content
        response = Response(body, answer.status_code)
        unpacked = {*_NOT_FORWARDED, "content-encoding"}
        response.raw_headers = [
            *((name.encode(), value.encode()) for name, value in answer.headers.multi_items() if name not in unpacked),
            (b"content-length", str(len(body)).encode()),
        ]
        await response(scope, receive, send)


class Edge:
    """Keeps what the origin allows any cache to keep, as the distribution does: one copy of an answer for all who ask
    the same, packed once, fetched once however many ask at the same moment, and never one for a person's token.
    """

    def __init__(self, origin: ASGIApp, cache: Path):
        cache.unlink(missing_ok=True)
        self._storage = AsyncSqliteStorage(database_path=cache)
        self._origin = origin
        packed = GZipMiddleware(origin, minimum_size=1000)
        self._cached = ASGICacheMiddleware(packed, self._storage, CacheOptions(shared=True))
        self._fetching: dict[bytes, asyncio.Task[list[Message]]] = {}

    async def close(self) -> None:
        await self._storage.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if scope["method"] != "GET" or b"authorization" in names:
            await self._origin(scope, receive, send)
            return
        start, *body = await self._fetched_once(_as_all_ask(scope))
        headers = dict(start["headers"])
        known = Headers(scope=scope).get("if-none-match", "")
        if start["status"] == 200 and _opaque(headers.get(b"etag", b"")) in map(_opaque, known.encode().split(b",")):
            kept = [pair for pair in start["headers"] if not pair[0].startswith(b"content-")]
            start, body = {**start, "status": 304, "headers": kept}, [{"type": "http.response.body"}]
        for message in (start, *body):
            await send(message)

    async def _fetched_once(self, scope: Scope) -> list[Message]:
        """The answer. Who asks while somebody else fetches it waits, and then finds it kept, or fetches one as well.

        A visitor who leaves ends nothing: others may wait for the answer, and half a write would lock the cache.
        """
        key = b"\n".join([scope["raw_path"], scope["query_string"], *(value for _, value in scope["headers"])])
        fetching = self._fetching.get(key)
        if fetching:
            await asyncio.wait([fetching])
        fetch = asyncio.create_task(self._answer(scope))
        if not fetching:
            self._fetching[key] = fetch
            fetch.add_done_callback(lambda _: self._fetching.pop(key))
        return await asyncio.shield(fetch)

    async def _answer(self, scope: Scope) -> list[Message]:
        messages: list[Message] = []

        async def nothing() -> Message:  # not a visitor: the answer is for others too, should one leave
            return {"type": "http.request"}

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._cached(scope, nothing, keep)
        return messages


def _as_all_ask(scope: Scope) -> Scope:
    """The request as the distribution's cache key has it: nothing of one visitor is left, not even what they know."""
    asked = Headers(scope=scope)
    wanted = re.match("[a-z]{2}(?![a-z])", asked.get("accept-language", "").lower())
    language = wanted[0] if wanted and wanted[0] in LANGUAGES else "en"
    coding = "gzip" if "gzip" in asked.get("accept-encoding", "") else "identity"
    given = parse_qsl(scope["query_string"].decode("latin-1"), True)
    pairs = [(name, value.strip().upper() if name == "vaccine" else value) for name, value in given if name in QUERY]
    query = sorted(pair for pair in pairs if pair != ("vaccine", ""))
    # The host is for the cache alone, which could take an answer in another language or coding for this one: it asks
    # the origin whether the tags it knows are still good, and one tag may name them all.
    headers = [(b"host", f"{language}.{coding}".encode()), (b"accept-language", language.encode())]
    headers += [(b"accept-encoding", coding.encode())] if coding == "gzip" else []
    return {**scope, "headers": headers, "query_string": urlencode(query).encode()}


def _opaque(tag: bytes) -> bytes:
    """A tag without its mark of weakness, which matters only to who asks for parts of a body."""
    return tag.strip().removeprefix(b"W/")


class Pages(StaticFiles):
    """The portal as it was built. Every address without a file's ending is its one page, as on CloudFront."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        is_page = path == "." or "." not in path.rsplit("/", 1)[-1]  # "." is the root
        response = await super().get_response("index.html" if is_page else path, scope)
        # Assets are named by what is in them, so they never change.
        forever = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
        return response


class Inbox:
    """The text messages that the local system was asked to send."""

    def __init__(self, messages_url: str):
        self._url = messages_url
        self._client = httpx.AsyncClient(timeout=5, trust_env=False)

    async def read(self, mobile: str) -> list[dict[str, str]]:
        """Newest first; only those to `mobile`, of which the last ten digits count, unless it is empty."""
        kept: dict[str, list[dict[str, Any]]] = (await self._client.get(self._url)).json()["sms_messages"]
        messages = [
            {"to": to, "text": message["Message"], "at": message.get("At", "")}
            for to, messages in kept.items()
            if to.endswith(mobile.strip()[-10:])
            for message in messages
        ]
        return sorted(messages, key=lambda message: message["at"], reverse=True)

    async def as_json(self, request: Request) -> Response:
        return JSONResponse(await self.read(request.query_params.get("mobile", "")))

    async def as_page(self, request: Request) -> Response:
        rows = "".join(
            f"<tr><td>{html.escape(m['at'])}<td>{html.escape(m['to'])}<td>{html.escape(m['text'])}"
            for m in await self.read(request.query_params.get("mobile", ""))
        )
        return HTMLResponse(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>Text messages</title><h1>Text messages</h1>"
            "<p>What this machine's Tika would have sent, newest first. Reload to look again.</p>"
            f"<table><thead><tr><th>Sent at<th>To<th>Text</thead><tbody>{rows or '<tr><td colspan=3>None yet.'}</table>"
        )


async def _with_security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # The origin's own where there is one: it says when an answer that was kept is from.
    response.headers.setdefault("Date", formatdate(usegmt=True))
    return response


def app(system: System, folder: Path) -> Starlette:
    """The edge of `system`; what it keeps lies in `folder` and is forgotten at each start."""
    inbox = Inbox(system.messages_url)
    portal = PORTAL if PORTAL.exists() else PORTAL.parent  # not built: a page that says little is better than none
    edge = Edge(Origin(system.api_url), folder / "edge.db")
    for leftover in folder.glob("edge.db-*"):
        leftover.unlink()

    @asynccontextmanager
    async def closing(_: Starlette) -> AsyncIterator[None]:
        yield
        await edge.close()

    return Starlette(
        lifespan=closing,
        routes=[
            Route("/dev/messages", inbox.as_json),
            Route("/dev/inbox", inbox.as_page),
            Mount("/api", edge),
            Mount("/", Pages(directory=portal), middleware=[Middleware(GZipMiddleware)]),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_with_security_headers)],
    )


def server(system: System, folder: Path) -> uvicorn.Server:
    """A server of the edge, to be run on a socket that is bound already."""
    settings = {"log_level": "warning", "access_log": False, "date_header": False, "timeout_graceful_shutdown": 3}
    return uvicorn.Server(uvicorn.Config(app(system, folder), **settings))

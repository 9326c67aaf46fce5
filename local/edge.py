"""One address for portal and API, as CloudFront gives it on AWS, keeping public answers as long as they allow.

The developer's inbox (/dev/inbox, /dev/messages) is here too and not in the template: no stage has it.
"""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from hishel import AsyncSqliteStorage, CacheOptions
from hishel.asgi import ASGICacheMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from local.system import ROOT, System

PORTAL = ROOT / "portal" / "dist"

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
            busy = {"errorCode": "TIKA0007", "error": "The service is very busy. Please try again in a few seconds."}
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
    """Keeps what the origin allows any cache to keep, never a request that carries a person's token."""

    def __init__(self, origin: ASGIApp, cache: Path):
        cache.unlink(missing_ok=True)
        storage = AsyncSqliteStorage(database_path=cache)
        self._origin = origin
        self._cached = ASGICacheMiddleware(origin, storage, CacheOptions(shared=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if scope["method"] != "GET" or b"authorization" in names:
            await self._origin(scope, receive, send)
            return
        # As on CloudFront, a visitor cannot ask for a fresh answer.
        headers = [pair for pair in scope["headers"] if pair[0] not in (b"cache-control", b"pragma")]
        await self._cached({**scope, "headers": headers}, receive, send)


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
    return response


def app(system: System, folder: Path) -> Starlette:
    """The edge of `system`; what it keeps lies in `folder` and is forgotten at each start."""
    inbox = Inbox(system.messages_url)
    portal = PORTAL if PORTAL.exists() else PORTAL.parent  # not built: a page that says little is better than none
    edge = Edge(Origin(system.api_url), folder / "edge.db")
    for leftover in folder.glob("edge.db-*"):
        leftover.unlink()
    return Starlette(
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
    return uvicorn.Server(
        uvicorn.Config(app(system, folder), log_level="warning", access_log=False, timeout_graceful_shutdown=3)
    )

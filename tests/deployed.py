"""Fixtures of the deployed system: started once for the whole run, with no data, and stopped at its end.

It is the system of `make run`, in a folder and on ports of its own: template.yaml deployed to the local emulator with
IAM enforced, behind the edge.
"""

import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local import edge
from local.system import REGION, ROOT, InUse, System, running

_FOLDERS = [ROOT / ".tika" / name for name in ("test", "test-2", "test-3", "test-4")]
# A function's first call starts a process and imports everything, on a machine that may be busy.
_TIMEOUT_S = 30

type Sign = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """The running system; `system.client(service)` looks behind the API."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    def say(step: str) -> None:
        if reporter:
            with capture.global_and_fixture_disabled():
                reporter.write_line(f"\n{step}")

    with ExitStack() as stack:
        for folder in _FOLDERS:  # a second run of the tests at the same time takes the next
            with suppress(InUse):
                yield stack.enter_context(running(folder, say=say, fresh=True))
                return
        pytest.fail("All folders of test systems are in use.")


@pytest.fixture(scope="session")
def base_url(system: System) -> Iterator[str]:
    """The address of portal and API, as a citizen sees it: paths begin with /api/v2."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    server = edge.server(system, system.folder)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(_TIMEOUT_S)
    if thread.is_alive():
        stack = traceback.format_stack(sys._current_frames()[thread.ident])
        pytest.fail("".join(["The edge did not stop; it is here:\n", *stack]))
    listener.close()


@pytest.fixture(scope="session")
def citizen(base_url: str) -> Iterator[httpx.Client]:
    """An HTTP client of the citizens' address."""
    with httpx.Client(base_url=base_url, timeout=_TIMEOUT_S, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def ops(system: System) -> Sign:
    """Calls an IAM route straight at the API, signed: `ops("POST", "/api/v2/admin/sessions", body)`.

    `key` and `secret` are the account root's unless given.
    """

    def call(method: str, path: str, body: Any = None, *, key: str = "test", secret: str = "test") -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        request = AWSRequest(method, system.api_url + path, data=content, headers={"Content-Type": "application/json"})
        SigV4Auth(Credentials(key, secret), "execute-api", REGION).add_auth(request)
        return httpx.request(
            method, request.url, content=content, headers=dict(request.headers), timeout=_TIMEOUT_S, trust_env=False
        )

    return call


@pytest.fixture(scope="session")
def text_messages(citizen: httpx.Client) -> Callable[..., list[dict[str, str]]]:
    """The messages sent to a mobile, newest first, once there are `count` of them."""

    def read(mobile: str, *, count: int = 1, within_s: float = 30) -> list[dict[str, str]]:
        deadline = time.monotonic() + within_s
        while True:
            messages = citizen.get("/dev/messages", params={"mobile": mobile}).json()
            if len(messages) >= count:
                return messages
            assert time.monotonic() < deadline, f"{len(messages)} of {count} messages after {within_s} s"
            time.sleep(0.1)

    return read

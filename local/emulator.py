"""MiniStack as a process of its own, with what release 1.5.33 leaves out of an API's definition put in,
and each archive unpacked once.

`python -m local.emulator` serves AWS on loopback; the settings come as environment variables from `local.system`.
"""

import hashlib
import os
import signal
import tempfile
import threading
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, sns


def import_whole_api(spec: dict[str, Any], base: dict[str, Any] | None = None) -> str:
    """Import an API as MiniStack does, then its gateway responses and its mocked methods, which it would ignore."""
    api_id = _import_rest_api(spec, base)
    for kind, response in spec.get("x-amazon-apigateway-gateway-responses", {}).items():
        status, _, body = apigateway_v1._put_gateway_response(api_id, kind, response)
        if status >= 400:
            raise ValueError(f"gateway response {kind}: {body!r}")
    for resource in apigateway_v1._resources[api_id].values():
        for method, operation in spec["paths"].get(resource["path"], {}).items():
            integration = operation.get("x-amazon-apigateway-integration", {})
            if integration.get("type") == "mock":
                _complete_mock(api_id, resource["id"], method.upper(), integration)
    return api_id


def _complete_mock(api_id: str, resource_id: str, method: str, integration: dict[str, Any]) -> None:
    held = apigateway_v1._resources[api_id][resource_id]["resourceMethods"][method]["methodIntegration"]
    held["requestTemplates"] = integration.get("requestTemplates", {})
    for response in integration["responses"].values():
        apigateway_v1._put_integration_response(api_id, resource_id, method, response["statusCode"], response)


class UnpackedOnce(zipfile.ZipFile):
    """Unpacks an archive the first time and links to it from then on.

    MiniStack unpacks code and layer anew for each container: thousands of files and seconds until its first answer.
    """

    _unpacking = threading.Lock()  # not `_lock`: each archive has one of that name

    def extractall(self, path: str) -> None:
        digest = hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
        unpacked = Path(tempfile.gettempdir(), f"unpacked-{digest}")
        with self._unpacking:
            if not unpacked.exists():
                half = unpacked.with_suffix(".half")
                super().extractall(half)
                half.rename(unpacked)
        for each in unpacked.iterdir():
            Path(path, each.name).symlink_to(each)


class Stamping:
    """The list of one number's text messages; each that is appended gets the time, which MiniStack does not keep."""

    def __init__(self, records: list[dict[str, Any]]):
        self.records = records

    def append(self, record: dict[str, Any]) -> None:
        self.records.append(record | {"At": datetime.now(UTC).isoformat(timespec="milliseconds")})


def stop_with(parent: int) -> None:
    """End in order when the process that started this one is gone, even if it was killed and could not say so."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


_import_rest_api = apigateway_v1._import_rest_api
_sms_log_for = sns._sms_log_for

if __name__ == "__main__":
    apigateway_v1._import_rest_api = import_whole_api
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": UnpackedOnce})
    sns._sms_log_for = lambda number: Stamping(_sms_log_for(number))
    threading.Thread(target=stop_with, args=(int(os.environ["STARTED_BY"]),), daemon=True).start()
    app.main()

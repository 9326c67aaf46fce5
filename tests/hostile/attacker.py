"""What attacks need, and what every one of them is measured by."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx

from local.system import System
from tests.citizens import Citizen

ANSWERS_WITHIN_S = 30
# Of an answer: what differs between any two, whatever they say.
_OF_THE_MOMENT = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amz-apigw-id", "x-amzn-trace-id"}


def refusal(answer: httpx.Response, *sent: str) -> str:
    """The code of a refusal, "" for the plain texts. It is the contract's, repeats nothing of what was sent, and is
    no fault of ours.
    """
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert not [text for text in sent if len(text) > 3 and text in answer.text], answer.text
    assert answer.headers.get("cache-control", "no-store") == "no-store"
    if answer.headers["content-type"].startswith("text/plain"):
        assert answer.text in ("Unauthenticated access!", "OTP Already Sent")
        return ""
    value = answer.json()
    assert set(value) == {"errorCode", "error", "error_l"}, value
    return value["errorCode"]


def shape(answer: httpx.Response) -> tuple[Any, ...]:
    """All of an answer by which it could be told from another."""
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_MOMENT}
    return answer.status_code, answer.text, headers


def stored(system: System, citizen: Citizen, session_id: str = "") -> list[dict[str, Any]]:
    """The rows of an account, and the seats of a session: what an attack must not have touched."""
    rows = _query(system, "Citizens", f"ACCOUNT#{citizen.account}", "")
    if session_id:
        rows += _query(system, "Slots", f"SESSION#{session_id}", "SEAT#")
    return sorted(rows, key=json.dumps)


def _query(system: System, table: str, pk: str, prefix: str) -> list[dict[str, Any]]:
    values = {":pk": {"S": pk}} | ({":prefix": {"S": prefix}} if prefix else {})
    return system.client("dynamodb").query(
        TableName=system.resource(table),
        KeyConditionExpression="pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
        ExpressionAttributeValues=values,
        ConsistentRead=True,
    )["Items"]


def raw(base_url: str, request: bytes) -> bytes:
    """All that comes back for these very bytes, until the other side closes or says nothing more for a second."""
    host, port = urlsplit(base_url).hostname, urlsplit(base_url).port
    with socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S) as connection:
        connection.sendall(request)
        received = connection.recv(65536)
        connection.settimeout(1)
        try:
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            pass
    return received


def statuses(received: bytes) -> list[int]:
    """The status of each answer in what came back."""
    return [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]

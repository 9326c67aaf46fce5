"""The deployed system over HTTP: what the template and the gateway do, before any function says a word."""

import httpx
import pytest

from local.system import System

pytestmark = pytest.mark.system


def test_the_portal_and_the_api_share_an_address(citizen: httpx.Client) -> None:
    page, status = citizen.get("/"), citizen.get("/api/v2/status")

    assert page.status_code == 200
    assert "Tika" in page.text
    assert page.headers["content-security-policy"]
    assert status.status_code == 200


def test_a_preflight_is_answered_for_every_route(citizen: httpx.Client) -> None:
    answer = citizen.options("/api/v2/appointment/hold", headers={"Origin": "https://portal.example"})

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v2/nothing"), ("POST", "/api/v2/admin/sessions")])
def test_what_the_gateway_refuses_has_the_contracts_shape_and_allows_cors(citizen, method, path) -> None:
    answer = citizen.request(method, path)

    assert answer.status_code == 403
    assert answer.json()["errorCode"] == "TIKA0017"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_request_signed_with_an_unknown_key_is_refused(ops) -> None:
    answer = ops("POST", "/api/v2/admin/sessions", {}, key="AKIAUNKNOWNUNKNOWN00", secret="unknown")

    assert answer.status_code == 403
    assert answer.json()["errorCode"].startswith("TIKA")


def test_a_signed_request_reaches_publish_session(ops) -> None:
    answer = ops("POST", "/api/v2/admin/sessions", {})

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "USRRES0001"


def test_public_answers_are_kept_at_the_edge_and_answers_to_a_token_are_not(citizen: httpx.Client) -> None:
    path = "/api/v2/admin/location/states"
    ids = [citizen.get(path).headers["x-amzn-requestid"] for _ in range(2)]
    with_token = [citizen.get(path, headers={"Authorization": "Bearer x"}).headers["x-amzn-requestid"] for _ in "ab"]

    assert len(set(ids)) == 1
    assert len({*ids, *with_token}) == 3


def test_a_function_can_do_no_more_than_its_role_allows(system: System) -> None:
    iam = system.client("iam")
    role = system.resource("ListPlacesRole")

    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []


def test_the_secrets_have_room_for_a_rotation(system: System) -> None:
    secrets, key = system.client("secretsmanager"), system.resource("TokenKey")
    before = secrets.get_secret_value(SecretId=key)["SecretString"]

    secrets.put_secret_value(SecretId=key, SecretString="n" * 64)

    assert len(before) == 64
    assert secrets.get_secret_value(SecretId=key, VersionStage="AWSPREVIOUS")["SecretString"] == before

"""Requests made from the API document, in their thousands: what it promises holds for all of them.

Each operation by itself, by its examples, by the edges of each field, and at random; then journeys along the document's
links. Every check of the library, but for the exceptions below.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance, unsupported_method

from local.system import REGION, ROOT, System
from tests.citizens import CHANCE, DISTRICT, LAT, LONG, NOONTIME, PINCODE, Citizen, SignIn, a_mobile
from tika.eligibility import IST

pytestmark = pytest.mark.system

PROOF = os.environ.get("TIKA_PROOF") == "whole"
EXAMPLES, JOURNEYS, STEPS = (100, 300, 15) if PROOF else (4, 40, 12)
SEED = int(os.environ.get("TIKA_SEED", "20210428"))

RENEW_AFTER_S = 600  # a token lives 900

NOT_CHECKED = [
    # API Gateway answers 403 to a method that a path does not have: test_http looks at what it says.
    unsupported_method,
    # Most refusals of the protocol are 400, also "no such session"; `is_understood` says what must not be refused.
    positive_data_acceptance,
]
# What the code demands beyond what a JSON schema can say, by the field that the refusal names.
UNSAYABLE = {
    "date": "that the day exists, and is neither past nor far ahead",
    "mobile": "ten digits, with what people write before and between them",
    "name": "letters of any script, at most 100 once normalized",
    "photo_id_type": "that a correction gives a kind and a number together",
    "photo_id_number": "the form of the kind of photo id, and its check digit",
    "birth_year": "not after this year",
    "lat": "a range of numbers written as text",
    "long": "a range of numbers written as text",
    "district_id": "that the district exists",
    "state_id": "that the state exists",
    "slots": "an order, and that no label stands twice",
    "to": "after from",
    "center_id": "a range of numbers written as text",
    "min_age_limit": "a range of numbers written as text",
    "max_age_limit": "a range of numbers written as text, and not below min_age_limit",
    "fee": "a ceiling by vaccine, and none where it is free",
    "vaccine": "one of the programme",
    "translations": "a length of all texts together",
    "address": "text without control characters",
    "block_name": "text without control characters",
}
# What is gone through on the links, each at its first address. Few journeys reach a hold where they meet much else.
SHORT_WAY = {"states", "districts", "find_by_district", "request_otp", "verify_otp", "register", "hold"}
ALL_THE_WAY = SHORT_WAY | {
    "list_beneficiaries", "update_beneficiary", "delete_beneficiary", "schedule", "confirm_slot", "reschedule_slot",
    "appointment_slip", "cancel_slot",
}  # fmt: skip
ON_THE_WAY = ALL_THE_WAY if PROOF else SHORT_WAY
UNSIGNED = "Bearer of somebody whom a fixture signs in"  # cases are made before there is anybody

asked: Counter[str] = Counter()


def wants(kind: str) -> Any:
    return lambda context: any(kind in each for each in context.operation.definition.raw["security"])


class Bearer:
    def get(self, case: Any, context: Any) -> str:
        return UNSIGNED

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


def signed(request: Any) -> Any:
    """Signs a request as ops do."""
    copy = AWSRequest(request.method, request.url, data=request.body or b"", headers=dict(request.headers))
    SigV4Auth(Credentials("test", "test"), "execute-api", REGION).add_auth(copy)
    request.headers.update(dict(copy.headers))
    return request


def document(**config: Any) -> Any:
    schema = schemathesis.openapi.from_path(
        ROOT / "docs/openapi.json", config=schemathesis.Config.from_dict({"seed": SEED, **config})
    )
    schema.auth(refresh_interval=None).apply_to(wants("bearer"))(Bearer)
    schema.auth.set_from_requests(signed).apply_to(wants("iam"))
    return schema


schema = document()


def is_understood(_ctx: Any, response: Any, case: Any) -> None:
    """What the document calls valid is never refused as malformed."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    value = response.json() if "json" in response.headers["content-type"][0] else {}
    field = value.get("error", "").partition(":")[0].partition(".")[0]
    if value.get("errorCode") in ("USRRES0001", "USRAUT0010", "APPOIN0018") and field not in UNSAYABLE:
        raise AssertionError(value["error"])


class Site:
    """Where the cases go, and who sends them: somebody with two people and an appointment."""

    def __init__(self, base_url: str, system: System, somebody: Callable[[], Citizen]):
        self.base_url, self.api_url, self._somebody = base_url, system.api_url, somebody
        self._token, self._until = "", float("-inf")

    @property
    def token(self) -> str:
        if time.monotonic() > self._until:  # a long run outlives a token
            self._token, self._until = self._somebody().token, time.monotonic() + RENEW_AFTER_S
        return self._token

    def place(self, case: Any) -> dict[str, Any]:
        """Signed requests go to the API itself; its host is what they are signed for."""
        return {"base_url": self.api_url if wants("iam")(case) else self.base_url}

    def sign_in(self, case: Any, token: str = "") -> None:
        if case.headers and case.headers.get("Authorization") == UNSIGNED:
            case.headers["Authorization"] = f"Bearer {token or self.token}"

    def check(self, case: Any, response: Any) -> None:
        asked[case.operation.definition.raw["x-handler"]] += 1
        # An unsigned request is 403 to API Gateway, and not 401.
        skipped = [*NOT_CHECKED, missing_required_header] if wants("iam")(case) else NOT_CHECKED
        case.validate_response(
            response, additional_checks=[is_understood], excluded_checks=skipped, transport_kwargs=self.place(case)
        )


@pytest.fixture(scope="module")
def site(base_url: str, system: System, sign_in: SignIn, a_session: Any) -> Site:
    def somebody() -> Citizen:
        citizen = sign_in(people=2)
        answer = citizen.post("/appointment/schedule", citizen.order(a_session()["session_id"]))
        assert answer.status_code == 200, answer.text
        return citizen

    return Site(base_url, system, somebody)


def paths() -> Iterator[tuple[str, str]]:
    """(path, handler) in the order of the document."""
    for path, methods in schema.raw_schema["paths"].items():
        yield from ((path, operation["x-handler"]) for operation in methods.values())


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_request_is_answered_as_the_document_says(case: Any, site: Site) -> None:
    site.sign_in(case)
    site.check(case, case.call(**site.place(case)))


def test_journeys_along_the_links_are_answered_as_the_document_says(
    site: Site, sign_in: SignIn, a_session: Any, measured: Callable[[str], None]
) -> None:
    session = a_session(seats=500)
    places_there = {"dose": 1, "session_id": session["session_id"], "slot": NOONTIME}
    well: Counter[str] = Counter()
    tomorrow = f"{datetime.now(IST) + timedelta(days=1):%d-%m-%Y}"
    places = {"pincode": str(PINCODE), "district_id": str(DISTRICT), "lat": str(LAT), "long": str(LONG)}

    first = {handler: next(path for path, of in paths() if of == handler) for handler in ON_THE_WAY}
    # Hostile requests are made by the test above; here one valid request follows the other.
    positive = {"generation": {"mode": "positive"}, "inference": {"algorithms": []}}
    links = document(phases={"stateful": positive}).include(path=list(first.values()))

    class Journey(links.as_state_machine()):
        """One phone: it knows what no answer says, the number and the code that came to it."""

        def setup(self) -> None:
            self.token, self.people, self.mobiles = "", [], {}

        def before_call(self, case: Any) -> None:
            handler, body = case.operation.definition.raw["x-handler"], case.body
            if case.query and "date" in case.query:
                case.query |= {"date": tomorrow}
            for name in places.keys() & (case.query or {}).keys():
                case.query |= {name: places[name]}
            if handler == "request_otp":
                case.body = {"mobile": a_mobile()}
            elif handler == "verify_otp" and body.get("txnId") in self.mobiles:
                code = sign_in.read(self.mobiles[body["txnId"]])[0]["text"].split(" is ")[1][:6]
                case.body = body | {"otp": hashlib.sha256(code.encode()).hexdigest()}
            elif handler == "register":
                number = f"R{CHANCE.randrange(10**7):07}"
                person = {"name": "Asha Devi", "birth_year": "1960", "photo_id_type": 8, "photo_id_number": number}
                case.body = body | person
            elif handler in ("hold", "schedule"):
                case.body = body | places_there | {"beneficiaries": self.people[-1:] or body["beneficiaries"]}
            site.sign_in(case, self.token)

        def after_call(self, response: Any, case: Any) -> None:
            handler = case.operation.definition.raw["x-handler"]
            if response.status_code not in (200, 204):
                return
            well[handler] += 1
            if handler == "request_otp":
                self.mobiles[response.json()["txnId"]] = case.body["mobile"]
            elif handler == "verify_otp":
                self.token, self.people = response.json()["token"], []
            elif handler == "register":
                self.people.append(response.json()["beneficiary_reference_id"])

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return site.place(case)

        def validate_response(self, response: Any, case: Any, additional_checks: Any = (), **kwargs: Any) -> None:
            site.check(case, response)

    Journey.run(
        settings=settings(
            max_examples=JOURNEYS,
            stateful_step_count=STEPS,
            derandomize=not PROOF,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )

    measured(f"{asked.total()} requests made from the API document, seed {SEED}")
    measured(f"{JOURNEYS} journeys among them, answered well: {dict(well)}")
    assert set(well) >= ON_THE_WAY

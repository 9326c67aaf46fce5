"""Citizens of the deployed system: they sign in by text message, register people, book, and leave things behind."""

import base64
import hashlib
import json
import random
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.deployed import Sign
from tika.eligibility import IST

API = "/api/v2"
MORNING, NOONTIME = "09:00AM-11:00AM", "11:00AM-01:00PM"
PINCODE, DISTRICT, LAT, LONG = 741101, 728, 23.2, 88.48
CHANCE = random.SystemRandom()  # hypothesis winds back `random` itself, and a number has one code a minute


@dataclass
class Left:
    """What a log may not hold, by kind."""

    mobiles: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    photo_ids: set[str] = field(default_factory=set)
    reference_ids: set[str] = field(default_factory=set)
    otps: set[str] = field(default_factory=set)
    secret_codes: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)


@dataclass
class Citizen:
    """Somebody signed in, and the people they register."""

    client: httpx.Client
    left: Left
    mobile: str
    token: str
    people: list[str] = field(default_factory=list)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(API + path, params=query, headers=self._headers)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.client.post(API + path, json=body, headers=self._headers)

    def register(self, name: str = "Asha Devi Kulkarni") -> httpx.Response:
        number = f"T{CHANCE.randrange(10**7):07}"
        person = {"name": name, "birth_year": "1960", "gender_id": 2, "photo_id_type": 8, "photo_id_number": number}
        answer = self.post("/registration/beneficiary/new", person | {"comorbidity_ind": "N", "consent_version": "1"})
        if name.strip():  # a blank stands in every line
            self.left.names.add(name)
        self.left.photo_ids.add(number)
        if answer.status_code == 200:
            self.people.append(answer.json()["beneficiary_reference_id"])
            self.left.reference_ids.add(self.people[-1])
        return answer

    def order(self, session_id: str, slot: str = MORNING, people: Sequence[str] = ()) -> dict[str, Any]:
        return {"dose": 1, "session_id": session_id, "slot": slot, "beneficiaries": list(people or self.people)}

    def hold(self, session_id: str, slot: str = MORNING) -> httpx.Response:
        return self.post("/appointment/hold", self.order(session_id, slot))

    def appointments(self) -> list[dict[str, Any]]:
        people = self.get("/appointment/beneficiaries").json()["beneficiaries"]
        found = [appointment for person in people for appointment in person["appointments"]]
        self.left.secret_codes.update(one["secret_code"] for one in found if "secret_code" in one)
        return found

    @property
    def account(self) -> str:
        claims = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=="))["user_id"]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class SignIn:
    """Asking for a code and reading it from the text message."""

    client: httpx.Client
    left: Left
    read: Callable[..., list[dict[str, str]]]

    def ask(self, mobile: str) -> tuple[str, str]:
        """The id of the challenge, and the six digits."""
        answer = self.client.post(f"{API}/auth/public/generateOTP", json={"mobile": mobile})
        assert answer.status_code == 200, answer.text
        text = self.read(mobile)[0]["text"]
        found = re.fullmatch(
            r"Your OTP to register/access CoWIN is ([0-9]{6})\. It will be valid for 3 minutes\. - CoWIN", text
        )
        assert found, text
        self.left.mobiles.add(mobile)
        self.left.otps.add(found[1])
        return answer.json()["txnId"], found[1]

    def confirm(self, txn_id: str, otp: str) -> httpx.Response:
        digest = hashlib.sha256(otp.encode()).hexdigest()
        return self.client.post(f"{API}/auth/public/confirmOTP", json={"otp": digest, "txnId": txn_id})

    def __call__(self, people: int = 1) -> Citizen:
        mobile = a_mobile()
        answer = self.confirm(*self.ask(mobile))
        assert answer.status_code == 200, answer.text
        citizen = Citizen(self.client, self.left, mobile, answer.json()["token"])
        self.left.tokens.add(citizen.token)
        for _ in range(people):
            registered = citizen.register()
            assert registered.status_code == 200, registered.text
        return citizen


def a_mobile() -> str:
    return f"98{CHANCE.randrange(10**8):08}"


def a_session_of(ops: Sign, *, seats: int = 10, **changes: Any) -> dict[str, Any]:
    """Another centre's session of tomorrow, published by ops, with two slots of that many seats for the first dose."""
    session = {
        "session_id": str(uuid.uuid4()),
        "date": f"{datetime.now(UTC).astimezone(IST) + timedelta(days=1):%d-%m-%Y}",
        "vaccine": "COVISHIELD",
        "min_age_limit": 18,
        "center_id": CHANCE.randrange(1, 10**9),
        "name": "Krishnanagar District Hospital",
        "address": "Hospital Road, Krishnanagar",
        "block_name": "Krishnanagar",
        "district_id": DISTRICT,
        "pincode": PINCODE,
        "lat": LAT,
        "long": LONG,
        "from": "09:00:00",
        "to": "17:00:00",
        "fee_type": "Paid",
        "fee": "250",
        "slots": [{"slot": slot, "dose1": seats, "dose2": 0} for slot in (MORNING, NOONTIME)],
        **changes,
    }
    answer = ops("POST", f"{API}/admin/sessions", session)
    assert answer.status_code == 200, answer.text
    return session


def until[V](look: Callable[[], V], wanted: V, *, within_s: float) -> V:
    """What `look` sees when it sees what is wanted, or at the latest after `within_s`."""
    deadline = time.monotonic() + within_s
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen

"""What attackers try on the journey: other people's things, ids, numbers and codes."""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import httpx
import pytest

from local.system import System
from tests.citizens import API, MORNING, NOONTIME, Citizen, SignIn, a_mobile
from tests.hostile.attacker import refusal, shape, stored

pytestmark = pytest.mark.system

REJECTED = '{"errorCode":"USRAUT0014","error":"Invalid OTP","error_l":""}'
IN_FLIGHT = 4  # each is a process of its own, on a machine of perhaps two processors

type Ask = Callable[[Citizen, "Target"], httpx.Response]


class Target:
    """Somebody with a person and a booked appointment, and the session it is in."""

    def __init__(self, victim: Citizen, session_id: str, appointment_id: str):
        self.victim, self.session_id, self.appointment_id = victim, session_id, appointment_id
        self.person = victim.people[0]


@pytest.fixture(scope="module")
def target(sign_in: SignIn, a_session: Callable[..., dict[str, Any]]) -> Target:
    victim, session_id = sign_in(), a_session(seats=20)["session_id"]
    booked = victim.post("/appointment/schedule", victim.order(session_id))
    return Target(victim, session_id, booked.json()["appointment_confirmation_no"])


@pytest.fixture(scope="module")
def attacker(sign_in: SignIn) -> Citizen:
    """Signed in with one person of their own."""
    return sign_in()


# --- other people's things -------------------------------------------------------------------------------------------


def _post(path: str, body: Callable[[Citizen, Target], dict[str, Any]]) -> Ask:
    return lambda attacker, target: attacker.post(path, body(attacker, target))


def _appointment(_: Citizen, target: Target) -> dict[str, Any]:
    return {"appointment_id": target.appointment_id}


ON_OTHERS: dict[str, Ask] = {
    "confirm": _post("/appointment/confirm", _appointment),
    "cancel": _post("/appointment/cancel", _appointment),
    "cancel for the victim": _post(
        "/appointment/cancel", lambda a, t: _appointment(a, t) | {"beneficiariesToCancel": [t.person]}
    ),
    "cancel for oneself": _post(
        "/appointment/cancel", lambda a, t: _appointment(a, t) | {"beneficiariesToCancel": a.people}
    ),
    "reschedule": _post(
        "/appointment/reschedule", lambda a, t: _appointment(a, t) | {"session_id": t.session_id, "slot": NOONTIME}
    ),
    "slip": lambda a, t: a.get("/appointment/appointmentslip/download", appointment_id=t.appointment_id),
    "hold": _post("/appointment/hold", lambda a, t: a.order(t.session_id, people=[t.person])),
    "schedule": _post("/appointment/schedule", lambda a, t: a.order(t.session_id, people=[t.person])),
    "schedule with one of one's own": _post(
        "/appointment/schedule", lambda a, t: a.order(t.session_id, people=[*a.people, t.person])
    ),
    "correct": _post(
        "/registration/beneficiary/update", lambda a, t: {"beneficiary_reference_id": t.person, "name": "Somebody Else"}
    ),
    "delete": _post("/registration/beneficiary/delete", lambda a, t: {"beneficiary_reference_id": t.person}),
}


@pytest.mark.parametrize("name", ON_OTHERS)
def test_what_is_somebody_elses_is_as_if_it_were_not_there(system: System, target, attacker, name: str) -> None:
    class Nobody(Target):
        def __init__(self) -> None:
            self.session_id, self.appointment_id, self.person = target.session_id, str(uuid.uuid4()), "10000000000000"

    before = stored(system, target.victim, target.session_id), stored(system, attacker)

    theirs, nobodys = ON_OTHERS[name](attacker, target), ON_OTHERS[name](attacker, Nobody())

    assert refusal(theirs, target.person, target.appointment_id) in ("TIKA0008", "TIKA0009")
    assert shape(theirs) == shape(nobodys)
    assert (stored(system, target.victim, target.session_id), stored(system, attacker)) == before


def test_the_owner_is_let_in_by_the_same_requests(target, sign_in: SignIn) -> None:
    """The twin that must succeed, or the attacks above prove nothing."""
    assert ON_OTHERS["slip"](target.victim, target).status_code == 200
    assert ON_OTHERS["confirm"](target.victim, target).status_code == 200


# --- ids -------------------------------------------------------------------------------------------------------------

HOSTILE = {
    "a separator of keys": "#",
    "the key of a row": "SESSION#00000000-0000-4000-8000-000000000000",
    "a UUID and more": "00000000-0000-4000-8000-000000000000#SEAT#1",
    "a UUID and a line": "00000000-0000-4000-8000-000000000000\n",
    "digits of another script": "२१३६३१८१४९६७३१",
    "full-width digits": "２１３６３１８１４９６７３１",
    "a look-alike": "0000000O-0000-4000-8000-000000000000",
    "NUL": "21363181496731\x00",
    "a path": "../../admin/sessions",
    "SQL": "' OR '1'='1",
    "a template": "${jndi:ldap://127.0.0.1/a}{{7*7}}",
    "markup": "<script>alert(1)</script>",
    "an address": "http://169.254.169.254/latest/meta-data/",
    "half a character": "\ud800",
    "nothing": "",
    "ten thousand letters": "A" * 10_000,
    "a query operator": {"$ne": None},
    "a list": ["21363181496731"],
    "a number": 2136318149673,
    "a huge number": 10**400,
    "true": True,
}
FIELDS = [
    ("/appointment/confirm", "appointment_id", {}),
    ("/appointment/cancel", "appointment_id", {}),
    ("/appointment/cancel", "beneficiariesToCancel", {"appointment_id": str(uuid.UUID(int=1))}),
    ("/appointment/reschedule", "appointment_id", {"session_id": str(uuid.UUID(int=1)), "slot": MORNING}),
    ("/appointment/reschedule", "session_id", {"appointment_id": str(uuid.UUID(int=1)), "slot": MORNING}),
    ("/appointment/hold", "session_id", {"dose": 1, "slot": MORNING, "beneficiaries": ["21363181496731"]}),
    ("/appointment/schedule", "beneficiaries", {"dose": 1, "slot": MORNING, "session_id": str(uuid.UUID(int=1))}),
    ("/registration/beneficiary/delete", "beneficiary_reference_id", {}),
    ("/registration/beneficiary/update", "beneficiary_reference_id", {"name": "Asha"}),
]


@pytest.mark.parametrize(("path", "field", "rest"), FIELDS, ids=[f"{path} {field}" for path, field, _ in FIELDS])
def test_no_id_is_anything_but_an_id(attacker, path: str, field: str, rest: dict[str, Any]) -> None:
    many = field.startswith("beneficiaries")
    for name, value in HOSTILE.items():
        body = rest | {field: [value] if many else value}
        answer = attacker.client.post(
            API + path,
            content=json.dumps(body),
            headers={"Authorization": f"Bearer {attacker.token}", "Content-Type": "application/json"},
        )
        said = refusal(answer, *([value] if isinstance(value, str) and len(value) > 20 else []))
        assert said == "USRRES0001", (name, answer.text)
        assert answer.json()["error"].startswith((field, "body")), (name, answer.text)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/appointment/appointmentslip/download", "appointment_id"),
        ("/appointment/sessions/findByPin", "pincode"),
        ("/appointment/sessions/findByDistrict", "district_id"),
        ("/appointment/sessions/public/calendarByCenter", "center_id"),
        ("/appointment/sessions/public/calendarByPin", "date"),
        ("/appointment/centers/public/findByLatLong", "lat"),
    ],
)
def test_no_parameter_is_anything_but_what_it_is(attacker, path: str, field: str) -> None:
    rest = {"date": "01-01-2030", "pincode": "741101", "long": "88.4"}
    for name, value in HOSTILE.items():
        if not isinstance(value, str) or "\ud800" in value or len(value) > 5000:
            continue  # what no address can carry
        if value != value.strip():
            continue  # blanks around a parameter fall away
        answer = attacker.get(path, **(rest | {field: value}))
        assert refusal(answer) in ("USRRES0001", "APPOIN0018"), (name, answer.text)
        assert answer.json()["error"].startswith(field), (name, answer.text)


def test_parameters_that_nobody_asked_for_change_nothing(citizen: httpx.Client, target) -> None:
    """There is no cursor, page or limit to tamper with."""
    query = {"district_id": "728", "date": "01-01-2030"}
    more = {"cursor": "eyJwayI6ICJBQ0NPVU5UIyJ9", "limit": "100000", "offset": "-1", "page": "0", "fields": "*"}
    more |= {"ExclusiveStartKey": "{}", "debug": "true", "callback": "alert", "_method": "DELETE"}

    plain, tampered = (
        citizen.get(f"{API}/appointment/sessions/public/findByDistrict", params=params).json()["sessions"]
        for params in (query, query | more)
    )

    assert plain == tampered


# --- codes -----------------------------------------------------------------------------------------------------------


def _attempts(system: System, txn_id: str) -> int:
    item = system.client("dynamodb").get_item(
        TableName=system.resource("Otp"), Key={"pk": {"S": f"CHALLENGE#{txn_id}"}}, ConsistentRead=True
    )["Item"]
    return int(item["attempts"]["N"])


def test_of_twenty_guesses_at_once_five_are_compared_and_then_none(system: System, sign_in: SignIn) -> None:
    txn_id, otp = sign_in.ask(a_mobile())
    wrong = [f"{(int(otp) + number) % 10**6:06}" for number in range(1, 21)]

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        guesses = list(pool.map(lambda guess: sign_in.confirm(txn_id, guess), wrong))
    late = sign_in.confirm(txn_id, otp)

    assert {refusal(answer) for answer in [*guesses, late]} == {"USRAUT0014"}
    assert _attempts(system, txn_id) == 5


def test_no_spelling_route_or_source_gets_a_number_another_code(citizen: httpx.Client, text_messages) -> None:
    mobile = a_mobile()
    spellings = [
        mobile,
        f"+91{mobile}",
        f"0{mobile}",
        f"+91 {mobile[:5]}-{mobile[5:]}",
        f"91{mobile}",
        f"\u200e{mobile}",
    ]
    routes = ["/auth/public/generateOTP", "/auth/generateMobileOTP", "/auth/generateOTP"]
    answers = [
        citizen.post(API + route, json={"mobile": spelling}, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        for number, (route, spelling) in enumerate(product(routes, spellings))
    ]

    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.text for answer in answers if answer.status_code != 200} == {"OTP Already Sent"}
    assert len(text_messages(mobile)) == 1


def test_one_guess_at_each_of_many_numbers_is_refused_by_each_alike(sign_in: SignIn, citizen: httpx.Client) -> None:
    """Spraying: what limits it beyond a number's own limits is the rule by address at the edge (tests/template)."""
    answers = []
    for _ in range(10):
        txn_id = citizen.post(f"{API}/auth/public/generateOTP", json={"mobile": a_mobile()}).json()["txnId"]
        answers.append(sign_in.confirm(txn_id, "000000"))

    assert {shape(answer)[:2] for answer in answers} == {(400, REJECTED)}


@pytest.mark.parametrize(
    "otp",
    [
        "459831",
        "",
        "0" * 64,
        "g" * 64,
        "０" * 64,
        "a" * 63,
        "a" * 65,
        "a" * 10_000,
        "' OR 1=1",
        "\x00" * 64,
        "a" * 64 + "\n",
    ],
    ids=lambda otp: repr(otp[:12]),
)
def test_whatever_is_no_code_is_refused_in_the_same_words(citizen: httpx.Client, otp: str) -> None:
    for txn_id in (str(uuid.uuid4()), "#", "MOBILE#", "CHALLENGE#x", "0" * 10_000):
        answer = citizen.post(f"{API}/auth/public/confirmOTP", json={"otp": otp, "txnId": txn_id})
        said = refusal(answer)
        # Over the size of a body the request is refused before anything of it is looked at.
        assert (said, answer.text) == ("USRAUT0014", REJECTED) or (
            said == "USRRES0001" and len(otp) + len(txn_id) > 16_000
        )


def test_a_code_is_no_good_for_another_challenge(sign_in: SignIn) -> None:
    """Nor does the hash of one sign in at another: the challenge is a part of what is hashed."""
    (_, otp), (other, other_otp) = sign_in.ask(a_mobile()), sign_in.ask(a_mobile())
    if otp == other_otp:
        pytest.fail("two codes of six digits are the same, once in a million runs: run again")

    assert refusal(sign_in.confirm(other, otp)) == "USRAUT0014"


def test_who_is_registered_is_told_to_nobody(system: System, citizen: httpx.Client, attacker) -> None:
    """Asking for a code for a number that has an account, and for one that nobody has heard of."""
    rest = {"pk": {"S": f"MOBILE#{attacker.account}"}}
    system.client("dynamodb").update_item(
        TableName=system.resource("Otp"), Key=rest, UpdateExpression="REMOVE resend_at, sends, day_ends, txn_id"
    )

    known, stranger = (
        citizen.post(f"{API}/auth/public/generateOTP", json={"mobile": mobile})
        for mobile in (attacker.mobile, a_mobile())
    )

    assert known.status_code == 200
    assert _but_for_ids(shape(known)) == _but_for_ids(shape(stranger))


def _but_for_ids(seen: Any) -> str:
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", str(seen))

"""Make docs/openapi.json and the made parts of docs/api.md: `python -m ops.openapi`.

Routes come from template.yaml, requests from the handlers' own models, refusals from following what a handler calls,
examples from events/ and from docs/answers.json, which the tests record. Only the shapes of answers (`answers`) and the
words below are written by hand. The tests fail where the files differ from what this would make.
"""

import ast
import importlib.util
import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import models_json_schema
from samtranslator.yaml_helper import yaml_parse

from ops import answers, api_document
from tika import refusals
from tika.api import MAX_BODY_BYTES, Command, Query, as_text, language
from tika.refusals import Busy, Fault, NoSuchRoute, Refusal, Unauthenticated

ROOT = Path(__file__).parent.parent
DOCUMENT, PROSE, ANSWERS = ROOT / "docs/openapi.json", ROOT / "docs/api.md", ROOT / "docs/answers.json"
BASE = "/api/v2"
SETTINGS = {
    "OTP_TABLE": "otp",
    "CITIZENS_TABLE": "citizens",
    "SLOTS_TABLE": "slots",
    "AWS_DEFAULT_REGION": "ap-south-1",
}

type Json = dict[str, Any]


# --- words -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """What the code of a handler does not say. `answer` None: an empty 204; bytes: a PDF. `headers`: of HEADERS."""

    summary: str
    answer: Any = None
    headers: tuple[str, ...] = ()


COUNTED = ("Last-Modified",)


# By the name of the handler's function.
OPERATIONS = {
    "request_otp": Operation("Send a one-time code to a mobile number", answers.CodeSent, ("X-Expected-Wait",)),
    "verify_otp_publicly": Operation("Exchange a code for a token", answers.Token),
    "verify_otp": Operation("Exchange a code for a token, and learn whether the account is new", answers.SignedIn),
    "states": Operation("List the states and union territories", answers.States),
    "districts": Operation("List the districts of a state", answers.Districts),
    "id_types": Operation("List the photo ids to register with", answers.PhotoIdTypes),
    "genders": Operation("List the genders to register with", answers.Genders),
    "find_by_pin": Operation("Sessions of one day in a PIN code", answers.Sessions, COUNTED),
    "find_by_district": Operation("Sessions of one day in a district", answers.Sessions, COUNTED),
    "calendar_by_pin": Operation("Sessions of seven days in a PIN code, by centre", answers.Centers, COUNTED),
    "calendar_by_district": Operation("Sessions of seven days in a district, by centre", answers.Centers, COUNTED),
    "calendar_by_center": Operation("Sessions of seven days at one centre", answers.OneCenter, COUNTED),
    "find_by_lat_long": Operation("Centres near a point that have sessions within seven days", answers.CentersNearby),
    "register": Operation("Register a person", answers.Registered),
    "update_beneficiary": Operation("Correct a person"),
    "delete_beneficiary": Operation("Delete a person"),
    "list_beneficiaries": Operation("List the people, their doses and appointments", answers.Beneficiaries),
    "hold": Operation("Hold a place for some minutes", answers.Held),
    "schedule": Operation("Book a place in one step", answers.Booked),
    "confirm_slot": Operation("Turn a hold into a booking", answers.Booked),
    "reschedule_slot": Operation("Move an appointment to another slot"),
    "cancel_slot": Operation("Cancel an appointment, or some of its people"),
    "appointment_slip": Operation("Download the slip of a booked appointment", bytes),
    "publish_session": Operation("Publish a session", answers.Published),
    "change_session": Operation("Change the numbers of places of a session", answers.Changed),
    "withdraw_session": Operation("Withdraw a session"),
    "status": Operation("Is registration open, and how fresh is availability", answers.StatusNow),
}

# What a field is, in requests and answers alike.
FIELDS = {
    "address": "Address of the centre.",
    "address_l": "The address in the language asked for, empty where the centre gave none.",
    "allow_all_age": "Whether all adults are admitted.",
    "appointment_confirmation_no": "The appointment_id of the booking.",
    "appointment_id": "The appointment, as hold or schedule gave it.",
    "appointments": "Those that stand: booked, or held and not lapsed.",
    "available_capacity": "Free places, both doses together, in slots that have not begun.",
    "available_capacity_dose1": "Free places for the first dose.",
    "available_capacity_dose2": "Free places for the second dose.",
    "beneficiaries": "The people.",
    "beneficiariesToCancel": "Whose places to give back; all of the appointment where absent.",
    "beneficiary_reference_id": "The person, as registration gave it: 14 digits.",
    "birth_year": "A year of four digits, as text, from 1900.",
    "block_name": "Block (part of the district).",
    "block_name_l": "Empty, and there where a language is asked for.",
    "center_id": "The centre.",
    "centers": "The centres found; of calendarByCenter one object, {} where it has nothing to offer.",
    "comorbidity_ind": "Whether the person states a condition that adds to the risk.",
    "consent_version": "Version of the text that the person agreed to: letters, digits, dots, hyphens.",
    "counted_at": "When counts were last brought up to date (UTC); null before the first sale.",
    "counts": "How fresh the numbers of free places are.",
    "date": "Day, DD-MM-YYYY, in Indian Standard Time.",
    "district_id": "District, see GET /admin/location/districts/{state_id}.",
    "district_name": "Name of the district.",
    "district_name_l": "The name in the language asked for, in Hindi and the state's own languages; else empty.",
    "districts": "The districts of the state.",
    "dose": "First or second dose.",
    "dose1": "Places for the first dose.",
    "dose1_date": "Day of the first dose, empty where there is none.",
    "dose2": "Places for the second dose.",
    "dose2_date": "Day of the second dose, empty where there is none.",
    "dose_gap_days": "Least days between the doses.",
    "fee": "Rupees, as text.",
    "fee_ceiling": "The most a dose may cost, in rupees.",
    "fee_type": "Free at a government centre, Paid at a private one.",
    "from": "Opening time, HH:MM:SS.",
    "gender": "Name of the gender, empty where not given.",
    "gender_id": "See GET /registration/beneficiary/genders.",
    "gender_l": "The name in the language asked for.",
    "genders": "The genders.",
    "hold_until": "When the hold lapses (UTC); only while held.",
    "id": "The id to register with.",
    "isNewAccount": "Y where nobody is registered under this mobile number yet.",
    "lag_seconds": "How long the latest counted sale had waited to be counted.",
    "lat": "Degrees north; of a session that is found and of an appointment without their fraction, see place.",
    "location": "Address of the centre.",
    "location_l": "The address in the language asked for, empty where the centre gave none.",
    "long": "Degrees east; of a session that is found and of an appointment without their fraction, see place.",
    "max_age_limit": "Greatest age admitted; absent or null: none.",
    "message": "A sentence for each number that could not be reached, empty where all were.",
    "min_age": "Least age of the phase, by year of birth.",
    "min_age_limit": "Least age admitted, by year of birth.",
    "mobile": "An Indian mobile number: ten digits, the first 6 to 9; +91, 0, spaces and dashes make no difference.",
    "mobile_number": "Last four digits of the mobile number.",
    "name": "Name of the centre or person: letters of any script, 1 to 100 characters.",
    "name_l": "The name in the language asked for, empty where the centre gave none.",
    "now": "The server's clock (UTC).",
    "open": "Whether people can register.",
    "opens_at": "When registration opens or opened, with offset.",
    "otp": "SHA-256 of the six digits, in hex (64 characters).",
    "phase": "Name of the phase.",
    "photo_id_number": "Number of the photo id in the form of its type; in answers its last four characters.",
    "photo_id_type": "See GET /registration/beneficiary/idTypes.",
    "pincode": "PIN code, six digits.",
    "place": "Degrees north and east of the centre, exact.",
    "secret_code": "Four digits to show at the centre; only once booked.",
    "session_id": "The session; a publisher chooses it.",
    "sessions": "The sessions found that can still be booked.",
    "slot": "Label of a slot, such as 09:00AM-11:00AM.",
    "slot_capacity": "Free places by slot and dose.",
    "slots": "The slots of the session.",
    "state_id": "State, see GET /admin/location/states.",
    "state_name": "Name of the state.",
    "state_name_l": "The name in the language asked for.",
    "states": "States and union territories.",
    "status": "HELD until hold_until, or BOOKED.",
    "to": "Closing time, HH:MM:SS.",
    "token": "JWT, to send as `Authorization: Bearer ...`; lives 900 seconds.",
    "translations": "The centre in other languages, by their two letters; together up to 6,000 bytes.",
    "ttl": "Hours for which an app may keep this list.",
    "txnId": "The request for a code, as generateOTP gave it (a UUID).",
    "type": "Name of the photo id.",
    "type_l": "The name in the language asked for.",
    "types": "Photo ids.",
    "vaccination_status": "By the number of doses recorded.",
    "vaccine": "Name of the vaccine, such as COVISHIELD.",
    "vaccine_fees": "What each vaccine costs here; only where Paid.",
    "vaccines": "The vaccines of the programme.",
}

# What the headers of answers say that are for apps and not for HTTP alone.
HEADERS: dict[str, Json] = {
    "Last-Modified": {
        "description": "The moment at which these counts were true, an HTTP date. Counts follow sales within a few "
        "seconds; see GET /status.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Whole seconds after which asking again makes sense.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Expected-Wait": {
        "description": "Whole seconds for which the text waits for its turn to be sent; the networks' own time comes "
        "on top.",
        "schema": {"type": "integer", "minimum": 0},
    },
}

# What the checks of a model demand and its types do not tell.
REQUESTS: dict[str, Json] = {
    "GenerateOtp": {
        "required": ["mobile"],
        "properties": {
            "mobile": {
                "type": ["string", "integer"],
                "maxLength": 40,
                "minimum": 6_000_000_000,
                "maximum": 9_999_999_999,
            }
        },
    },
    "ConfirmOtp": {"properties": {"otp": {"pattern": "^[0-9a-fA-F]{64}$"}, "txnId": {"format": "uuid"}}},
    "Publication": {"properties": {"name": {"minLength": 1}, "address": {"minLength": 1}}},
    "Register": {
        "properties": {
            "name": {"minLength": 1},
            "birth_year": {"pattern": "^(19|20)[0-9]{2}$", "minimum": 1900, "maximum": 2099},
        }
    },
    "Book": {"properties": {"beneficiaries": {"uniqueItems": True}}},
    "Translation": {"properties": {"name": {"minLength": 1}}},
    "ByPin": {"properties": {"pincode": {"pattern": "^[1-9][0-9]{5}$"}}},
}

# When a refusal is met, where the docstring of its class does not say it to a stranger.
WHEN = {
    "Unauthenticated": "No token, or one that is not ours, was altered or has expired. Sign in again.",
    "NoSuchRoute": "The address is not one of the API.",
    "MobileInvalid": "mobile is missing, or not the ten digits of an Indian mobile number, the first of them 6 to 9.",
    "OtpAlreadySent": "A code was asked for within the last minute; Retry-After says when the next may be.",
    "OtpUnavailable": "Ten codes were sent today, or ten guesses were wrong within the hour; Retry-After says when.",
    "NobodyRegistered": "Nobody is registered under this mobile number.",
    "RegistrationNotOpen": "Before the instant that GET /status names; Retry-After counts down to it.",
    "TooManyPeople": "A fifth person under one mobile number.",
    "PhotoIdInUse": "Anybody, under any number, registered with this photo id; the same person again is no error.",
    "TooYoungForPhase": "Counted by year of birth; GET /status names the least age.",
    "NoSuchBeneficiary": "The reference id is not one of this mobile number, or not one of this appointment.",
    "NoSuchSlot": "The session does not exist or was withdrawn, or has no slot with that label.",
    "BadPin": "Not six digits, or beginning with 0.",
    "AlreadyBooked": "The person holds or has booked a place for this dose, or has had it.",
    "DoseNotDue": "The second dose before the first, before its gap in days, or with another vaccine.",
    "FullyBooked": "Fewer places are left in the slot than people asked for.",
    "HoldLapsed": "hold_until has passed.",
    "NoSuchAppointment": "Not an appointment of this mobile number.",
    "OutsideAges": "Counted by year of birth, against the ages of the session.",
    "SlotBegun": "The slot has begun or is past.",
    "SeatsInUse": "A session is withdrawn of which places are held or booked; the sentence says how many.",
    "NoSuchSession": "The session was never published, or was withdrawn (PATCH).",
    "OtpRejected": "The code is wrong, used, expired, unknown or locked: never said which.",
    "LapseCooldown": "Three holds of this person lapsed within the hour, or were cancelled after more than a minute.",
    "NotBooked": "The appointment was cancelled; for the slip also: it is only held.",
    "NotCorrectable": "A dose is recorded, or the appointment that stands is not for the year of birth given.",
    "StillNeeded": "An appointment of the person stands, or a dose is recorded.",
    "Crowded": "Nothing was done. Ask again after Retry-After seconds.",
    "TextsBehind": "A code asked for now would come too late. Nothing was done. Ask again after Retry-After seconds.",
    "Busy": "Whether the request took effect shows on repeating it, which is always safe. Mind Retry-After.",
    "Fault": "A defect of ours; it is logged and its details stay inside.",
}

# What of an answer goes into which request next: (handler, its next handler, fields or parameters by JSON pointer).
LINKS = [
    *(("request_otp", verifier, {"txnId": "/txnId"}) for verifier in ("verify_otp_publicly", "verify_otp")),
    *(
        (verifier, following, {})
        for verifier in ("verify_otp_publicly", "verify_otp")
        for following in ("list_beneficiaries", "register")
    ),
    ("states", "districts", {"state_id": "/states/0/state_id"}),
    ("districts", "find_by_district", {"district_id": "/districts/0/district_id"}),
    *(
        (finder, booker, {"session_id": f"{session}/session_id", "slot": f"{session}/slots/0"})
        for finder, session in {
            "find_by_pin": "/sessions/0",
            "find_by_district": "/sessions/0",
            "calendar_by_pin": "/centers/0/sessions/0",
            "calendar_by_district": "/centers/0/sessions/0",
            "calendar_by_center": "/centers/sessions/0",
        }.items()
        for booker in ("hold", "schedule")
    ),
    ("find_by_lat_long", "calendar_by_center", {"center_id": "/centers/0/center_id"}),
    *(("register", booker, {"beneficiaries": ["/beneficiary_reference_id"]}) for booker in ("hold", "schedule")),
    ("register", "update_beneficiary", {"beneficiary_reference_id": "/beneficiary_reference_id"}),
    ("register", "delete_beneficiary", {"beneficiary_reference_id": "/beneficiary_reference_id"}),
    ("list_beneficiaries", "hold", {"beneficiaries": ["/beneficiaries/0/beneficiary_reference_id"]}),
    ("list_beneficiaries", "cancel_slot", {"appointment_id": "/beneficiaries/0/appointments/0/appointment_id"}),
    *(
        (booked, after, {"appointment_id": f"/{field}"})
        for booked, field in {
            "hold": "appointment_id",
            "confirm_slot": "appointment_confirmation_no",
            "schedule": "appointment_confirmation_no",
        }.items()
        for after in ("confirm_slot", "reschedule_slot", "cancel_slot", "appointment_slip")
    ),
    ("publish_session", "change_session", {"session_id": "/session_id"}),
    ("publish_session", "withdraw_session", {"session_id": "/session_id"}),
]

HTTP_WORDS = {
    400: "Refused",
    401: "No token, or one that is not valid or has expired",
    403: "Refused by the gateway",
    404: "Not there",
    409: "Refused as things stand",
    413: "Too large",
    429: "Too many at this moment",
    500: "A fault of ours",
    503: "Very busy",
}


# --- what there is ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the template and the function that answers it. `auth` is "none", "bearer" or "iam"."""

    method: str
    path: str
    operation: str
    auth: str
    handler: Callable[..., Any]
    module: ModuleType

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def id(self) -> str:
        """One for each route: several may share a handler."""
        words = self.path.removeprefix(BASE).replace("{", "by_").replace("}", "").strip("/")
        return f"{self.method}_{re.sub('[^A-Za-z0-9]+', '_', words)}"


@cache
def template() -> Json:
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


@cache
def load(operation: str) -> ModuleType:
    """The module of a function."""
    for name, value in SETTINGS.items():  # read when the modules are imported; nothing here calls AWS
        os.environ.setdefault(name, value)
    folder = ROOT / "functions" / operation
    spec = importlib.util.spec_from_file_location(f"{operation}_app", folder / "app.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))  # as in Lambda: a function may have modules of its own beside it
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def functions() -> Iterator[tuple[str, Json]]:
    """(operation, properties) of each function, in the order of the template."""
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]["CodeUri"].strip("/").removeprefix("functions/"), resource["Properties"]


@cache
def routes() -> list[Route]:
    """Every route of the template. Raises LookupError where no handler answers one, or a handler has one more."""
    found = []
    for operation, properties in functions():
        asked = [event["Properties"] for event in properties.get("Events", {}).values() if event["Type"] == "Api"]
        if not asked:
            continue
        module = load(operation)
        answered = [*module.app._static_routes, *module.app._dynamic_routes]
        for event in asked:
            fits = [one for one in answered if one.method == event["Method"].upper() and one.rule.match(event["Path"])]
            if len(fits) != 1:
                raise LookupError(f"{event['Method']} {event['Path']}: {len(fits)} handlers")
            answered.remove(fits[0])
            iam = event.get("Auth", {}).get("Authorizer") == "AWS_IAM"
            bearer = not iam and Unauthenticated in raised(fits[0].func) and "/public/" not in event["Path"]
            auth = "iam" if iam else "bearer" if bearer else "none"
            found.append(Route(event["Method"], event["Path"], operation, auth, fits[0].func, module))
        if answered:
            raise LookupError(f"{operation}: {answered[0].rule.pattern} is not in the template")
    return found


def models(route: Route) -> list[type[Command | Query]]:
    """The shapes of the request that its handler names."""
    named = (route.handler.__globals__.get(name) for name in route.handler.__code__.co_names)
    return [each for each in named if isinstance(each, type) and issubclass(each, Command | Query)]


# --- refusals --------------------------------------------------------------------------------------------------------


def all_refusals() -> list[type[Refusal]]:
    """In the order in which they are written."""
    own = [each for each in vars(refusals).values() if isinstance(each, type) and issubclass(each, Refusal)]
    return [each for each in own if hasattr(each, "sentence")]  # the others are there to be derived from


def refusals_of(route: Route) -> list[type[Refusal]]:
    """What a caller of this route may be told: what its handler may raise, and what may befall any."""
    there = raised(route.handler) | {Busy, Fault}
    if route.auth == "none":
        there -= {Unauthenticated}
    if "{" in route.path:
        there |= {NoSuchRoute}  # what stands in the path may make it another
    return [each for each in all_refusals() if any(issubclass(one, each) for one in there)]


def raised(function: Callable[..., Any]) -> set[type[Refusal]]:
    """The refusals that `function` or anything it calls may raise."""
    return {each for each in reached(function) if isinstance(each, type) and issubclass(each, Refusal)}


@cache
def reached(function: Callable[..., Any]) -> frozenset[Any]:
    """Everything of ours that `function` names, or what it calls does, the checks of its models included.

    Calls are followed by name. A method is looked for in the classes that the calling module knows, itself or by a
    module that it names, so this may find too much, and never passes over a call by its plain name.
    """
    found: set[Any] = set()
    waiting: list[Any] = [function]
    while waiting:
        thing = inspect.unwrap(waiting.pop())
        if thing in found:
            continue
        found.add(thing)
        is_model = isinstance(thing, type) and issubclass(thing, Command | Query)
        if is_model or inspect.isfunction(thing):
            waiting += _named(thing)
    return frozenset(found)


def _named(thing: Any) -> Iterator[Any]:
    """What of ours a function or a model names, itself and its bases included."""
    scope = vars(sys.modules[thing.__module__])
    if isinstance(thing, type):
        yield from (base for base in thing.__bases__ if _is_ours(base))
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    caught = {id(node.type) for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
    methods = _methods(scope)
    for node in ast.walk(tree):
        if id(node) in caught:
            continue
        if isinstance(node, ast.Name) and _is_ours(scope.get(node.id)):
            yield scope[node.id]
        elif isinstance(node, ast.Attribute):
            owner = scope.get(node.value.id) if isinstance(node.value, ast.Name) else None
            if isinstance(owner, ModuleType):
                named = getattr(owner, node.attr, None)
                if _is_ours(named):
                    yield named
            else:
                yield from methods.get(node.attr, ())


def _methods(scope: Json) -> dict[str, list[Any]]:
    """Those of the classes that a module names, and of the modules that it names."""
    found: dict[str, list[Any]] = {}
    modules = [vars(each) for each in scope.values() if isinstance(each, ModuleType) and _in_tika(each)]
    known = {each for names in (scope, *modules) for each in names.values() if isinstance(each, type)}
    for each in known:
        if _is_ours(each):
            for name, value in vars(each).items():
                if inspect.isfunction(value):
                    found.setdefault(name, []).append(value)
    return found


def _in_tika(module: ModuleType) -> bool:
    return module.__name__.startswith("tika.")


def _is_ours(thing: Any) -> bool:
    if not callable(thing):
        return False
    module = getattr(inspect.unwrap(thing), "__module__", None) or ""
    return module.startswith("tika.") or module.endswith("_app")


# --- the document ----------------------------------------------------------------------------------------------------


def document() -> Json:
    """The OpenAPI document."""
    schemas = _schemas()
    paths: Json = {}
    for route in routes():
        paths.setdefault(route.path, {})[route.method] = _operation(route, schemas)
    shared = _share_responses(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tika",
            "version": "2",
            "summary": "Vaccination registration and booking.",
            "description": "The v2 API of India's vaccination apps, and what Tika adds to it. docs/api.md explains it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "http://localhost:8080", "description": "The system on one machine, `make run`"},
            {
                "url": "https://{host}",
                "description": "A deployed stage with its edge: the output SiteUrl",
                "variables": {"host": {"default": "register.example.in"}},
            },
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
                "description": "The API of a stage itself, for which publishers sign: the output ApiUrl",
                "variables": {
                    "api": {"default": "abc123"},
                    "region": {"default": "ap-south-1"},
                    "stage": {"default": "dev"},
                },
            },
        ],
        "tags": [
            {"name": operation, "description": _doc(load(operation))}
            for operation in dict.fromkeys(route.operation for route in routes())
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": shared,
            "examples": _examples(),
            "headers": HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The token of confirmOTP. It lives 900 seconds.",
                },
                "iam": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api, with credentials that may "
                    "execute-api:Invoke. Sign for the API's own host (the output ApiUrl).",
                },
            },
        },
    }


def _operation(route: Route, schemas: Json) -> Json:
    words = OPERATIONS[route.name]
    operation: Json = {
        "operationId": route.id,
        "x-handler": route.name,
        "tags": [route.operation],
        "summary": words.summary,
        "description": _doc(route.module),
        "security": [] if route.auth == "none" else [{route.auth: []}],
        "parameters": list(_parameters(route, schemas)),
    }
    for model in models(route):
        if issubclass(model, Command):
            operation["requestBody"] = {
                "required": True,
                "description": f"At most {MAX_BODY_BYTES} bytes. Unknown fields are ignored; null is like absent.",
                "content": {
                    "application/json": {
                        "schema": _ref(model.__name__),
                        "examples": {
                            case: {"value": json.loads(event["body"])} for case, event in events(route).items()
                        },
                    }
                },
            }
    operation["responses"] = _responses(route, words)
    return {key: value for key, value in operation.items() if value != [] or key == "security"}


def _parameters(route: Route, schemas: Json) -> Iterator[Json]:
    event = next(iter(events(route).values()))
    for model in models(route):
        if not issubclass(model, Query):
            continue
        schema = schemas[model.__name__]
        for name, described in schema["properties"].items():
            field = _without_null(described)
            where = "path" if f"{{{name}}}" in route.path else "query"
            given = event["pathParameters" if where == "path" else "queryStringParameters"] or {}
            parameter = {
                "name": name,
                "in": where,
                "required": where == "path" or name in schema.get("required", []),
                "description": field["description"],
                "schema": {key: value for key, value in field.items() if key != "description"},
            }
            yield parameter | ({"example": given[name]} if name in given else {})
    yield {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "Language of the fields whose names end in _l, such as hi_IN: most are there only then. "
        "English fields are always there.",
        "schema": {"type": "string"},
        **({"example": "hi_IN"} if language in reached(route.handler) else {}),  # others have it only in refusals
    }


def _without_null(schema: Json) -> Json:
    """A parameter is absent, and never null."""
    some = [part for part in schema.get("anyOf", []) if part != {"type": "null"}]
    if len(some) != 1:
        return schema
    return some[0] | {key: value for key, value in schema.items() if key not in ("anyOf", "default")}


def _responses(route: Route, words: Operation) -> Json:
    recorded = recorded_answers().get(route.id)
    if words.answer is None:
        responses: Json = {"204": {"description": "Done"}}
    elif words.answer is bytes:
        pdf = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
        responses = {"200": {"description": "A PDF", "content": pdf}}
    else:
        content: Json = {"schema": _ref(words.answer.__name__)}
        if recorded is not None:
            content["example"] = recorded
        responses = {"200": {"description": words.summary, "content": {"application/json": content}}}
    if links := _links(route):
        responses["200"]["links"] = links

    if route.method == "get" and route.auth == "none":
        responses["304"] = {"description": "As If-None-Match names it: nothing has changed"}
    if words.headers:
        for status in responses.keys() & {"200", "304"}:
            responses[status]["headers"] = _headers(*words.headers)

    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals_of(route):
        by_status.setdefault(int(refusal.status), []).append(refusal)
    for said in gateway_refusals():
        if said.befalls(route) and said.status is not None:
            by_status.setdefault(said.status, [])
    for status, classes in sorted(by_status.items()):
        said = [each for each in gateway_refusals() if each.befalls(route) and each.status == status]
        codes = sorted({each.code for each in classes if each.code} | {each.code for each in said if each.code})
        content = {}
        if codes:
            examples = {
                each.__name__: {"$ref": f"#/components/examples/{each.__name__}"} for each in classes if each.code
            }
            examples |= {each.kind: {"$ref": f"#/components/examples/{each.kind}"} for each in said if each.code}
            schema = {"allOf": [_ref("Refusal"), {"properties": {"errorCode": {"enum": codes}}}]}
            content["application/json"] = {"schema": schema, "examples": examples}
        if plain := sorted({each().error for each in classes if not each.code}):
            content["text/plain"] = {"schema": {"type": "string", "enum": plain}}
        response: Json = {"description": HTTP_WORDS[status], "content": content}
        if status in (400, 409, 429, 503):
            response["headers"] = _headers("Retry-After")
        responses[str(status)] = response
    return responses


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _links(route: Route) -> Json:
    """What may be asked next by what this route answers: at the first address of the next handler."""
    found: Json = {}
    for handler, following, fields in LINKS:
        if handler != route.name:
            continue
        target = next(each for each in routes() if each.name == following)
        given = {name: _from_answer(pointer) for name, pointer in fields.items()}
        link: Json = {"operationId": target.id}
        if given:
            in_body = any(
                issubclass(model, Command) and fields.keys() <= model.model_fields.keys() for model in models(target)
            )
            link["requestBody" if in_body else "parameters"] = given
        found[f"{following}_by_{'_and_'.join(fields) or 'the_token'}"] = link
    return found


def _from_answer(pointer: str | list[str]) -> Any:
    """As runtime expressions are written."""
    return [_from_answer(each) for each in pointer] if isinstance(pointer, list) else f"$response.body#{pointer}"


def _share_responses(paths: Json) -> Json:
    """Write once what many routes answer word for word, and give that back by name."""
    operations = [operation for methods in paths.values() for operation in methods.values()]
    seen: dict[str, list[tuple[Json, str]]] = {}
    for operation in operations:
        for status, response in operation["responses"].items():
            if status >= "400":
                seen.setdefault(json.dumps([status, response]), []).append((operation["responses"], status))
    shared: Json = {}
    for text, places in seen.items():
        status, response = json.loads(text)
        if len(places) < 5:
            continue
        name = f"Error{status}" if f"Error{status}" not in shared else f"Error{status}_{len(shared)}"
        shared[name] = response
        for responses, where in places:
            responses[where] = {"$ref": f"#/components/responses/{name}"}
    return shared


def _examples() -> Json:
    """Every refusal once, by its name."""
    ours = {
        each.__name__: {
            "summary": when(each),
            "value": {"errorCode": each.code, "error": each().error, "error_l": ""},
        }
        for each in all_refusals()
        if each.code
    }
    gateway = {
        each.kind: {
            "summary": "From API Gateway",
            "value": {"errorCode": each.code, "error": each.sentence, "error_l": ""},
        }
        for each in gateway_refusals()
        if each.code
    }
    return ours | gateway


def when(refusal: type[Refusal]) -> str:
    """When a refusal is met, by its docstring or by WHEN."""
    return WHEN.get(refusal.__name__) or _doc(refusal)


@dataclass(frozen=True, slots=True)
class GatewayRefusal:
    """What the gateway answers without asking a function. `status` None: any of its kind."""

    kind: str
    status: int | None
    code: str
    sentence: str
    retry_after: str

    def befalls(self, route: Route) -> bool:
        """Whether one who asks for this very route in a well-formed request may get it."""
        by_auth = {"ACCESS_DENIED": "iam", "INVALID_SIGNATURE": "iam", "EXPIRED_TOKEN": "iam"}
        if self.kind == "REQUEST_TOO_LARGE":
            return any(issubclass(model, Command) for model in models(route))
        if self.kind == "MISSING_AUTHENTICATION_TOKEN":
            return route.auth == "iam"
        return self.kind not in ("DEFAULT_4XX", "UNAUTHORIZED") and by_auth.get(self.kind, route.auth) == route.auth


@cache
def gateway_refusals() -> list[GatewayRefusal]:
    """From the gateway responses of the template."""
    found = []
    for kind, response in template()["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        text = response["ResponseTemplates"]["application/json"]
        value = json.loads(text) if text.startswith("{") else {"errorCode": "", "error": text}
        retry_after = response["ResponseParameters"]["Headers"].get("Retry-After", "").strip("'")
        found.append(GatewayRefusal(kind, response.get("StatusCode"), value["errorCode"], value["error"], retry_after))
    return found


# --- schemas ---------------------------------------------------------------------------------------------------------


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> Json:
    """By name: of requests, of answers, and of refusals."""
    requests = list(dict.fromkeys(model for route in routes() for model in models(route)))
    _, made = models_json_schema([(model, "validation") for model in requests], ref_template=_ref("{model}")["$ref"])
    schemas = made["$defs"]
    for model in requests:
        _add_checks(model, schemas[model.__name__])
    for name, more in REQUESTS.items():
        for field, values in more.get("properties", {}).items():
            schemas[name]["properties"][field] = {**schemas[name]["properties"][field], **values}
            schemas[name]["properties"][field].pop("default", None)
        if "required" in more:
            schemas[name]["required"] = more["required"]
    for model in requests:
        if issubclass(model, Command):
            _allow_null(schemas[model.__name__])
    for each in dict.fromkeys(operation.answer for operation in OPERATIONS.values()):
        if each not in (None, bytes):
            schema = TypeAdapter(each).json_schema(ref_template=_ref("{model}")["$ref"])
            for name, shape in (schema.pop("$defs", {}) | {each.__name__: schema}).items():
                if schemas.setdefault(name, shape) != shape:
                    raise ValueError(f"two shapes are named {name}")
    schemas["Refusal"] = {
        "type": "object",
        "description": "The answer to a request that is refused.",
        "required": ["errorCode", "error", "error_l"],
        "properties": {
            "errorCode": {"type": "string", "enum": sorted(codes() - {""}), "description": "What an app goes by."},
            "error": {"type": "string", "description": "A sentence for people, in English."},
            "error_l": {
                "type": "string",
                "description": "The same in the language asked for, empty where that is English or none of ours, "
                "and where API Gateway itself refuses.",
            },
        },
    }
    for schema in schemas.values():
        _say_what_fields_are(schema)
    return dict(sorted(schemas.items()))


def codes() -> set[str]:
    """Every code that an answer may carry, "" for the two plain texts."""
    return {each.code for each in all_refusals()} | {each.code for each in gateway_refusals()}


def _add_checks(model: type[Command | Query], schema: Json) -> None:
    """What pydantic's own document leaves out: the checks that are functions, by the values that they close over."""
    for name, field in model.model_fields.items():
        target = schema["properties"][field.alias or name]
        for metadata in _metadata(field.annotation, list(field.metadata)):
            check = getattr(metadata, "func", None)
            if not inspect.isfunction(check):
                continue
            known = inspect.getclosurevars(check).nonlocals
            for part in _parts(target):
                if "allowed" in known and part.get("type") == "integer":
                    part["enum"] = sorted(known["allowed"])
            if {"least", "most"} <= known.keys():
                target["description"] = f"{FIELDS[name]} From {known['least']} to {known['most']}."
            if check.__name__ == "parse_day":
                target["pattern"] = "^(0?[1-9]|[12][0-9]|3[01])-(0?[1-9]|1[0-2])-([0-9]{2}|[0-9]{4})$"
        if issubclass(model, Command):
            _add_other_writing(field, target)


def _add_other_writing(field: FieldInfo, target: Json) -> None:
    """Digits as text where the contract has a number, and as a number where it has text."""
    as_number_too = any(
        getattr(each, "func", None) is as_text for each in _metadata(field.annotation, list(field.metadata))
    )
    for part in _parts(target):
        if part.get("type") == "integer":
            part["type"] = ["integer", "string"]
            if "enum" in part:
                part["enum"] += [str(value) for value in part["enum"]]
            else:
                least, most = part["minimum"], part["maximum"]
                fewest, longest = len(str(max(least, 1))) - 1, len(str(most)) - 1  # digits after the first
                digits = f"[1-9][0-9]{{{fewest if fewest == longest else f'{fewest},{longest}'}}}"
                part["pattern"] = f"^{digits}$" if least else f"^(0|{digits})$"
        elif part.get("type") == "string" and as_number_too:
            lengths = [n for n in range(1, 41) if re.fullmatch(part.get("pattern", ".*"), "1" * n)]
            if lengths:
                least = 10 ** (lengths[0] - 1) if lengths[0] > 1 else 0
                part |= {"type": ["string", "integer"], "minimum": least, "maximum": 10 ** lengths[-1] - 1}


def _allow_null(schema: Json) -> None:
    """Of what may be absent: generated clients send null for what they were not given."""
    for name in schema["properties"].keys() - set(schema.get("required", [])):
        field = schema["properties"][name]
        if "anyOf" not in field:
            aside = {key: field.pop(key) for key in ("default", "description", "title") if key in field}
            schema["properties"][name] = {"anyOf": [field, {"type": "null"}], **aside}


def _metadata(annotation: Any, found: list[Any]) -> list[Any]:
    """The metadata of a type and of the types it is made of: `list[ReferenceId]`, `Day | None`."""
    found += getattr(annotation, "__metadata__", ())
    for part in getattr(annotation, "__args__", ()):
        _metadata(part, found)
    return found


def _parts(schema: Json) -> Iterator[Json]:
    """A field's schema, and those of its alternatives and items."""
    yield schema
    for part in schema.get("anyOf", []):
        yield from _parts(part)
    if "items" in schema:
        yield from _parts(schema["items"])


def _say_what_fields_are(schema: Json) -> None:
    schema.pop("title", None)
    for name, field in schema.get("properties", {}).items():
        for part in _parts(field):
            part.pop("title", None)
        if name in FIELDS:
            field.setdefault("description", FIELDS[name])


def _doc(thing: Any) -> str:
    """The docstring as one line, without the route that it begins with; "" where a class only inherits one."""
    own = thing.__dict__.get("__doc__") if isinstance(thing, type) else thing.__doc__
    text = " ".join((own or "").split())
    text = re.sub(r"^(GET|POST|PATCH|DELETE)[^:]*: ", "", text)
    return text[:1].upper() + text[1:]


# --- examples --------------------------------------------------------------------------------------------------------


def events(route: Route) -> dict[str, Json]:
    """The sample events of a route by their names. Raises LookupError where there is none."""
    folder = ROOT / "events" / route.operation
    known = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    mine = {
        case: event
        for case, event in known.items()
        if (event["httpMethod"].lower(), event["resource"]) == (route.method, route.path)
    }
    if not mine:
        raise LookupError(f"{route.method} {route.path}: no event in events/{route.operation}")
    return mine


def recorded_answers() -> Json:
    """Real answers by the id of their route, as the tests recorded them."""
    return json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}


def text_of(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def files() -> dict[Path, str]:
    """Text by file; of docs/api.md what is written by hand stays as it is. Raises LookupError where one is missing."""
    made = document()
    told = [(int(each.status), each.code, each().error, when(each)) for each in all_refusals()]
    gateway = [
        (str(each.status or "as it comes"), each.code, each.sentence, each.retry_after, each.kind)
        for each in gateway_refusals()
    ]
    parts = api_document.routes(made) | {
        "codes": api_document.code_rows(sorted(told, key=lambda row: row[:2])),
        "gateway": api_document.gateway_rows(gateway),
    }
    return {DOCUMENT: text_of(made), PROSE: api_document.filled(PROSE.read_text(encoding="utf-8"), parts)}


def main() -> None:
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

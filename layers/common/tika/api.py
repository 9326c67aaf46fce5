"""The HTTP edge: what comes in is parsed here, and every answer and refusal leaves here in the contract's shape."""

import json
import random
import re
import traceback
from collections.abc import Callable, Collection
from datetime import date
from hashlib import blake2b
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from tika import sentences
from tika.aws import is_overload
from tika.fields import ONE_OF, Unfit, explained
from tika.refusals import Busy, Fault, Invalid, NoSuchRoute, Overload, PlainRefusal, Refusal
from tika.telemetry import count, logger, observed

MAX_BODY_BYTES = 16 * 1024  # ten times the longest honest request, and nothing that is slow to parse

# Tokens travel in a header and never in a cookie, so any origin may call: the portal, native apps and partners alike.
# The same header for all keeps public answers cacheable at the edge.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Last-Modified, Retry-After, X-Expected-Wait",
}

PUBLIC_FOR_SECONDS = 5  # how long the edge may keep availability
NO_STORE = "no-store"
JSON = "application/json; charset=utf-8"

type Answer = Response[Any]
type Headers = dict[str, str]


# --- what comes in ---------------------------------------------------------------------------------------------------


class Command(BaseModel):
    """A JSON body. Unknown fields are ignored, as real clients send extra ones; wrong types are refused."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class Query(BaseModel):
    """A query string: every value is text and is parsed by its field. Blanks around it fall away."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


def as_text(value: Any) -> Any:
    """The digits of a whole JSON number, as which some clients send a year or an id; anything else as it came."""
    is_digits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return str(value) if is_digits else value


def as_number(value: Any) -> Any:
    """The number that digits in a JSON string write, as which some clients send a dose; anything else as it came."""
    is_digits = isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value)
    return int(value) if is_digits else value


def text_like(pattern: str, needed: str) -> Any:
    """The type of a JSON string that matches `pattern` as a whole; `needed` is the sentence for one that does not.

    Where digits alone match it, a JSON number of these digits will do.
    """

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise Unfit(needed)
        return value

    documented = WithJsonSchema({"type": "string", "pattern": f"^({pattern})$" if "|" in pattern else f"^{pattern}$"})
    return Annotated[str, BeforeValidator(as_text), AfterValidator(check), documented]


_UUID = text_like("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID is needed.")
Uuid = Annotated[_UUID, AfterValidator(str.lower)]
ReferenceId = text_like("[0-9]{14}", "a beneficiary reference id of 14 digits is needed.")


def parse_day(text: str) -> date:
    """A day as the contract writes it, DD-MM-YYYY; as some clients do, without leading zeros, or with the last two
    digits of its year. Raises Unfit, also for one that does not exist.
    """
    if not re.fullmatch(r"[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|[0-9]{4})", text):
        raise Unfit("a date is written DD-MM-YYYY.")
    day, month, year = text.split("-")
    try:
        return date(int(year if len(year) == 4 else f"20{year}"), int(month), int(day))
    except ValueError:
        raise Unfit("there is no such date.") from None


Day = Annotated[str, AfterValidator(parse_day)]  # a datetime.date once parsed


def whole_number(least: int, most: int) -> Any:
    """The type of a whole JSON number within these bounds, which digits in a JSON string may be too."""
    return Annotated[int, Field(ge=least, le=most), BeforeValidator(as_number)]


def number_of(allowed: Collection[int]) -> Any:
    """The type of a JSON number that is one of `allowed`, which digits in a JSON string may be too.

    A Literal would take `true` for 1.
    """

    def check(value: int) -> int:
        if value not in allowed:
            raise Unfit(ONE_OF, allowed=", ".join(map(str, allowed)))
        return value

    return Annotated[int, BeforeValidator(as_number), AfterValidator(check)]


def new_app() -> APIGatewayRestResolver:
    app = APIGatewayRestResolver()

    @app.exception_handler(Refusal)
    def refused(refusal: Refusal) -> Answer:
        return refuse(app, refusal)

    @app.exception_handler(Exception)
    def failed(error: Exception) -> Answer:
        return refuse(app, _refusal_for(error))

    @app.not_found
    def not_found(_: Any) -> Answer:
        return refuse(app, NoSuchRoute())

    return app


def body[C: Command](app: APIGatewayRestResolver, shape: type[C]) -> C:
    """The request's JSON body as `shape`. Raises Invalid, which names the field."""
    try:
        text = app.current_event.decoded_body or ""
        if len(text.encode()) > MAX_BODY_BYTES:
            raise Invalid("more than {most} bytes.", field="body", most=MAX_BODY_BYTES)
        value = json.loads(text, parse_float=_number)
    except (ValueError, RecursionError):  # not UTF-8, not base64, not JSON, or nested beyond reason
        raise Invalid("this is not JSON.", field="body") from None
    if not isinstance(value, dict):
        raise Invalid("a JSON object is needed.", field="body")
    # Generated clients send null for what they were not given.
    return _parsed(shape, {name: given for name, given in value.items() if given is not None})


def _number(written: str) -> float:
    """JSON knows one kind of number, and clients in some languages write 1 as 1.0."""
    number = float(written)
    return int(number) if number.is_integer() else number


def query[Q: Query](app: APIGatewayRestResolver, shape: type[Q]) -> Q:
    """The request's query string as `shape`. Raises Invalid, which names the parameter."""
    given = app.current_event.multi_value_query_string_parameters
    for name, values in given.items():
        if name in shape.model_fields and len(values) > 1:
            raise Invalid("given more than once.", field=name)
    return _parsed(shape, {name: values[0] for name, values in given.items() if values})


def path[Q: Query](app: APIGatewayRestResolver, shape: type[Q]) -> Q:
    """The parts of the request's path that vary, as `shape`. Raises Invalid, which names the part."""
    return _parsed(shape, app.current_event.path_parameters)


def language(app: APIGatewayRestResolver) -> str:
    """The two letters of the language preferred, such as "hi" for `hi_IN` or `hi-IN,en;q=0.5`; "en" by default."""
    wanted = re.match(r"[a-z]{2}(?![a-z])", (app.current_event.headers.get("Accept-Language") or "").lower())
    return wanted[0] if wanted else "en"


def _parsed[M: BaseModel](shape: type[M], value: dict[str, Any]) -> M:
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise next(explained(error)) from None


# --- what goes out ---------------------------------------------------------------------------------------------------


def reply(status: int, value: Any = None, headers: Headers | None = None) -> Answer:
    """`value` as JSON, or no body where it is None: for the caller alone, so no cache may keep it."""
    headers = {**CORS, "Cache-Control": NO_STORE, **(headers or {})}
    return Response(status, None if value is None else JSON, "" if value is None else _json(value), headers)


def reply_to_all(
    app: APIGatewayRestResolver, value: dict[str, Any], *, keep_for: int, headers: Headers | None = None
) -> Answer:
    """`value` as JSON that any cache may keep `keep_for` seconds; 304 and no body for those who have it already.

    A 304 has the same headers, so a Last-Modified, the moment at which `value` was true, moves on in the copies that
    are kept. The tag must be a strong one for that: by a weak one a cache looks for a copy with the same Last-Modified,
    and finds none (RFC 9111, 4.3.4). Who knows nothing but a moment (If-Modified-Since) is answered in full, as
    something else may have been true in the rest of that second.
    """
    text, asked = _json(value), app.current_event.headers
    # The gateway may pack it on its way, as asked for, and a strong tag names the bytes that travel.
    made_of = blake2b(text.encode(), digest_size=12)
    made_of.update((asked.get("Accept-Encoding") or "").encode())
    tag = made_of.hexdigest()
    headers = {
        **CORS,
        "Cache-Control": f"public, max-age={keep_for}",
        "Vary": "Accept-Language",
        "ETag": f'"{tag}"',
        **(headers or {}),
    }
    if f'"{tag}"' in (asked.get("If-None-Match") or ""):
        return Response(304, None, "", headers)
    return Response(200, JSON, text, headers)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def refuse(app: APIGatewayRestResolver, refusal: Refusal) -> Answer:
    """The answer that says no: in English, and in the language that the request prefers."""
    headers = {**CORS, "Cache-Control": NO_STORE}
    if refusal.retry_after is not None:
        spread_s = random.randint(0, refusal.spread_s) if isinstance(refusal, Overload) else 0
        headers["Retry-After"] = str(refusal.retry_after + spread_s)
    if isinstance(refusal, PlainRefusal):
        return Response(int(refusal.status), "text/plain; charset=utf-8", refusal.error, headers)
    said = sentences.told(refusal, language(app))
    text = _json({"errorCode": refusal.code, "error": refusal.error, "error_l": said})
    return Response(int(refusal.status), JSON, text, headers)


def entrypoint(app: APIGatewayRestResolver) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda handler of `app`."""

    return observed(app.resolve)


def _refusal_for(error: Exception) -> Refusal:
    """What an unexpected error means to the caller, said to ops by its type and place: its text may name a person."""
    overload = is_overload(error)
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("overload" if overload else "fault", extra={"reason": type(error).__name__, "trace": trace})
    count("Overload" if overload else "Fault")
    return Busy() if overload else Fault()

"""Publish sessions from a CSV file: `python -m ops.publish FILE.csv --api URL [--region R] [--dry-run]`.

The whole file is checked first, by the very rules of the API, and nothing is sent while a row is bad. Publishing the
same file again changes nothing; one with other numbers of places changes those (PATCH), and only those can change.

Columns (a header names them, in any order):
  session_id      a UUID of yours; empty: made from centre, date, vaccine and least age, so that repeating is safe
  date            DD-MM-YYYY (D, M and YY will do), or +1 for tomorrow, +2 for the day after ...
  vaccine, min_age_limit, max_age_limit (may be empty), center_id, name, address, block_name (may be empty),
  district_id, pincode, lat, long, from and to (09:00:00), fee_type (Free or Paid), fee (rupees; empty where free)
  slots           09:00AM-11:00AM=50/20;11:00AM-01:00PM=50/20: places for the first / the second dose
  name_hi, address_hi, name_ta ...   the centre in other languages (may be missing)

Signed with the AWS credentials of the environment (variables, profile or role), which need execute-api:Invoke.
"""

import argparse
import csv
import json
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import ValidationError
from tqdm import tqdm

from tika.api import parse_day
from tika.eligibility import IST
from tika.fields import explained
from tika.languages import LANGUAGES
from tika.sessions import publishing
from tika.sessions.publishing import Publication

REQUIRED = [
    "date",
    "vaccine",
    "min_age_limit",
    "center_id",
    "name",
    "address",
    "district_id",
    "pincode",
    "lat",
    "long",
    "from",
    "to",
    "fee_type",
    "slots",
]
OPTIONAL = ["session_id", "max_age_limit", "block_name", "fee"]
TRANSLATED = {f"{part}_{language}": (part, language) for language in LANGUAGES for part in ("name", "address")}
WHOLE, DECIMAL = {"min_age_limit", "max_age_limit", "center_id", "district_id", "pincode"}, {"lat", "long"}

NAMESPACE = uuid.UUID("8f4d8a5e-6b0c-4a8e-9a5d-6f1f5ad0c5a1")  # of the ids that are made here
WORKERS = 8
TRIES = 8
WAIT_AT_MOST_S = 60
TIMEOUT_S = 35  # the API gives up after 29


class BadFile(Exception):
    """The file, or the way the command was called, is at fault; the text says how."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file, by the number of its first line."""

    line: int
    fields: dict[str, Any]


@dataclass(slots=True)
class Vaccines:
    fee_ceiling_rupees: dict[str, int] = field(default_factory=dict)
    dose_gap_days: dict[str, int] = field(default_factory=dict)


# --- the file --------------------------------------------------------------------------------------------------------


def rows(file: Path, *, now: datetime) -> Iterator[Row | str]:
    """Rows with the fields of the API, or a problem of a row. Raises BadFile."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:  # spreadsheets put a mark in front
            reader = csv.reader(text, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(header)
            line = reader.line_num + 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _row(line, header, cells, now=now)
                line = reader.line_num + 1
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{file}: not UTF-8; save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise BadFile(f"{file}, line {reader.line_num}: {error}.") from None


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in {*REQUIRED, *OPTIONAL, *TRANSLATED}]
    twice = sorted({name for name in header if header.count(name) > 1})
    for names, sentence in ((missing, "missing"), (unknown, "not known"), (twice, "there more than once")):
        if names:
            raise BadFile(f"Columns {sentence}: {', '.join(repr(name) for name in names)}.")


def _row(line: int, header: list[str], cells: list[str], *, now: datetime) -> Row | str:
    if len(cells) > len(header):
        return f"line {line}: more cells than columns."
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
    fields: dict[str, Any] = {}
    for name, text in given.items():
        if name in TRANSLATED:
            part, language = TRANSLATED[name]
            fields.setdefault("translations", {}).setdefault(language, {})[part] = text
        else:
            fields[name] = _value(name, text, now=now)
    fields.setdefault("session_id", _session_id(fields))
    return Row(line, fields)


def _value(name: str, text: str, *, now: datetime) -> Any:
    """The cell as the API wants it, or as it stands where it cannot be that: the rules then say what is wrong."""
    if name in WHOLE and re.fullmatch("[0-9]{1,12}", text):
        return int(text)
    if name in DECIMAL and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,16})?", text):
        return float(text)
    if name == "date":
        return _day(text, now=now)
    if name == "slots":
        slots = [re.fullmatch("([^=]+)=([0-9]{1,6})/([0-9]{1,6})", slot.strip()) for slot in text.split(";")]
        if all(slots):
            return [{"slot": slot[1], "dose1": int(slot[2]), "dose2": int(slot[3])} for slot in slots if slot]
    return text


def _day(text: str, *, now: datetime) -> str:
    """In one form however it is written, as the session's id is made from it too."""
    if ahead := re.fullmatch(r"\+([0-9]{1,3})", text):
        day = now.astimezone(IST).date() + timedelta(days=int(ahead[1]))
    else:
        try:
            day = parse_day(text)
        except ValueError:
            return text
    return f"{day.day:02}-{day.month:02}-{day.year:04}"


def _session_id(fields: dict[str, Any]) -> str:
    key = [str(fields.get(name)) for name in ("center_id", "date", "vaccine", "min_age_limit")]
    return str(uuid.uuid5(NAMESPACE, "|".join(key)))


def checked(found: Iterator[Row | str], vaccines: Vaccines, *, now: datetime) -> tuple[list[Row], list[str]]:
    """The good rows, and a sentence for each thing that is wrong with the others."""
    good, wrong, lines = [], [], {}
    for row in found:
        if isinstance(row, str):
            wrong.append(row)
            continue
        problems = list(_problems(row.fields, vaccines, now=now))
        session_id = str(row.fields["session_id"]).lower()
        if session_id in lines:
            problems.append(f"session_id: the same session as in line {lines[session_id]}.")
        lines.setdefault(session_id, row.line)
        wrong += [f"line {row.line}: {problem}" for problem in problems]
        if not problems:
            good.append(row)
    return good, wrong


def _problems(fields: dict[str, Any], vaccines: Vaccines, *, now: datetime) -> Iterator[str]:
    if isinstance(fields.get("slots"), str):
        yield "slots: written like 09:00AM-11:00AM=50/20;11:00AM-01:00PM=50/20"
        return
    try:
        publication = Publication.model_validate(fields)
    except ValidationError as error:
        found = explained(error)
    else:
        found = publishing.problems(publication, vaccines, now=now)
    for refusal in found:
        yield refusal.error


# --- the API ---------------------------------------------------------------------------------------------------------


class Api:
    """The admin side of one deployed Tika; requests go to its address and nowhere else."""

    def __init__(self, url: str, credentials: Credentials, region: str):
        self._base = f"{url.rstrip('/')}/api/v2"
        self._credentials, self._region = credentials, region
        self._http = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)

    def vaccines(self) -> Vaccines:
        """What the rules in force say of vaccines."""
        answer = self._answer("GET", "/status")
        if answer.status_code != 200:
            raise BadFile(f"{self._base}/status answered {_said(answer)}")
        found = Vaccines()
        for each in answer.json()["vaccines"]:
            found.fee_ceiling_rupees[each["vaccine"]] = each["fee_ceiling"]
            found.dose_gap_days[each["vaccine"]] = each["dose_gap_days"]
        return found

    def publish(self, fields: dict[str, Any]) -> tuple[bool, str]:
        """Whether the session stands as `fields` say, and a sentence where there is something to say."""
        answer = self._answer("POST", "/admin/sessions", fields)
        if answer.status_code == 409 and answer.json().get("errorCode") == "TIKA0019":
            answer = self._answer("PATCH", f"/admin/sessions/{fields['session_id']}", {"slots": fields["slots"]})
            if answer.status_code == 200:
                message = answer.json()["message"]
                return not message, message or "The numbers of places were changed."
        if answer.status_code == 200:
            return True, ""
        return False, _said(answer)

    def _answer(self, method: str, path: str, value: Any = None) -> httpx.Response:
        """The answer, asked for again while the API is busy or cannot be reached: publishing is safe to repeat."""
        body = None if value is None else json.dumps(value, ensure_ascii=False).encode()
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = self._http.send(self._signed(method, f"{self._base}{path}", body))
            except httpx.TransportError as error:
                if last:
                    raise BadFile(f"{self._base} cannot be reached ({type(error).__name__}).") from None
                time.sleep(2**attempt / 4)
                continue
            if answer.status_code not in (429, 502, 503, 504) or last:
                return answer
            wait = answer.headers.get("Retry-After", "")
            time.sleep(min(int(wait) if re.fullmatch("[0-9]{1,6}", wait) else 2, WAIT_AT_MOST_S))
        raise AssertionError("unreachable")

    def _signed(self, method: str, url: str, body: bytes | None) -> httpx.Request:
        request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"} if body else {})
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        return self._http.build_request(method, url, content=body, headers=dict(request.headers.items()))


def _said(answer: httpx.Response) -> str:
    try:
        value = answer.json()
        return f"{answer.status_code} {value.get('errorCode', '')} {value.get('error') or value.get('message', '')}"
    except (ValueError, AttributeError):
        return f"{answer.status_code}, which is no answer of this API."


def send(good: list[Row], api: Api, *, workers: int, say: Callable[[str], None]) -> int:
    """Publish all rows, with a progress bar. Gives back how many failed."""

    def publish(row: Row) -> tuple[bool, str]:
        try:
            return api.publish(row.fields)
        except BadFile as error:
            return False, str(error)

    failed = 0
    with ThreadPoolExecutor(workers) as pool, tqdm(total=len(good), unit=" sessions", disable=None) as bar:
        for row, (done, sentence) in zip(good, pool.map(publish, good), strict=True):
            failed += not done
            if sentence:
                bar.clear()
                say(f"line {row.line}: {sentence}")
            bar.update()
    return failed


# --- the command -----------------------------------------------------------------------------------------------------


def _api(url: str, region: str | None) -> Api:
    parts = urlsplit(url)
    local = (parts.hostname or "").endswith("localhost") or parts.hostname == "127.0.0.1"
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise BadFile("--api: an address that begins with https:// is needed.")
    session = botocore.session.Session()
    region = region or session.get_config_variable("region")
    if not region:
        raise BadFile("--region is needed: the environment names none.")
    credentials = session.get_credentials()
    if credentials is None:
        raise BadFile("No AWS credentials are in the environment.")
    return Api(url, credentials, region)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ops.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--api", required=True, help="the address that /api/v2 follows (ApiUrl of the stack)")
    parser.add_argument("--region", help="of the API; by default that of the environment")
    parser.add_argument("--workers", type=int, default=WORKERS, help="requests under way at once (default %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="check the file and send none of it")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)

    def say(sentence: str) -> None:
        print(sentence, file=sys.stderr)

    try:
        api = _api(options.api, options.region)
        good, wrong = checked(rows(options.file, now=now), api.vaccines(), now=now)
        for sentence in wrong:
            say(sentence)
        if wrong:
            raise BadFile("Nothing was sent.")
        if options.dry_run:
            print(f"{len(good)} sessions are good; nothing was sent.")
            return 0
        failed = send(good, api, workers=max(1, options.workers), say=say)
    except BadFile as problem:
        say(str(problem))
        return 1
    print(f"{len(good) - failed} of {len(good)} sessions are published.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

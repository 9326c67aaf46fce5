"""The bulk command, against the handlers that the API would call."""

import csv
import io
import re
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest

from ops import publish, sample
from tests.conftest import ROOT, Context, load
from tika.tables.slots import SessionRow

API = "https://abc.execute-api.ap-south-1.amazonaws.com/live"
ROW = {
    "session_id": "6f2b8a1e-3c54-4d0a-9a7e-0b1c2d3e4f50",
    "date": "04-05-2021",
    "vaccine": "COVISHIELD",
    "min_age_limit": "18",
    "max_age_limit": "",
    "center_id": "1234",
    "name": "District General Hospital",
    "address": "Sadar Bazaar, Satara",
    "block_name": "",
    "district_id": "376",
    "pincode": "415001",
    "lat": "17.68",
    "long": "74",
    "from": "09:00:00",
    "to": "18:00:00",
    "fee_type": "Free",
    "fee": "",
    "slots": "09:00AM-11:00AM=5/2; 11:00AM-01:00PM=5/2",
    "name_hi": "जिला सामान्य अस्पताल",
    "address_hi": "",
}


class Gateway:
    """API Gateway between the command and the handlers; `busy` answers come before real ones."""

    def __init__(self):
        self.requests, self.busy = [], []
        self._lock = threading.Lock()  # a container answers one request at a time

    def __call__(self, request):
        self.requests.append(request)
        if self.busy:
            answer = self.busy.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        path = request.url.path.removeprefix("/live")
        operation = "status" if path.endswith("/status") else "publish_session"
        session_id = path.split("/")[-1]
        event = {
            "resource": path,
            "path": path,
            "httpMethod": request.method,
            "headers": dict(request.headers),
            "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": {"session_id": session_id} if request.method == "PATCH" else None,
            "requestContext": {"stage": "live", "httpMethod": request.method, "resourcePath": path},
            "body": request.content.decode() or None,
            "isBase64Encoded": False,
        }
        with self._lock:
            raw = load(operation).lambda_handler(event, Context())
        headers = {name: values[0] for name, values in raw["multiValueHeaders"].items()}
        return httpx.Response(raw["statusCode"], headers=headers, text=raw["body"])

    def sent(self, method):
        return [request for request in self.requests if request.method == method]


@pytest.fixture
def gateway(aws, at, monkeypatch):
    gateway = Gateway()
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: client(transport=httpx.MockTransport(gateway), **options))

    class Now(datetime):
        @classmethod
        def now(cls, tz=None):
            return at.now.astimezone(tz)

    monkeypatch.setattr(publish, "datetime", Now)
    gateway.waits = []
    monkeypatch.setattr(publish, "time", SimpleNamespace(sleep=gateway.waits.append))
    return gateway


@pytest.fixture
def run(gateway, tmp_path, capsys):
    """`run(row, row)`: the command on a file of these rows; (exit code, what it said)."""

    def call(*rows, text=None, options=()):
        file = tmp_path / "sessions.csv"
        if text is None:
            out = io.StringIO()
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            text = out.getvalue()
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = publish.main([str(file), "--api", API, *options])
        captured = capsys.readouterr()
        return code, captured.err + "".join(line for line in captured.out.splitlines(True) if "_aws" not in line)

    return call


def published():
    return {row.session_id: row for row in SessionRow.scan() if isinstance(row, SessionRow)}


def test_a_file_is_published_signed_and_with_all_its_fields(run, gateway):
    code, said = run(ROW)

    row = published()[ROW["session_id"]]
    assert (code, said.splitlines()[-1]) == (0, "1 of 1 sessions are published.")
    assert row.center["lat"] == 17.68
    assert row.center["translations"] == {"hi": {"name": "जिला सामान्य अस्पताल", "address": ""}}
    assert row.slots[1] == {"slot": "11:00AM-01:00PM", "dose1": 5, "dose2": 2}
    signature = gateway.sent("POST")[0].headers["Authorization"]
    assert re.match(r"AWS4-HMAC-SHA256 Credential=\w+/\d+/ap-south-1/execute-api/aws4_request", signature)
    assert {request.url.host for request in gateway.requests} == {"abc.execute-api.ap-south-1.amazonaws.com"}


def test_publishing_a_file_again_changes_nothing(run, stored):
    run(ROW)
    before = stored.everything()

    assert run(ROW)[0] == 0
    assert stored.everything() == before


def test_other_numbers_of_places_change_those(run, gateway):
    run(ROW)

    code, said = run(ROW | {"slots": "09:00AM-11:00AM=50/2;11:00AM-01:00PM=0/2"})

    assert (code, said.splitlines()[0]) == (0, "line 2: The numbers of places were changed.")
    assert published()[ROW["session_id"]].capacity == [[50, 2], [0, 2]]
    assert len(gateway.sent("PATCH")) == 1


def test_a_cut_below_what_is_booked_fails_its_row_and_says_why(run, a_citizen, schedule):
    run(ROW)
    schedule(a_citizen(people=2), ROW["session_id"])

    code, said = run(ROW | {"slots": "09:00AM-11:00AM=1/2;11:00AM-01:00PM=5/2"})

    assert code == 1
    assert "line 2: 09:00AM-11:00AM, dose 1: 2 places remain, as they are held or booked." in said


def test_a_published_session_does_not_become_another(run):
    run(ROW)

    code, said = run(ROW | {"name": "Another Hospital"})

    assert code == 1
    assert "line 2: 409 TIKA0013 session_id: already published with another name." in said


def test_a_session_without_an_id_gets_the_same_one_each_time(run):
    first = ROW | {"session_id": ""}
    run(first, first | {"date": "05-05-2021"}, first | {"min_age_limit": "45"})
    before = set(published())

    run(first)

    assert len(before) == 3
    assert set(published()) == before


def test_one_day_written_in_two_ways_is_one_session(run):
    run(ROW | {"date": "4-5-21", "session_id": ""})
    run(ROW | {"date": "04-05-2021", "session_id": ""})

    assert [row.date for row in published().values()] == ["2021-05-04"]


def test_a_date_may_be_written_as_days_from_now(run, at):
    run(ROW | {"date": "+1", "session_id": ""})
    run(ROW | {"date": "04-05-2021", "session_id": ""})
    at.advance(hours=13)  # after midnight in India
    run(ROW | {"date": "+1", "session_id": ""})

    assert sorted(row.date for row in published().values()) == ["2021-05-04", "2021-05-05"]


def test_every_bad_row_is_reported_by_its_line_and_nothing_is_sent(run, gateway):
    two_lines = ROW | {"session_id": "", "address": "Sadar Bazaar,\nSatara"}
    code, said = run(
        ROW,
        two_lines,
        ROW | {"session_id": "", "date": "05-05-2021", "fee_type": "Paid", "fee": "781", "min_age_limit": "eighteen"},
        ROW | {"session_id": "", "date": "06-05-2021", "fee_type": "Paid", "fee": "781", "max_age_limit": "12"},
        ROW | {"session_id": "", "slots": "09:00AM-11:00AM"},
        ROW | {"session_id": ROW["session_id"].upper(), "date": "04-05-2021"},
    )

    assert code == 1
    assert said.splitlines() == [
        "line 3: address: control characters are not allowed.",
        "line 5: min_age_limit: a whole number is needed.",
        "line 6: max_age_limit: below min_age_limit.",
        "line 6: fee: more than 780 rupees, the most allowed for COVISHIELD.",
        "line 7: slots: written like 09:00AM-11:00AM=50/20;11:00AM-01:00PM=50/20",
        "line 7: session_id: the same session as in line 3.",
        "line 8: session_id: the same session as in line 2.",
        "Nothing was sent.",
    ]
    assert gateway.sent("POST") == []


def test_a_dry_run_sends_nothing(run, gateway):
    code, said = run(ROW, options=["--dry-run"])

    assert (code, said) == (0, "1 sessions are good; nothing was sent.\n")
    assert gateway.sent("POST") == []


HEADER = ",".join(ROW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Columns missing: 'date'"),
        (HEADER.replace("pincode", "pincod"), "Columns missing: 'pincode'."),
        (HEADER + ",colour", "Columns not known: 'colour'."),
        (HEADER + ",fee", "Columns there more than once: 'fee'."),
        (HEADER.encode("utf-16"), "not UTF-8"),
        (HEADER + '\n"', "line 2: unexpected end of data."),
        (HEADER + "\n" + "," * 40, None),  # an empty row, as spreadsheets leave them
        (HEADER + "\n" + "x," * 40, "line 2: more cells than columns."),
        (HEADER + "\n\n\n" + "x," * 40, "line 4: more cells than columns."),
        (HEADER + "\nx", "line 2: date: this is missing."),
        (b"\xef\xbb\xbf" + HEADER.encode(), None),  # the mark that spreadsheets put in front
    ],
)
def test_a_file_that_is_none_is_explained(run, gateway, text, said):
    code, heard = run(text=text)

    assert code == (1 if said else 0)
    assert (said or "0 of 0") in heard
    assert gateway.sent("POST") == []


def test_a_file_that_is_not_there_is_explained(gateway, tmp_path, capsys):
    assert publish.main([str(tmp_path / "none.csv"), "--api", API]) == 1
    assert "No such file" in capsys.readouterr().err


def test_a_busy_api_is_asked_again_when_it_said(run, gateway):
    run(ROW, options=["--dry-run"])
    gateway.busy = [
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(503, headers={"Retry-After": "99999"}),
        httpx.Response(503),
        httpx.ConnectError("refused"),
    ]

    code, _ = run(ROW)

    assert code == 0
    assert gateway.waits == [7, 60, 2, 2.0]
    assert len(published()) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(503, json={"errorCode": "TIKA0007", "error": "Busy."}), "line 2: 503 TIKA0007 Busy."),
        (httpx.Response(403, json={"message": "Forbidden"}), "line 2: 403  Forbidden"),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "line 2: 302, which is no answer"),
        (httpx.Response(400, json=["?"]), "line 2: 400, which is no answer"),
        (httpx.ReadTimeout("slow"), "cannot be reached (ReadTimeout)"),
    ],
)
def test_a_row_that_cannot_be_sent_fails_and_the_others_go_on(run, gateway, answer, said):
    other = ROW | {"session_id": "", "date": "05-05-2021"}
    real = Gateway.__call__

    def fails_for_one(self, request):
        if request.method == "POST" and ROW["session_id"].encode() in request.content:
            gateway.requests.append(request)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return real(self, request)

    Gateway.__call__, restored = fails_for_one, real
    try:
        code, heard = run(ROW, other)
    finally:
        Gateway.__call__ = restored

    assert code == 1
    assert said in heard
    assert "1 of 2 sessions are published." in heard
    assert {request.url.host for request in gateway.requests} == {"abc.execute-api.ap-south-1.amazonaws.com"}


def test_an_api_that_is_none_is_explained(run, gateway):
    gateway.busy = [httpx.Response(404, text="nothing here")]

    code, said = run(ROW)

    assert code == 1
    assert "/status answered 404" in said


@pytest.mark.parametrize("url", ["http://tika.example.in", "ftp://localhost", "localhost:8080", "", "https://"])
def test_credentials_sign_nothing_for_an_address_that_others_could_read(gateway, tmp_path, capsys, url):
    assert publish.main([str(tmp_path / "any.csv"), "--api", url]) == 1
    assert "https://" in capsys.readouterr().err
    assert gateway.requests == []


def test_the_emulators_address_may_be_plain(gateway, tmp_path):
    (tmp_path / "empty.csv").write_text(HEADER)

    assert publish.main([str(tmp_path / "empty.csv"), "--api", "http://abc.execute-api.localhost:4566/live"]) == 0


@pytest.mark.parametrize(
    ("missing", "said"), [("AWS_DEFAULT_REGION", "--region"), ("AWS_ACCESS_KEY_ID", "credentials")]
)
def test_what_the_environment_lacks_is_named(gateway, tmp_path, capsys, monkeypatch, missing, said):
    monkeypatch.delenv(missing)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert publish.main([str(tmp_path / "any.csv"), "--api", API]) == 1
    assert said in capsys.readouterr().err


def test_the_command_explains_itself():
    done = subprocess.run([sys.executable, "-m", "ops.publish", "--help"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0
    assert "slots" in done.stdout


# --- the sample ------------------------------------------------------------------------------------------------------


def test_the_sample_is_what_its_generator_makes():
    assert sample.FILE.read_text(encoding="utf-8") == sample.text()


def test_the_whole_sample_is_good_on_any_day(gateway, at, capsys):
    at.advance(days=1000)

    assert publish.main([str(sample.FILE), "--api", API, "--dry-run"]) == 0
    assert "497 sessions are good" in capsys.readouterr().out


def test_the_sample_can_be_published_today_and_again_tomorrow(run, at):
    header, *lines = sample.text().splitlines(keepends=True)
    text = header + "".join(line for line in lines if ",1000" in line and int(line.split(",1000")[1][:2]) <= 18)
    codes = [run(text=text)[0]]
    first = len(published())
    at.advance(days=1)
    codes.append(run(text=text)[0])

    rows = published().values()
    assert codes == [0, 0]
    assert len(rows) == first + first // 7
    assert {row.vaccine for row in rows} == {"COVISHIELD", "COVAXIN", "SPUTNIK V"}
    assert {row.center["fee_type"] for row in rows} == {"Free", "Paid"}
    assert {row.min_age for row in rows} == {18, 45}
    assert {language for row in rows for language in row.center.get("translations", {})} == set(publish.LANGUAGES)
    assert min(row.date for row in rows) == f"{at.now:%Y-%m-%d}"
    assert max(row.date for row in rows) == f"{at.now + timedelta(days=7):%Y-%m-%d}"

"""What a cold start loads: half of it is one library, and nothing that only another function needs."""

import json
import os
import subprocess
import sys

import pytest

from bench import table
from bench.starts import import_ratio
from tests.budget.figures import IMPORT_RATIO
from tests.conftest import ROOT

OPERATIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
ONLY_THE_SLIP = {"fpdf", "PIL", "fontTools", "uharfbuzz", "segno"}
NEVER = {"boto3", "aws_xray_sdk", "s3transfer", "requests", "phonenumbers"} | ONLY_THE_SLIP
# What is dear to import, and who needs it.
ONLY_FOR = {
    "nacl": {"request_otp", "send_otp"},
    "stdnum": {"register", "update_beneficiary"},
    "tika.tables.rows": set(OPERATIONS) - {"list_places"},
    "pynamodb.models": set(OPERATIONS) - {"list_places"},
}
NOISE = 1.15  # what a busy machine adds to a ratio, also to the least of many
MARGIN = 6  # another release of Python, or the tests around it, bring a module or two

_COUNT = """
import json, sys
sys.modules["cryptography"] = None  # the tests' own need, which the layer has not
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import app
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules(operation: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, str(ROOT / "functions" / operation)],
        env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_function_loads_only_what_it_needs(operation, measured):
    loaded = modules(operation)

    measured(f"| {operation} | {len(loaded)} modules |")
    packages = {name.split(".")[0] for name in loaded}
    assert packages & (NEVER - (ONLY_THE_SLIP if operation == "appointment_slip" else set())) == set()
    assert {name for name, who in ONLY_FOR.items() if name in loaded and operation not in who} == set()
    most = table.documented_modules()[operation] + MARGIN
    assert len(loaded) <= most, "make bench writes the table of docs/performance/requests.md"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_function_is_imported_in_the_time_that_it_took(operation, measured):
    """The least of up to thirty tries on both sides: whatever else runs here, some of them had a processor."""
    most = IMPORT_RATIO[operation] * NOISE
    ratio = import_ratio(operation, good_enough=most, at_least=4, at_most=30)

    measured(f"| {operation} | import {ratio:.2f} of the libraries |")
    assert ratio <= most


_CLIENT_BUILT = """
import sys
sys.path.insert(0, sys.argv[1])
import app
from tika.aws import CONNECTION
import botocore.session
botocore.session.Session.create_client = None  # from here on it is too late
print(CONNECTION.client.meta.config.user_agent)
"""


@pytest.mark.parametrize("operation", ["book_slot", "release_stale"])
def test_the_client_is_built_while_the_container_starts(operation):
    """The first request would wait for it, and each of release_stale's threads would build one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _CLIENT_BUILT, str(ROOT / "functions" / operation)],
        env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("tika botocore/")  # by a name that is not put together anew for each request

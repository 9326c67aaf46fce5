"""What `sam build` made is complete: each function starts with nothing but the layer and its own folder."""

import subprocess
import sys

import pytest
import yaml

from local.system import System
from tests.template.rules import functions, read

pytestmark = pytest.mark.system

_START = """
import os, sys
sys.path[:0] = sys.argv[1:]
os.environ |= {name: name for name in ("OTP_TABLE", "CITIZENS_TABLE", "SLOTS_TABLE", "POWERTOOLS_SERVICE_NAME")}
os.environ |= {"AWS_DEFAULT_REGION": "ap-south-1", "AWS_REGION": "ap-south-1", "POWERTOOLS_METRICS_NAMESPACE": "Tika"}
import app
assert callable(app.lambda_handler)
assert app.__file__.startswith(sys.argv[1]), app.__file__
"""


@pytest.mark.parametrize("name", sorted(functions(read())))
def test_the_built_function_starts_with_only_the_layer(system: System, name: str) -> None:
    build = system.folder / "build"
    # -I -S: neither this environment's packages nor the source tree can be imported.
    started = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _START, str(build / name), str(build / "Common" / "python")],
        capture_output=True,
        text=True,
    )

    assert started.returncode == 0, started.stderr


def test_what_sam_uploads_names_nothing_and_merges_nothing(system: System) -> None:
    """CloudFormation reads neither of the two ways in which template.yaml says a thing once; SAM writes them out."""
    tokens = list(yaml.scan((system.folder / "build" / "template.yaml").read_text()))

    assert not [token for token in tokens if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]
    assert not [token for token in tokens if isinstance(token, yaml.ScalarToken) and token.value == "<<"]

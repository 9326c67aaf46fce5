"""`python -m bench.starts`: what importing each function costs, in parts of importing the libraries it stands on.

CPU time of fresh processes with compiled modules. The two sides take turns, so that whatever else the machine does
slows both, and of each the quickest counts: what is added to that is the machine's.
"""

import os
import subprocess
import sys
from functools import partial

from tests.conftest import ROOT

ROUNDS = 15
# The three libraries: botocore's client, PynamoDB, and of Powertools what writes logs and metrics.
FLOOR = """
import botocore.client, botocore.session
from aws_lambda_powertools import Logger, Metrics
from pynamodb.models import Model
"""
_TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.process_time()
{program}
print(time.process_time() - started)
"""


def import_ratio(operation: str, *, good_enough: float = 0, at_least: int = 1, at_most: int = ROUNDS) -> float:
    """The CPU time of importing the function over that of the floor. Rounds end where it is `good_enough`."""
    floor, function = partial(_cpu_s, FLOOR, operation), partial(_cpu_s, "import app", operation)
    floors, functions = [], []
    for done in range(1, at_most + 1):
        floors.append(floor())
        functions.append(function())
        ratio = min(functions) / min(floors)
        if done >= at_least and ratio <= good_enough:
            break
    return ratio


def _cpu_s(program: str, operation: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _TIMED.format(program=program), str(ROOT / "functions" / operation)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    for folder in sorted((ROOT / "functions").iterdir()):
        print(f"| {folder.name} | {import_ratio(folder.name):.2f} |", flush=True)

"""After `sam build`: `python -m local.finish_build .aws-sam/build` makes what is uploaded start faster.

A cold start unpacks the layer and imports from it. So what no function can reach is left out (the models of 400 other
AWS services), and the modules are compiled, which every new container would otherwise do again.
"""

import compileall
import py_compile
import shutil
import sys
from pathlib import Path

SERVICES = {"dynamodb", "secretsmanager", "sns", "sqs", "ssm"}  # those of tika.aws


def finish(build: Path) -> None:
    """Trim and compile what lies in `build`; doing it twice changes nothing more."""
    for folder in (build / "Common" / "python" / "botocore" / "data").iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    # By hash and unchecked: packing changes the times of files, and nothing edits them afterwards.
    compileall.compile_dir(build, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))

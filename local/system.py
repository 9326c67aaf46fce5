"""The whole system on this machine: an AWS emulator on loopback, and template.yaml built and deployed to it by SAM."""

import fcntl
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import httpx

from local.finish_build import finish

ROOT = Path(__file__).parent.parent
REGION = "ap-south-1"
STACK = "tika"
STAGE = "local"
_READY_WITHIN_S = 60
_STOP_WITHIN_S = 60  # it writes its state to disk, on a machine that may be busy


class StartUpFailed(Exception):
    """A step of the start failed; the text is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class System:
    """A running system. `api_url` is the REST API's stage, as on AWS: paths begin with /api/v2."""

    folder: Path
    port: int
    api_url: str

    @property
    def messages_url(self) -> str:
        """Where the emulator keeps the text messages it was asked to send."""
        return f"http://127.0.0.1:{self.port}/_ministack/sns/sms-messages"

    def client(self, service: str) -> Any:
        """A botocore client of the emulator, with the rights of the account's root."""
        return _client(service, self.port)

    def resource(self, logical_id: str) -> str:
        """The name that the deployment gave to a resource of template.yaml."""
        answer = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]


class InUse(StartUpFailed):
    """Another process runs a system with the same data."""


@contextmanager
def running(folder: Path, *, say: Callable[[str], None], fresh: bool = False) -> Iterator[System]:
    """Start the system with its data, build and log in `folder`; stop all of it at the end, after a failure too.

    `fresh` forgets the data of earlier runs. Raises InUse or StartUpFailed.
    """
    with _alone(folder):
        if fresh:
            reset(folder)
        say("Starting the AWS emulator")
        port = _port(folder)
        emulator = _start_emulator(folder, port)
        try:
            _await_emulator(emulator, port, folder)
            say("Building the functions and their layer (sam build)")
            _build(folder, port)
            say("Deploying template.yaml (sam deploy)")
            _deploy(folder, port)
            # By path, since not every machine resolves names under localhost.
            api_url = f"http://127.0.0.1:{port}/restapis/{_output(port, 'ApiId')}/{STAGE}/_user_request_"
            yield System(folder, port, api_url)
        finally:
            _stop(emulator, folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"A system with the data in {folder} is running already.") from None
        yield


def environment(port: int) -> dict[str, str]:
    """The environment of everything that talks to the emulator: no other account can be reached with it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "PYTHON"))}
    # `sam build` wants the interpreter itself on PATH: a shim fails its check.
    interpreter = Path(sys.base_prefix) / "bin"
    return kept | {
        "PATH": f"{interpreter}{os.pathsep}{kept.get('PATH', '')}",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1,.localhost",
        "SAM_CLI_TELEMETRY": "0",
    }


def _start_emulator(folder: Path, port: int) -> subprocess.Popen[bytes]:
    settings = {
        "AUTH": "true",  # the functions' own policies are enforced
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder / "tmp"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "STARTED_BY": str(os.getpid()),
    }
    # Functions are unpacked here, and left behind where a process was killed.
    shutil.rmtree(folder / "tmp", ignore_errors=True)
    (folder / "tmp").mkdir()
    # Functions inherit what the emulator has, so it gets nothing of the person's own.
    inherited = {name: value for name, value in environment(port).items() if name.startswith("AWS_")}
    inherited |= {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    with (folder / "emulator.log").open("ab") as log:
        # A session of its own: Ctrl-C reaches this process, which then stops the emulator in order.
        return subprocess.Popen(
            [sys.executable, "-m", "local.emulator"],
            cwd=ROOT,
            env=inherited | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await_emulator(emulator: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        if emulator.poll() is not None:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/_ministack/ready", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise StartUpFailed(f"The AWS emulator did not start; see {folder / 'emulator.log'}.")


def _stop(emulator: subprocess.Popen[bytes], folder: Path) -> None:
    """Stop the emulator in order, which saves its state, then whatever is left of its function processes."""
    if emulator.poll() is None:
        emulator.terminate()
        try:
            emulator.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            emulator.kill()
            emulator.wait()
    with suppress(ProcessLookupError):
        os.killpg(emulator.pid, signal.SIGKILL)  # the group that start_new_session made
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def _build(folder: Path, port: int) -> None:
    _sam(
        folder,
        port,
        *("build", "--parallel", "--cached"),
        *("--build-dir", folder / "build", "--cache-dir", folder / "build-cache"),
        *("--parameter-overrides", f"Architecture={_architecture()}"),
    )
    finish(folder / "build")


def _deploy(folder: Path, port: int) -> None:
    _sam(
        folder,
        port,
        *("deploy", "--template-file", folder / "build" / "template.yaml", "--stack-name", STACK, "--region", REGION),
        *("--resolve-s3", "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", f"Architecture={_architecture()}", f"Stage={STAGE}"),
    )


def _sam(folder: Path, port: int, *arguments: str | Path) -> None:
    sam = ROOT / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        raise StartUpFailed("SAM CLI is not installed; run `make .venv-sam`.")
    done = subprocess.run(
        [str(sam), *map(str, arguments)],
        cwd=ROOT,
        env=environment(port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    (folder / f"sam-{arguments[0]}.log").write_text(done.stdout)
    if done.returncode != 0:
        raise StartUpFailed(f"sam {arguments[0]} failed:\n{done.stdout[-3000:]}")


def _client(service: str, port: int) -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 the emulator knows no other
    )


def _output(port: int, name: str) -> str:
    (stack,) = _client("cloudformation", port).describe_stacks(StackName=STACK)["Stacks"]
    return next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == name)


def _architecture() -> str:
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _port(folder: Path) -> int:
    """The port of the last run, since what was deployed then names it, or else a free one."""
    kept = folder / "port"
    if kept.exists() and _is_free(port := int(kept.read_text())):
        return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def reset(folder: Path) -> None:
    """Forget all data; what was built is kept."""
    for name in ("state", "s3", "tmp", "port", "published", "emulator.log"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

"""The real Lambda runtime on bare Linux: AWS's emulator of it, AWS's runtime client, and the built package.

The emulator (`aws-lambda-rie`) is a binary inside the aws-sam-cli wheel; wheel and runtime client are pinned by hash in
`tests/data/runtime/`. A function's process sees the standard library, the runtime client and its package; nothing
of the environment that the tests run in. One event at a time: that is what a Lambda environment is.
"""

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local import package
from local.processes import HOST, ports

PINNED = Path(__file__).parent / "data" / "runtime"
TAKES = 60.0
"""Seconds after which a function that has not answered is stuck."""
_EMULATOR = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}
_BOOT = "import sys; sys.path[:0] = sys.argv[2:]; from awslambdaric.__main__ import main; main(sys.argv[:2])"
_INVOKE = "2015-03-31/functions/function/invocations"


@dataclass(frozen=True)
class Parts:
    """What stands around a package."""

    emulator: Path
    client: Path


def fetched(cache: Path) -> Parts:
    """The emulator and the runtime client, from the package index the first time, then from ``cache``."""
    name = f"{platform.machine()}-{sys.version_info.major}.{sys.version_info.minor}"
    pins = "-".join(_pin(path) for path in sorted(PINNED.iterdir()))
    kept = cache / f"{name}-{pins}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache) as beside:
            fresh = Path(beside) / "runtime"
            package.install(fresh / "client", PINNED / "awslambdaric.txt", here=True)
            _emulator(fresh)
            fresh.rename(kept)
    return Parts(kept / _EMULATOR[platform.machine()], kept / "client")


def _pin(requirements: Path) -> str:
    return requirements.read_text().split()[0].replace("==", "-")


def _emulator(folder: Path) -> None:
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    download += ["--require-hashes", "--only-binary=:all:", "--dest", str(folder)]
    subprocess.run([*download, "-r", str(PINNED / "aws-sam-cli.txt")], check=True)
    [wheel] = folder.glob("*.whl")
    binary = folder / _EMULATOR[platform.machine()]
    with zipfile.ZipFile(wheel) as archive:
        binary.write_bytes(archive.read(f"samcli/local/rapid/{binary.name}"))
    binary.chmod(0o755)
    wheel.unlink()


class Runtime:
    """One Lambda environment, from ``with`` until its end; its first event starts the function.

    Args:
        parts: see `fetched`.
        task: the package, as `local.package` built it.
        handler: as in the template.
        environment: what the function is told.
    """

    def __init__(self, parts: Parts, task: Path, handler: str, environment: dict[str, str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the environment
        self._port, api = ports(0, count=2)
        emulator = [str(parts.emulator), "--runtime-interface-emulator-address", f"{HOST}:{self._port}"]
        emulator += ["--runtime-api-address", f"{HOST}:{api}"]
        function = [sys.executable, "-I", "-S", "-B", "-c", _BOOT, handler, str(task), str(parts.client)]
        self._process = subprocess.Popen(
            [*emulator, *function],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LAMBDA_TASK_ROOT": str(task), **environment},
            cwd=task,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The emulator ends the function with itself."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._log.close()

    def invoke(self, event: object) -> Any:  # noqa: ANN401  JSON
        """What the function answers; an error has `errorType`, as the runtime tells it.

        Raises:
            AssertionError: it could not be started; the text is all that was said.
        """
        self._until_listening()
        url = f"http://{HOST}:{self._port}/{_INVOKE}"
        asked = urllib.request.Request(url, json.dumps(event).encode())
        try:
            with urllib.request.urlopen(asked, timeout=TAKES) as answer:  # noqa: S310  our own process
                return json.load(answer)
        except urllib.error.HTTPError:
            raise AssertionError(self.log()) from None

    def _until_listening(self) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self._port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"the emulator does not listen\n{self.log()}")

    def log(self) -> str:
        """What the function and the runtime said."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

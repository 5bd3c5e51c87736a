"""The programs that make up the embedded cloud: started on a leash, ready or refused, gone when closed."""

import errno
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent
_LEASH = Path(__file__).with_name("leash.py")
_GONE = 10.0
"""Seconds after which a program that is not gone is an error, not a reason to hang."""
_KEPT = ("PATH", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")
"""What of our own environment a program is told; credentials and endpoints are not."""


class StartError(Exception):
    """The embedded cloud cannot start; the text says why, in one line if it is the user's to mend."""


class PortTakenError(StartError):
    """Somebody else listens on the port that was asked for."""


def ports(first: int, *, count: int) -> list[int]:
    """``first`` and free ones; 0 is any free one.

    Raises:
        PortTakenError: ``first`` is taken.
    """
    with ExitStack() as held:
        return [_port(held, first), *(_port(held, 0) for _ in range(count - 1))]


def _port(held: ExitStack, wanted: int) -> int:
    listener = held.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, wanted))
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise PortTakenError(f"port {wanted} on {HOST} is taken") from error
    return int(listener.getsockname()[1])


class Process:
    """A program on a leash.

    Args:
        module: run as ``python -m module``.
        arguments: what it is given.
        environment: what it is told beside the few things that every program is.
        speaks: its first line on standard output is for us; otherwise all it says is log.
    """

    def __init__(
        self, module: str, *arguments: str, environment: dict[str, str] | None = None, speaks: bool = False
    ) -> None:
        self.module = module
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the program
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        self._leash = subprocess.Popen(
            [sys.executable, "-I", str(_LEASH), sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if speaks else self._log,
            stderr=self._log,
            env={**kept, "PYTHONUNBUFFERED": "1", **(environment or {})},
            cwd=ROOT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go, and wait until it is gone."""
        for pipe in (self._leash.stdin, self._leash.stdout):
            if pipe:
                pipe.close()
        self._leash.wait(_GONE)
        self._log.close()

    def first_line(self, seconds: float) -> str:
        """What it says first.

        Raises:
            StartError: it ended, or was silent for too long.
        """
        output = self._leash.stdout
        ready = select.select([output], [], [], seconds)[0] if output else []
        line = output.readline() if output and ready else b""
        if not line:
            raise self._failure()
        return line.decode()

    def until_listening(self, port: int, seconds: float) -> None:
        """Wait until it takes connections.

        Raises:
            StartError: it ended, or did not get there in time.
        """
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and self._leash.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.02)
        raise self._failure()

    def log(self, size: int = 4000) -> str:
        """The last bytes of what it logged, as text."""
        end = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, max(0, end - size)).decode(errors="replace").strip()

    def _failure(self) -> StartError:
        return StartError(f"{self.module} did not start: {self.log() or 'it says nothing'}")

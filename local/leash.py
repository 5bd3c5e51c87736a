"""A program on a leash: it lives as long as whoever asked for it, and leaves nothing behind.

    python leash.py PROGRAM [ARGUMENT ...]

Standard input is a pipe from the asker. When it closes, because the asker is done, has crashed or was killed, the
program ends with everything it started (they are one process group), and so does the folder that it had for its
temporary files. Started by its path, with nothing but the standard library, so that it is there at once.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from threading import Thread

_LAST_BREATH = 2.0
"""Seconds that a killed process group may take to be gone."""


def main(*command: str) -> int:
    """The program's exit code."""
    folder = tempfile.mkdtemp(prefix="preflight-")
    own = {**os.environ, "HOME": folder, "TMPDIR": folder}
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=own, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: _signal(program.pid, signal.SIGKILL))
    Thread(target=_follow, args=(program.pid,), daemon=True).start()
    code = program.wait()
    _end(program.pid)
    shutil.rmtree(folder, ignore_errors=True)
    return code


def _follow(group: int) -> None:
    """Wait for the asker to let go."""
    sys.stdin.buffer.read()
    _signal(group, signal.SIGKILL)


def _end(group: int) -> None:
    """Whatever the program started and left running."""
    give_up = time.monotonic() + _LAST_BREATH
    while _signal(group, signal.SIGKILL) and time.monotonic() < give_up:
        time.sleep(0.01)


def _signal(group: int, number: signal.Signals) -> bool:
    """Whether there was anyone to hear it."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

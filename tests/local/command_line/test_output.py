"""What the command line prints, and where: pipes, terminals, full disks, Ctrl-C."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import threading

from tests.local.command_line.bench import INTERRUPTED, NOBODY, REFUSED, SOMEBODY, UNWRITTEN, service


def test_it_runs_as_a_module_and_tells_its_exit_codes() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "local.command_line", "--help"], capture_output=True, text=True, check=True
    )
    assert "exit codes:" in found.stdout


COMMAND = [sys.executable, "-m", "local.command_line"]
GROUP = {
    "groupId": "pg-0123456789abcdef0",
    "groupName": "Zahlungsverkehr",
    "status": "ready",
    "provedAt": "2026-11-24T12:00:00Z",
    "region": "eu-central-1",
    "counts": {"total": 1, "ready": 1, "pending": 0, "failed": 0},
}
PAGE = {"groups": [GROUP], "nextToken": None}
TOLD = ("--token", SOMEBODY, "--api")


def shell(url: str, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`preflight groups` in a script of bash's."""
    command = shlex.join([*COMMAND, "groups", *TOLD, url])
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", script.replace("preflight", command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**os.environ, **environment},
    )


def at_a_terminal(**environment: str) -> str:
    """What `preflight groups` prints there, 40 columns wide."""
    clean = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 40))
    with service(PAGE) as told:
        command = [*COMMAND, "groups", *TOLD, told.url]
        subprocess.run(command, stdout=follower, check=True, timeout=30, env={**clean, "TERM": "xterm", **environment})
    os.close(follower)
    with open(leader, "rb") as terminal:  # noqa: PTH123  a descriptor
        return terminal.read1().decode()


def test_json_is_answered_without_what_draws_and_help_without_what_signs() -> None:
    modules = "import sys; from local.command_line.program import main; main({}); print(*sys.modules, file=sys.stderr)"
    with service(PAGE) as told:
        for arguments, unwanted in (
            (["groups", *TOLD, told.url, "--json"], {"rich", "boto3", "pydantic"}),
            (["--help"], {"rich", "botocore", "pydantic"}),
        ):
            code = modules.format(arguments)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
            assert not unwanted & set(done.stderr.split())


def test_who_reads_only_the_beginning_changes_no_exit_code() -> None:
    for option in ("", "--json"):
        with service(PAGE) as told:
            done = shell(told.url, f"(sleep 1; preflight {option}; echo $? >&2) | true")
        assert done.stderr == "0\n"


def test_an_answer_that_cannot_be_written_is_said_in_one_line() -> None:
    for option in ("", "--json"):
        with service(PAGE, PAGE) as told:
            full, closed = (shell(told.url, f"preflight {option} {to}") for to in ("> /dev/full", ">&-"))
        assert (full.returncode, closed.returncode) == (UNWRITTEN, UNWRITTEN)
        assert (
            full.stderr
            == "preflight: it is done, but standard output did not take the answer: No space left on device\n"
        )
        assert closed.stderr == "preflight: it is done, but standard output did not take the answer: it is closed\n"


def test_errors_that_nobody_hears_do_not_get_into_the_answer() -> None:
    done = shell(NOBODY, "preflight --json 2>&-")
    assert (done.returncode, json.loads(done.stdout)["error"]) == (REFUSED, "NO_CONNECTION")


def test_a_terminal_that_lacks_a_letter_gets_the_rest() -> None:
    with service({**PAGE, "groups": [{**GROUP, "groupName": "Zürich"}]}) as told:
        done = shell(told.url, "preflight", PYTHONIOENCODING="ascii")
    assert (done.returncode, "Z?rich" in done.stdout, done.stderr) == (0, True, "")


def test_a_row_is_one_line_however_narrow_the_terminal_and_coloured_there_alone() -> None:
    coloured = at_a_terminal()
    assert "\x1b[32mready" in coloured
    assert coloured.count("\n") == 2
    assert GROUP["groupId"] in coloured
    assert "\x1b[3" not in at_a_terminal(NO_COLOR="1")
    assert "\x1b" not in at_a_terminal(TERM="dumb")
    with service(PAGE) as told:
        assert "\x1b" not in shell(told.url, "preflight | cat").stdout


def test_an_interrupted_command_says_that_it_goes_on() -> None:
    asked = threading.Event()
    with service() as silent:
        silent.answers = Never(asked)  # type: ignore[assignment]
        command = subprocess.Popen(
            [*COMMAND, "groups", *TOLD, silent.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert asked.wait(20)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=20)
    assert (command.returncode, out) == (INTERRUPTED, "")
    assert err == "preflight: stopped looking; what was asked for goes on\n"


class Never(list[tuple[int, str, dict[str, str]]]):
    """Is asked, and does not answer in time."""

    def __init__(self, asked: threading.Event) -> None:
        super().__init__()
        self.asked = asked

    def pop(self, _index: object = -1) -> tuple[int, str, dict[str, str]]:
        self.asked.set()
        threading.Event().wait(1)
        return 200, "{}", {}

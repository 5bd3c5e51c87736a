"""`python -m local serve` as a process: what it says, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cloud import Cloud
from local.processes import ROOT, StartError
from local.remote import RemoteSimulator

KEYS = {"api", "endpoint", "simulator", "account", "region", "functions", "tables", "queues"}
SERVE = (sys.executable, "-m", "local", "serve", "--servers", "3")


@contextmanager
def serving(tmp_path: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen([*SERVE, *more], stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def parents() -> dict[int, int]:
    """Every running process and its parent; the dead that nobody has buried do not count."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    tree, found, added = parents(), {pid}, True
    while added:
        more = {child for child, parent in tree.items() if parent in found} - found
        found, added = found | more, bool(more)
    return found - {pid}


def gone(pids: set[int], seconds: float = 5) -> bool:
    give_up = time.monotonic() + seconds
    while pids & set(parents()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return not pids & set(parents())


def warm_a_function(said: dict[str, Any]) -> None:
    """So that there is a worker, the child of a child."""
    session = boto3.Session(said["account"], "not looked at", region_name=said["region"])
    client = session.client("lambda", endpoint_url=said["endpoint"])
    client.invoke(FunctionName=said["functions"]["QueriesFunction"], Payload=b'{"operation": "none"}')


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_one_line_and_leaves_nothing_when_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path) as process:
        said = json.loads(first_line(process))
        assert set(said) >= KEYS
        warm_a_function(said)
        children = descendants(process.pid)
        assert len(children) >= 5, "two leashes, the simulator, ministack and a worker"
        process.send_signal(stop)
        rest, complaint = process.communicate(timeout=10)
        assert (process.returncode, rest, complaint) == (0, "", "")
        assert gone(children, seconds=0)
        assert not list(tmp_path.iterdir())


def test_serve_leaves_nothing_when_it_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        said = json.loads(first_line(process))
        warm_a_function(said)
        children = descendants(process.pid)
        process.kill()
        process.wait()
        assert children
        assert gone(children)
        assert not list(tmp_path.iterdir())


def test_serve_told_to_stop_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        while not (children := descendants(process.pid)):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        said, complaint = process.communicate(timeout=10)
        assert (process.returncode, said, complaint) == (0, "", "")
        assert gone(children)
        assert not list(tmp_path.iterdir())


def test_a_taken_port_is_one_line_and_exit_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(tmp_path, "--port", str(port)) as process:
            said, complaint = process.communicate(timeout=10)
    assert (process.returncode, said, complaint) == (2, "", f"preflight: port {port} on 127.0.0.1 is taken\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ("Type: AWS::CloudWatch::Alarm", "Type: AWS::CloudWatch::Alarum", "AWS::CloudWatch::Alarum"),
        ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 1209601", "DeadLetterQueue: Invalid value"),
        ("CodeUri: build/function", "CodeUri: elsewhere", "CodeUri: build/function"),
    ],
)
def test_a_template_that_cannot_be_deployed_says_why(tmp_path: Path, right: str, wrong: str, why: str) -> None:
    text = (ROOT / "template.yaml").read_text()
    (tmp_path / "template.yaml").write_text(text.replace(right, wrong))
    with pytest.raises(StartError, match=why), Cloud(servers=0, root=tmp_path):
        pytest.fail("it was deployed")


def test_the_simulator_alone_says_where_it_is_and_answers() -> None:
    command = [sys.executable, "-m", "local", "simulator", "--servers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        said = json.loads(first_line(process))
        assert len(RemoteSimulator(said["endpoint"]).server_ids()) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_missing_module_is_one_line_and_exit_2() -> None:
    without_packages = [sys.executable, "-S", "-m", "local", "serve"]
    done = subprocess.run(without_packages, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "not installed: boto3" in done.stderr


def test_the_command_line_is_there_at_once() -> None:
    """Nothing that a command does not need is imported for it."""
    code = "import sys; from local.__main__ import _parser; _parser([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=True)
    assert not {"boto3", "moto", "pydantic", "rich"} & set(done.stdout.split())

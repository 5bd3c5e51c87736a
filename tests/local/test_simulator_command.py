"""`python -m local.simulator`: what it says, how it ends, and that it is quick from the first call on."""

import json
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

from local.processes import ROOT


def command(*arguments: str) -> "subprocess.Popen[str]":
    line = [sys.executable, "-m", "local.simulator", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_process_tells_where_it_is_and_ends_on_sigterm() -> None:
    with command("--port", "0", "--servers", "2") as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        connection = HTTPConnection(urlsplit(told["endpoint"]).netloc)
        connection.request("GET", "/_simulator/servers")
        assert len(json.loads(connection.getresponse().read())["servers"]) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_a_taken_port_ends_with_status_2_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command("--port", str(port)) as process:
            said = process.communicate(timeout=20)[1]
    assert process.returncode == 2
    assert said == f"simulator: port {port} on 127.0.0.1 is taken\n"


EARLY = """
from moto.core.utils import get_service_model
from local.simulator import Simulator
from local.simulator.warming import SERVICES

with Simulator.serve():
    before = get_service_model.cache_info().misses
    for service in SERVICES:
        get_service_model(service)
    print(before, get_service_model.cache_info().misses)
"""


def test_models_are_read_before_the_first_call_so_that_many_first_calls_do_not_each_read_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    before, after = done.stdout.split()
    assert before == after != "0"

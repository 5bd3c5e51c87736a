"""`python -m local.simulator`: what it says, how it ends, and that it is quick from the first call on."""

import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit


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


def test_the_first_calls_of_64_connections_do_not_each_read_the_models() -> None:
    scope = "Credential=123456789012/20261123/us-east-1/ec2/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = "Action=DescribeLaunchTemplateVersions&Version=2016-11-15&LaunchTemplateVersion.1=$Default"
    with command("--servers", "1") as process:
        assert process.stdout
        where = urlsplit(json.loads(process.stdout.readline())["endpoint"]).netloc

        def first_call(_: int) -> int:
            connection = HTTPConnection(where)
            connection.request("POST", "/", body, headers)
            return connection.getresponse().status

        start = time.monotonic()
        with ThreadPoolExecutor(64) as threads:
            assert set(threads.map(first_call, range(64))) == {200}
        assert time.monotonic() - start < 3, "each would take a tenth of a second of everybody's time"
        process.terminate()

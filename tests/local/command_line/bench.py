"""What tests of the command line share: definitions, groups that are ready, a service that says what a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
Run = Callable[..., tuple[int, Json]]
Ask = Callable[..., tuple[int, str, str]]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}
DONE, NOT_YET, FAILED, REFUSED, USAGE, UNWRITTEN, INTERRUPTED = 0, 2, 3, 4, 64, 74, 130
NOWHERE = "subnet-0123456789abcdef0"
NOBODY = "http://127.0.0.1:9/live"
"""Where nobody listens."""
SOMEBODY = "its-token"
A_JOB = 600
"""Seconds in which a recovery job ends."""
SAYS_WHOM = (
    *(f"PREFLIGHT_{name}" for name in ("API", "STACK", "SERVE_LINE", "TOKEN", "API_KEY")),
    *("AWS_PROFILE", "AWS_ENDPOINT_URL"),
)


def written(folder: Path, body: Json) -> str:
    """A file with a body."""
    file = folder / "body.json"
    file.write_text(json.dumps(body))
    return str(file)


def definition(name: str, servers: list[str], **settings: object) -> Json:
    """A group of servers."""
    return {"groupName": name, "sourceServerIds": servers, "launchConfig": {**SETTINGS, **settings}}


def ready(cloud: Cloud, name: str, servers: list[str]) -> str:
    """A group, applied and proved; its id."""
    code, answer = cloud.request("POST", "/protection-groups", definition(name, servers))
    assert (code, answer["status"]) == (201, "ready")
    return str(answer["groupId"])


def caught_up(cloud: Cloud, id_: str) -> None:
    """The read model knows all that was written of a group: two ways that ask it see the same."""
    status = f"/protection-groups/{id_}/launch-config-status"

    def look() -> bool | None:
        read, written = (cloud.request("GET", f"{status}{how}")[1] for how in ("", "?consistency=strong"))
        return read.get("version") == written["version"] or None

    cloud.until(look)


@dataclass
class Scripted:
    """Answers in order (status, body, headers), and what was asked: method and path, and headers."""

    answers: list[tuple[int, str, dict[str, str]]]
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def service(*answers: Json | str | tuple[int, Json] | tuple[int, str, dict[str, str]]) -> Iterator[Scripted]:
    """A server of this process."""
    script = Scripted([_answer(*answer) if isinstance(answer, tuple) else _answer(200, answer) for answer in answers])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.asked.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, body, headers = script.answers.pop(0)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815  the standard library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    script.url = f"http://127.0.0.1:{server.server_port}/live"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def _answer(code: int, body: Json | str, headers: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
    return code, body if isinstance(body, str) else json.dumps(body), headers or {}

"""The command line in front of a service that answers what a test says: pages, refusals, silence, bad credentials."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.command_line import main
from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
Ask = Callable[..., tuple[int, str, str]]
REFUSED, USAGE = 4, 64
NOBODY = "http://127.0.0.1:9/live"
SOMEBODY, NO_TOKEN = "its-token", "not.a.token"


@dataclass
class Scripted:
    """Answers in order, and what was asked: method and path, and headers."""

    answers: list[tuple[int, str]]
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def service(*answers: Json | str | tuple[int, Json]) -> Iterator[Scripted]:
    """A server of this process."""
    pairs = [answer if isinstance(answer, tuple) else (200, answer) for answer in answers]
    script = Scripted([(code, body if isinstance(body, str) else json.dumps(body)) for code, body in pairs])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.asked.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, body = script.answers.pop(0)
            self.send_response(code)
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


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """A command with a token, or without: its exit code, standard output and standard error."""
    for name in ("PREFLIGHT_API", "PREFLIGHT_STACK", "PREFLIGHT_SERVE_LINE", "PREFLIGHT_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    def asked(*arguments: str, token: str = SOMEBODY) -> tuple[int, str, str]:
        code = main([*arguments, *(("--token", token) if token else ())])
        return code, *capsys.readouterr()

    return asked


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("groups",),
        ("groups", "--api", "ftp://nowhere"),
        ("groups", "--api", "http://recovery.example.com"),
        ("groups", "--api", NOBODY, "--direct", "preflight"),
        ("groups", "--direct", "commands=a,queries=b"),
        ("groups", "--serve-line", "/nowhere.json"),
        ("groups", "--api", NOBODY, "--profile", "nobody's"),
        ("create", "-f", "/nowhere.json", "--api", NOBODY),
        ("create", "-f", "/dev/null", "--api", NOBODY),
        ("apply", "pg-1", "--wait", "--no-wait", "--api", NOBODY),
        ("audit", "--csv", "--json", "--api", NOBODY),
        ("audit", "--limit", "-1", "--api", NOBODY),
        ("wave", "start", "exec-1", "0", "pg-1", "--api", NOBODY),
        ("readiness", "--api", NOBODY),
        ("status", "pg-1", "--timeout", "soon", "--api", NOBODY),
        ("status", "pg-1", "--js", "--api", NOBODY),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line_and_nobody_is_asked(ask: Ask, arguments: tuple[str, ...]) -> None:
    code, out, err = ask(*arguments)
    assert (code, err.startswith("preflight: "), err.count("\n")) == (USAGE, True, 1)
    assert not out if "--json" not in arguments else json.loads(out)["error"] == "USAGE"


def test_an_api_that_cannot_be_reached_is_said_with_what_to_check(ask: Ask) -> None:
    code, out, err = ask("groups", "--api", NOBODY, "--json")
    assert (code, json.loads(out)["error"], json.loads(out)["retryable"]) == (REFUSED, "NO_CONNECTION", True)
    assert "make serve" in err
    assert SOMEBODY not in out + err


def test_without_credentials_nobody_is_asked(ask: Ask) -> None:
    code, out, err = ask("groups", "--api", NOBODY, "--region", "eu-west-1", "--json", token="")
    assert (code, json.loads(out)["error"]) == (REFUSED, "NO_CREDENTIALS")
    assert "aws sso login" in err


def test_credentials_that_aws_does_not_know_are_refused_by_api_and_directly(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYATALL00000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no secret")
    monkeypatch.setenv("AWS_REGION", cloud.description["region"])
    by_api = ask("groups", "--api", cloud.description["api"], "--json", token="")
    directly = ask("groups", "--direct", "preflight", "--endpoint-url", cloud.description["endpoint"], "--json")
    for code, out, err in (by_api, directly):
        assert code == REFUSED
        assert json.loads(out)["error"] in {"UnrecognizedClientException", "InvalidClientTokenId"}
        assert "--profile" in err
        assert "no secret" not in out + err


def test_a_stack_is_found_by_its_outputs_and_functions_by_their_names(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.description["account"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "preflight")
    monkeypatch.setenv("AWS_REGION", cloud.description["region"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.description["endpoint"])
    names = cloud.description["functions"]
    named = ",".join(f"{room}={names[f'{room.capitalize()}Function']}" for room in ("commands", "queries", "waves"))
    functions = f"{named},executions={names['ExecutionsFunction']}"

    assert ask("groups", "--direct", functions, "--json") == ask("groups", "--direct", "preflight", "--json")
    assert ask("groups", "--direct", "another", "--json")[0] == REFUSED
    monkeypatch.setenv("PREFLIGHT_STACK", "preflight")
    assert ask("groups")[0] == 0


def test_a_person_signed_in_with_cognito_may_do_what_the_role_may(cloud: Cloud, ask: Ask, tmp_path: Path) -> None:
    line, viewer = tmp_path / "cloud.json", cloud.people.tokens("viewer")["IdToken"]
    line.write_text(json.dumps(cloud.description))
    assert ask("groups", "--serve-line", str(line), token=viewer)[0] == 0
    code, out, _ = ask("verify", "--serve-line", str(line), "--json", token=viewer)
    assert (code, json.loads(out)["error"]) == (REFUSED, "FORBIDDEN")
    code, _, err = ask("groups", "--serve-line", str(line), token=NO_TOKEN)
    assert (code, "id token" in err) == (REFUSED, True)


@pytest.mark.parametrize("answer", ["<html>a portal</html>", "[]", {"hello": "world"}, (502, {"message": "no"})])
def test_whoever_answers_something_else_is_not_believed(ask: Ask, answer: Any) -> None:  # noqa: ANN401  whatever is said
    with service(answer) as other:
        code, _, err = ask("groups", "--api", other.url)
    assert (code, "what to do: " in err) == (REFUSED, True)


def test_pages_become_one_answer(ask: Ask) -> None:
    page = {"ok": True, "streams": 2, "commits": 9, "faults": [], "after": "group#pg-2"}
    fault = {"streamId": "group#pg-3", "soundVersions": 1, "version": 2, "why": "\x1b[31mhash"}
    last = {"ok": False, "streams": 1, "commits": 1, "faults": [fault], "after": None}
    with service(page, last, page, last) as pages:
        code, out, _ = ask("verify", "--api", pages.url, "--json")
        _, shown, _ = ask("verify", "--api", pages.url)
    assert (code, json.loads(out)) == (3, {**last, "streams": 3, "commits": 10})
    assert pages.asked[:2] == ["GET /live/verify", "GET /live/verify?after=group%23pg-2"]
    assert "group#pg-3 after version 1: \N{REPLACEMENT CHARACTER}[31mhash" in shown


def test_the_log_is_read_page_by_page_as_far_as_was_asked(ask: Ask) -> None:
    said = {"command": "EndApply", "actor": "ada", "via": "api", "recordedAt": "2026-11-24T12:00:00.000Z"}
    entry = {"streamId": "group#pg-1", "version": 1, "facts": [], **said}
    pages = [{"entries": [entry] * n, "nextToken": token} for n, token in ((0, "a"), (2, "b"), (1, "c"))]
    with service(*pages) as log:
        code, out, err = ask("audit", "--actor", "ada l", "--limit", "3", "--api", log.url, "--json")
    assert (code, len(json.loads(out)["entries"]), json.loads(out)["nextToken"]) == (0, 3, "c")
    assert log.asked[2] == "GET /live/audit-log?actor=ada%20l&limit=1&nextToken=b"
    assert "--next-token c" in err


def test_what_was_not_answered_may_be_asked_again_under_the_same_key(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.command_line.api.SECONDS_TO_ANSWER", 0.2)
    body = tmp_path / "body.json"
    body.write_text("{}")
    with service() as silent:
        silent.answers = Slow()  # type: ignore[assignment]
        code, _, err = ask("create", "-f", str(body), "--api", silent.url)
    assert (code, "NO_ANSWER" in err) == (REFUSED, True)
    assert re.search(r"ask again with --request-id [0-9a-f-]{36}", err)


class Slow(list[tuple[int, str]]):
    """Answers too late."""

    def pop(self, _index: object = -1) -> tuple[int, str]:
        threading.Event().wait(0.6)
        return 200, "{}"


def test_whoever_waits_asks_again_what_may_succeed_later(ask: Ask) -> None:
    no = {"error": "BUSY", "message": "try again", "retryable": True, "details": {"retryAfter": 0.01}}
    told = {"groupId": "pg-1", "status": "ready", "appliedServers": 1, "failedServers": 0, "pendingServers": 0}
    yes = {**told, "errors": [], "reasons": [], "version": 4}
    with service((503, no), (503, no), yes) as busy:
        assert ask("apply", "pg-1", "--api", busy.url)[0] == REFUSED
        code, out, _ = ask("apply", "pg-1", "--wait", "--api", busy.url, "--json")
    assert (code, json.loads(out)) == (0, yes)
    assert busy.headers[0]["Authorization"] == f"Bearer {SOMEBODY}"


def test_what_is_not_settled_in_time_is_not_yet(ask: Ask) -> None:
    counts = {"total": 2, "ready": 1, "pending": 1, "failed": 0, "notConfigured": 0}
    proof = {"provedAt": None, "freshUntil": None, "version": 1, "reasons": [], "serverConfigs": {}}
    found = {"groupId": "pg-1", "status": "pending", "counts": counts, **proof}
    with service(*[found] * 9) as slow:
        code, out, err = ask("status", "pg-1", "--watch", "--timeout", "0.5", "--api", slow.url, "--json")
    assert (code, json.loads(out)) == (2, found)
    assert err.splitlines()[0] == "pending: 1 of 2"
    assert "not settled after" in err


def test_an_update_from_another_groups_file_is_not_sent(ask: Ask, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"groupId": "pg-2"}')
    code, _, err = ask("update", "pg-1", "-f", str(body), "--api", NOBODY)
    assert (code, "pg-2, not of pg-1" in err) == (USAGE, True)


def test_it_runs_as_a_module_and_tells_its_exit_codes() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "local.command_line", "--help"], capture_output=True, text=True, check=True
    )
    assert "exit codes:" in found.stdout

"""The command line waits: what is asked again, and when it gives up."""

import json
import re
import threading
from pathlib import Path

import pytest

from tests.local.command_line.bench import REFUSED, SOMEBODY, Ask, service


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


class Slow(list[tuple[int, str, dict[str, str]]]):
    """Answers too late."""

    def pop(self, _index: object = -1) -> tuple[int, str, dict[str, str]]:
        threading.Event().wait(0.6)
        return 200, "{}", {}


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

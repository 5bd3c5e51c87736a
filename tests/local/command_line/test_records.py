"""What is recorded, from the command line: history, audit log, sheets, and whether it is as appended."""

import json
from pathlib import Path

import pytest

from events.rest import STATED
from local.command_line.api import BESIDE
from local.command_line.program import main
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import DONE, REFUSED, SETTINGS, Ask, Run, ready, service, written


def test_history_and_audit_log_tell_who_did_what_and_what_it_changed(
    cloud: Cloud, run: Run, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = cloud.take_servers(1)
    id_ = ready(cloud, "Told", servers)
    body = written(tmp_path, {"launchConfig": {**SETTINGS, "instanceType": "m5.large"}})
    assert run("update", id_, "-f", body, "--wait", "--direct", "preflight", "--serve-line", str(line))[0] == DONE

    code, history = run("history", id_, "--type", "ProtectionGroupUpdated")
    [entry] = history["entries"]
    assert (code, entry["command"], entry["via"]) == (DONE, "UpdateProtectionGroup", "direct")
    assert entry["actor"].startswith("command line")
    change = {"sourceServerId": servers[0], "field": "instanceType", "from": "c5.large", "to": "m5.large"}
    assert entry["changes"] == [change]
    code, audit = run("audit", "--group", id_, "--server", servers[0], "--limit", "1")
    assert (code, len(audit["entries"]), audit["nextToken"] is not None) == (DONE, 1, True)
    _, rest = run("audit", "--group", id_, "--server", servers[0], "--limit", "0", "--next-token", audit["nextToken"])
    assert {one["streamId"] for one in rest["entries"]} == {f"group#{id_}"}

    assert main(["history", id_]) == DONE
    assert f"  ~ {servers[0]} instanceType: c5.large -> m5.large\n" in capsys.readouterr().out


def test_a_sheet_is_the_same_by_api_and_directly(cloud: Cloud, read: Ask, line: Path) -> None:
    servers = cloud.take_servers(1)
    id_ = ready(cloud, "On a sheet", servers)
    code, out, _ = by_api = read("history", id_, "--csv")
    assert by_api == read("history", id_, "--csv", "--direct", "preflight", "--serve-line", str(line))
    first, *rows = out.splitlines()
    assert (code, first.startswith("recordedAt,actor,via,command,streamId,version,fact,sourceServerId")) == (DONE, True)
    assert any(f",ServerConfigApplied,{servers[0]}," in row for row in rows)


def test_the_log_is_read_page_by_page_as_far_as_was_asked(ask: Ask) -> None:
    said = {"command": "EndApply", "actor": "ada", "via": "api", "recordedAt": "2026-11-24T12:00:00.000Z"}
    entry = {"streamId": "group#pg-1", "version": 1, "facts": [], **said}
    pages = [{"entries": [entry] * n, "nextToken": token} for n, token in ((0, "a"), (2, "b"), (1, "c"))]
    with service(*pages) as log:
        code, out, err = ask("audit", "--actor", "ada l", "--limit", "3", "--api", log.url, "--json")
    assert (code, len(json.loads(out)["entries"]), json.loads(out)["nextToken"]) == (0, 3, "c")
    assert log.asked[2] == "GET /live/audit-log?actor=ada%20l&limit=1&nextToken=b"
    assert "--next-token c" in err


def test_a_sheet_has_its_names_once_whatever_way_it_came(ask: Ask) -> None:
    names = "recordedAt,streamId,version,message"
    first = f'{names}\r\n1,group#pg-1,3,"two\nlines"\r\n1,group#pg-1,3,more\r\n'
    last = f"{names}\r\n0,group#pg-1,2,\N{LINE SEPARATOR}\r\n"
    headers = {"Content-Type": "text/csv; charset=utf-8", "X-As-Of": "2026-11-24T12:00:00Z"}
    as_csv = (200, first, {**headers, "X-Next-Token": "a"}), (200, last, headers)
    as_json = {"csv": first, "asOf": "", "nextToken": "a"}, {"csv": last, "asOf": "", "nextToken": None}
    for pages in (as_csv, as_json):
        with service(*pages) as log:
            code, out, err = ask("history", "pg-1", "--csv", "--limit", "2", "--api", log.url)
        assert (code, out, err) == (DONE, first + last.partition("\n")[2], "")
        asked = "GET /live/protection-groups/pg-1/history?format=csv&limit"
        assert log.asked == [f"{asked}=2", f"{asked}=1&nextToken=a"]
    with service(as_csv[0]) as log:
        assert "--next-token a" in ask("audit", "--csv", "--limit", "1", "--api", log.url)[2]


def test_a_log_that_has_nothing_says_so_and_one_is_no_plural(ask: Ask) -> None:
    one = {"ok": True, "streams": 1, "commits": 2, "faults": [], "after": None}
    with service({"entries": [], "nextToken": None}, one) as log:
        assert ask("audit", "--api", log.url)[:2] == (DONE, "nothing\n")
        assert ask("verify", "--api", log.url)[:2] == (DONE, "sound 1 stream, 2 commits\n")


def test_all_streams_are_verified_and_what_is_no_stream_is_refused(run: Run, both: Run) -> None:
    code, answer = run("verify")
    assert (code, answer["ok"], answer["after"], answer["streams"] > 1) == (DONE, True, None, True)
    assert both("verify", "--stream", "nonsense")[0] == REFUSED
    assert both("verify", "--group", "pg-nobody")[1]["error"] == "NOT_FOUND"


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


def test_what_stands_beside_a_sheet_is_what_the_service_says_there() -> None:
    assert BESIDE == STATED

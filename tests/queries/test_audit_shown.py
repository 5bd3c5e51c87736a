"""How the trail is shown: no secret, AWS's own words to admins, as a sheet, and through the API."""

import csv
import io
import json
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from events import facts as f
from events.executions import ExecutionFact, ExecutionPaused
from events.groups import Definition, Target
from events.model import canonical
from events.redaction import LEFT_OUT as FOR_ADMINS
from events.redaction import redacted
from events.rosters import RosterFact
from events.shown_commits import LEFT_OUT, servers_of
from events.streams import EXECUTION, GROUP, WAVE
from events.waves import RecoveryRefused, ServersDropped, WaveClaimed, WaveFact
from queries.sheet import COLUMNS, sheet
from tests.bench_cloud import BenchCloud as Cloud
from tests.events.given import NOON, sid
from tests.queries.trails import Trail, failed, place, turned

# --- secrets ---------------------------------------------------------------------------------------------------------


def hidden(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a fact there is something that is not even shown in a log."""
    for field in model.model_fields.values():
        here = (*path, str(field.alias))
        if not field.repr:
            yield here
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from hidden(inner, here)


def test_the_trail_leaves_out_every_secret_there_is_in_a_fact() -> None:
    every = [one for union in (f.GroupFact, WaveFact, ExecutionFact, RosterFact) for one in get_args(union)]
    found = {path for one in every for path in hidden(one)}
    assert found == {("definition", "externalId"), ("target", "externalId"), ("token",)}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_no_answer_holds_a_secret(form: str) -> None:
    trail = Trail.real()
    secret = "hush-" + "x" * 20
    target = {"accountId": "123456789012", "region": "us-east-1", "assumeRoleName": "Target", "externalId": secret}
    definition = Definition.model_validate_json(canonical({"groupName": "ERP", **target}))
    trail.append(GROUP, ("pg-1",), f.ProtectionGroupCreated(group_id="pg-1", definition=definition, version=1))
    trail.append(GROUP, ("pg-1",), f.ProtectionGroupUpdated(definition=definition, version=2))
    trail.append(EXECUTION, ("exec-1",), ExecutionPaused(wave=0, at=NOON, token=secret))
    claim = WaveClaimed(
        execution_id="exec-1", wave_number=0, is_drill=True, region="us-east-1", path="fast", groups=(), chunks=(),
        until=NOON, requested_at=NOON, claimed_by="sfn-1", target=Target.model_validate_json(canonical(target)),
    )  # fmt: skip
    trail.append(WAVE, ("exec-1", 0), claim)
    for answer in (trail.page(format=form), trail.history("pg-1", format=form)):
        assert secret not in json.dumps(answer)
        assert (LEFT_OUT in json.dumps(answer)) == (form == "json")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_what_aws_said_is_for_admins_as_everywhere(form: str) -> None:
    trail = Trail.real()
    trail.append(GROUP, ("pg-1",), failed(1, "no, said AWS"))
    for roles, seen in ((frozenset({"auditor"}), False), (frozenset({"admin"}), True)):
        trail.roles = roles  # type: ignore[assignment]  # a set of literals
        for answer in (trail.page(format=form), trail.history("pg-1", format=form)):
            text = json.dumps(redacted(answer, trail.roles))
            assert ("no, said AWS" in text, FOR_ADMINS in text) == (seen, not seen)
            assert "AccessDeniedException" in text


# --- the sheet -------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'a "b", c', "two\nlines", "'quoted"]
)


@given(actor=TEXTS, message=TEXTS, code=TEXTS)
def test_a_sheet_reads_back_as_it_was_written_and_has_no_formula_in_it(actor: str, message: str, code: str) -> None:
    fact = {"type": "GroupConfigFailed", "sourceServerIds": [sid(1), sid(2)], "code": code, "message": message}
    entry = {
        "streamId": "group#pg-1", "version": 7, "recordedAt": "2026-11-23T12:00:00.000Z", "command": "Record",
        "actor": actor, "via": "system", "correlationId": "", "causationId": "", "facts": [fact],
    }  # fmt: skip
    names, *found = csv.reader(io.StringIO(sheet([entry]), newline=""))
    assert names == [*COLUMNS]
    for row, id_ in zip(found, (sid(1), sid(2)), strict=True):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        plain = [cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@\t\r") and cell[1:2] else cell for cell in row]
        at, by, via, command, stream, version, name, server, *said = plain
        assert [at, via, command, stream, version] == [entry["recordedAt"], "system", "Record", "group#pg-1", "7"]
        assert (name, server, by, said) == ("GroupConfigFailed", id_, actor, [code, message, "", ""])


def test_a_sheet_has_a_row_for_each_fact_and_server_with_what_was_said_of_it() -> None:
    trail = Trail.real()
    busy = {"sourceServerId": sid(1), "reason": "BUSY", "message": "a job holds it"}
    dropped = {
        "type": "ServersDropped",
        "chunk": 0,
        "code": "CONFLICT",
        "at": NOON.isoformat(),
        "servers": [busy],
    }
    trail.append(WAVE, ("exec-1", 0), ServersDropped.model_validate_json(canonical(dropped)))
    trail.append(WAVE, ("exec-1", 0), RecoveryRefused(chunk=0, code="DENIED", message="no", at=NOON))
    trail.append(GROUP, ("pg-1",), failed(1), failed(2))
    rows = [*csv.DictReader(io.StringIO(trail.page(format="csv")["csv"], newline=""))]
    assert sorted((row["fact"], row["sourceServerId"], row["code"], row["message"]) for row in rows) == [
        ("RecoveryRefused", "", "DENIED", "no"),
        ("ServerConfigFailed", sid(1), "AccessDeniedException", "AWS said no"),
        ("ServerConfigFailed", sid(2), "AccessDeniedException", "AWS said no"),
        ("ServersDropped", "", "CONFLICT", ""),
        ("ServersDropped", sid(1), "BUSY", "a job holds it"),
    ]
    mine = [*csv.DictReader(io.StringIO(trail.page(format="csv", serverId=sid(1))["csv"], newline=""))]
    assert {row["sourceServerId"] for row in mine} == {sid(1)}
    assert {(row["correlationId"], row["causationId"]) for row in mine} == {("correlated", "caused")}


@given(ids=st.lists(st.integers(0, 9).map(sid), max_size=5))
def test_a_fact_is_about_every_server_that_it_names_wherever(ids: list[str]) -> None:
    fact = {"type": "X", "chunks": [ids[:2]], "servers": [{"sourceServerId": id_} for id_ in ids[2:]], "text": "s-1"}
    assert servers_of(fact) == tuple(dict.fromkeys(ids))


# --- on the embedded cloud -------------------------------------------------------------------------------------------


def test_history_and_audit_log_are_answered_through_the_api(cloud: Cloud) -> None:
    body = {"groupName": "Audited", "sourceServerIds": cloud.take_servers(1), "launchConfig": {"copyTags": True}}
    _, created = cloud.request("POST", "/protection-groups", body)
    group_id = created["groupId"]
    status, told = cloud.request("GET", f"/protection-groups/{group_id}/history?limit=100")
    assert status == 200
    assert told["entries"][-1]["facts"][0]["type"] == "ProtectionGroupCreated"
    changes = told["entries"][-1]["changes"]
    assert {(one["field"], one["to"]) for one in changes} == {("member", True), ("copyTags", True)}
    status, page = cloud.request("GET", f"/audit-log?groupId={group_id}&limit=1")
    assert (status, len(page["entries"])) == (200, 1)
    status, sheet_ = cloud.request("GET", f"/audit-log?groupId={group_id}&format=csv")
    assert status == 200
    directly = {"operation": "get_audit_log", "groupId": group_id}
    said = cloud.invoke("QueriesFunction", {**directly, "format": "csv"})
    assert {*sheet_} == {*said}
    assert sheet_["csv"] == said["csv"]
    assert "ProtectionGroupCreated" in sheet_["csv"]
    found = turned(lambda **more: cloud.invoke("QueriesFunction", {**directly, **more}))
    assert [place(entry) for entry in found] == [place(entry) for entry in told["entries"]]
    assert cloud.request("GET", f"/audit-log?groupId={group_id}&nextToken=garbage")[0] == 400

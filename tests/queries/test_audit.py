"""The trail of what really happened: every command, every error, and every field that changed."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.operations import OPERATIONS, carry_out
from commands.requests import ApplyLaunchConfigs
from events import facts as f
from events.callers import Caller
from events.doors import parse
from events.errors import Refused
from events.groups import Definition, ServerDefinition
from events.model import canonical
from events.streams import GROUP
from events.verify import KINDS
from local.simulator.simulator import Simulator
from tests.commands.bench import for_ever, fresh, mended, woken
from tests.events.given import CONTRARY, Clock, configurations, sid
from tests.kit import SETTINGS, Desk
from tests.queries.trails import Json, SlowStore, Trail, failed, lived, place

OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}
ROOM = {"groupName": "ERP", "accountId": "123456789012", "region": "us-east-1"}
CONFIGURATIONS = configurations(without=CONTRARY)


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    """On a table of DynamoDB's."""
    real: Any = Trail.real().store
    return fresh(simulator, real)


def trail_of(desk: Desk) -> Trail:
    """The trail that the desk has left."""
    store: Any = desk.store
    trail = Trail.real(desk.clock)
    trail.store, trail.log._table = store, store._table
    return trail


# --- what was commanded ----------------------------------------------------------------------------------------------


def test_every_command_of_every_door_is_in_the_log_once_with_who_and_through_which(desk: Desk) -> None:
    group_id = desk.create()
    desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER, actor="grace@example.com")
    pipeline = Caller("arn:aws:iam::123456789012:role/Pipeline", "api", "pipeline-1", "correlated")
    asked: Any = parse(OPERATIONS["apply_launch_configs"], {"groupId": group_id, "force": True})
    carry_out(desk.service, asked, pipeline, desk.service.after(60))
    desk.clock.sleep(3 * 86_400)
    woken(desk, group_id)
    desk.start_wave(group_id)
    desk.watch()
    desk.clock.sleep(3600)
    desk.watch()
    desk.ask("delete_protection_group", groupId=group_id)
    trail = trail_of(desk)
    stored = [one for kind in KINDS for id_ in desk.store.born(kind) for one in desk.store.history(id_)]
    found = {place(entry): entry for entry in trail.entries()}
    assert len(trail.entries()) == len(found) == len(stored) > 10
    for commit in stored:
        entry = found[commit.stream_id, commit.version]
        assert (entry["actor"], entry["via"]) == (commit.actor, commit.via)
        assert (entry["command"], entry["recordedAt"]) == (commit.command, commit.recorded_at)
        assert tuple(fact["type"] for fact in entry["facts"]) == commit.event_types
    assert {"frontend", "api", "direct", "system"} == {entry["via"] for entry in found.values()}
    by_pipeline = trail.entries(actor=pipeline.actor)
    assert {(entry["command"], entry["correlationId"]) for entry in by_pipeline} == {
        (ApplyLaunchConfigs.__name__, "correlated")
    }
    of_wave = trail.entries(executionId="exec-1")
    assert {entry["streamId"] for entry in of_wave} == {"wave#exec-1#0"}
    assert of_wave[-1]["facts"][0]["type"] == "WaveClaimed"


def test_every_error_a_server_ever_had_is_told_in_order_though_cured_long_ago(desk: Desk) -> None:
    group_id = desk.create()
    troubled, *_ = desk.simulator.server_ids()
    for number in range(9):
        strike = for_ever("AccessDeniedException", "GetLaunchConfiguration", message=f"denied {number}")
        desk.simulator.fault(strike)
        desk.ask("apply_launch_configs", groupId=group_id, force=True)
        mended(desk)
        desk.ask("apply_launch_configs", groupId=group_id)
        desk.clock.sleep(20_000)
    assert desk.status(group_id)["status"] == "ready"
    assert not desk.status(group_id)["serverConfigs"][troubled]["errors"]
    trail = trail_of(desk)
    for entries in (
        trail.told(group_id, serverId=troubled, type="ServerConfigFailed", limit=2),
        trail.entries(groupId=group_id, serverId=troubled, type="ServerConfigFailed", limit=2),
    ):
        told = [fact["message"] for entry in reversed(entries) for fact in entry["facts"]]
        assert [text[-len("denied 0") :] for text in told] == [f"denied {number}" for number in range(9)]


# --- a group's history -----------------------------------------------------------------------------------------------


@given(limit=st.integers(1, 100), group=st.sampled_from(["pg-0", "pg-1"]))
def test_a_history_of_any_page_size_is_the_stream_from_its_end(limit: int, group: str) -> None:
    trail = lived(Trail())
    found = trail.told(group, limit=limit)
    assert [entry["version"] for entry in found] == [*range(len(found), 0, -1)]
    assert len(found) == sum(commit.stream_id == f"group#{group}" for commit in trail.written)


def test_a_history_has_an_end_and_a_beginning_and_can_be_of_one_person() -> None:
    trail = lived(Trail())
    every = trail.told("pg-0")
    early, late = every[-5]["recordedAt"], every[4]["recordedAt"]
    between = [entry for entry in every if early <= entry["recordedAt"] <= late]
    assert trail.told("pg-0", **{"from": early, "to": late}, limit=3) == between
    assert trail.told("pg-0", actor="system") == [entry for entry in every if entry["actor"] == "system"]
    with pytest.raises(Refused) as no:
        trail.history("pg-nowhere")
    assert no.value.status == 404
    with pytest.raises(Refused) as no:
        trail.history("pg-1", nextToken=trail.history("pg-0", limit=1)["nextToken"])
    assert no.value.details["field"] == "nextToken"


def test_a_history_that_is_read_slowly_is_told_in_pages_that_end_in_time() -> None:
    clock = Clock()
    trail = Trail(clock, SlowStore(clock, 0.4))
    for number in range(200):
        trail.append(GROUP, ("pg-1",), *([failed(1)] if number == 0 else []))
    found, pages, token = list[Json](), 0, None
    while pages == 0 or token:
        began = clock.now()
        page = trail.history("pg-1", serverId=sid(1), nextToken=token)
        assert clock.now() - began <= timedelta(seconds=3)
        found, pages, token = found + page["entries"], pages + 1, page["nextToken"]
    assert ([entry["version"] for entry in found], pages > 2) == ([1], True)


DEFINITIONS = st.builds(
    lambda default, own: {
        "groupName": "ERP", "region": "us-east-1", "accountId": "123456789012", "launchConfig": default,
        "servers": [{"sourceServerId": sid(number), "launchTemplate": each} for number, each in own.items()],
    },
    CONFIGURATIONS,
    st.dictionaries(st.integers(1, 3), CONFIGURATIONS),
)  # fmt: skip


@given(definitions=st.lists(DEFINITIONS, min_size=2, max_size=4), limit=st.integers(1, 3))
def test_the_changes_are_exactly_the_difference_of_what_is_wanted_of_each_server(
    definitions: list[Json], limit: int
) -> None:
    trail = Trail()
    parsed = [Definition.model_validate_json(canonical(definition)) for definition in definitions]
    for number, definition in enumerate(parsed, 1):
        if number == 1:
            trail.append(GROUP, ("pg-1",), f.ProtectionGroupCreated(group_id="pg-1", definition=definition, version=1))
        else:
            trail.append(GROUP, ("pg-1",), f.ProtectionGroupUpdated(definition=definition, version=number))
    trail.append(GROUP, ("pg-1",), f.ProtectionGroupDeleted())
    told = [entry["changes"] for entry in reversed(trail.told("pg-1", limit=limit))]
    states = [{}, *map(wanted, parsed), {}]
    assert len(told) == len(states) - 1
    for (before, after), changes in zip(pairwise(states), told, strict=True):
        differ = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        assert [(one["sourceServerId"], one["field"]) for one in changes] == differ
        assert [(one["from"] or None, one["to"] or None) for one in changes] == [
            (before.get(key) or None, after.get(key) or None) for key in differ
        ]
    one = [entry["changes"] for entry in reversed(trail.told("pg-1", serverId=sid(1)))]
    mine = [[each for each in changes if each["sourceServerId"] == sid(1)] for changes in told]
    assert [*filter(None, one)] == [*filter(None, mine)]


def wanted(definition: Definition) -> dict[tuple[str, str], Any]:
    """What each server is to have, by server and field, and that it is a member."""

    def fields(server: ServerDefinition) -> dict[str, Any]:
        return {"member": True, **definition.wanted(server)}

    return {
        (server.source_server_id, field): value
        for server in definition.servers
        for field, value in fields(server).items()
    }


def test_what_an_older_fold_wrote_is_told_the_same_and_read_no_more_than_once_a_page() -> None:
    """Its memos cannot be taken: the facts are folded anew, from the first on."""
    told, reads = [], []
    for fold in (GROUP, replace(GROUP, fold_version=GROUP.fold_version - 1)):
        trail = Trail()
        first = Definition.model_validate_json(canonical(ROOM | {"servers": [{"sourceServerId": sid(1)}]}))
        trail.append(fold, ("pg-1",), f.ProtectionGroupCreated(group_id="pg-1", definition=first, version=1))
        for version in range(2, 9):
            kind = {"instanceType": f"m5.{version}xlarge"}
            anew = first.model_copy(update={"launch_config": kind})
            trail.append(fold, ("pg-1",), f.ProtectionGroupUpdated(definition=anew, version=version))
        trail.store.reads = 0
        told.append([(entry["version"], entry["changes"]) for entry in trail.told("pg-1")])
        reads.append(trail.store.reads)
    assert told[0] == told[1]
    assert told[0][0][1] == [
        {"sourceServerId": sid(1), "field": "instanceType", "from": "m5.7xlarge", "to": "m5.8xlarge"}
    ]
    assert max(reads) <= 4, f"once for all eight definitions: {reads}"

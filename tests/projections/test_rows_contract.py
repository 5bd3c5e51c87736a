"""The read model's contract: rows in memory and rows on DynamoDB keep the same promises."""

from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from commands import requests as ask
from commands.decide import RecordOutcomes
from commands.outcomes import Fault
from commands.service import GroupStream
from events.doors import parse
from events.facts import GroupClaimed
from projections.catch_up import Table
from projections.row import Row, definition_of, render
from projections.table import Rows
from tests.events import endpoint
from tests.events import given as g
from tests.projections.rows import MemoryRows


@pytest.fixture(params=[MemoryRows, Rows], ids=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest) -> Table:
    return MemoryRows() if request.param is MemoryRows else Rows(endpoint.group_table())


@pytest.fixture
def dynamo() -> Rows:
    return Rows(endpoint.group_table())


@cache
def stream(group_id: str = "pg-erp", *, deleted: bool = False) -> GroupStream:
    """A group with a server that failed with a text of its own, and one that waits."""
    desk = g.service()
    wanted = {"instanceType": "m5.large", "tags": {"Équipe": "ERP 🛟"}}
    servers = [{"sourceServerId": g.sid(1)}, {"sourceServerId": g.sid(2), "launchTemplate": {"copyTags": None}}]
    request = {"groupName": f"ERP {group_id}", "launchConfig": wanted, "servers": servers}
    g.ask(desk, group_id, parse(ask.CreateProtectionGroup, request))
    fault = Fault(g.sid(1), 1, "permanent", "ResourceNotFoundException", "introuvable 🛟", g.NOON)
    found = desk.execute(group_id, RecordOutcomes((fault,)), g.by_worker())
    if deleted:
        found = g.ask(desk, group_id, parse(ask.DeleteProtectionGroup, {"groupId": group_id}))
    return found


def row(version: int = 2, **more: Any) -> Row:  # noqa: ANN401  attributes
    return {**render(stream(), g.NOON), "version": version, **more}


def test_there_is_no_row_before_one_is_put(table: Table) -> None:
    assert table.get("pg-erp") is None


def test_a_row_comes_back_as_it_was_put_without_decimals_or_wrappers(table: Table) -> None:
    assert table.put(row(), 0)
    found = table.get("pg-erp")
    assert found == row()
    assert found
    assert type(found["version"]) is type(found["launchConfigStatus"]["counts"]["total"]) is int
    assert definition_of(found) == stream().state.whole()


def test_a_tombstone_comes_back(table: Table) -> None:
    gone = render(stream(deleted=True), g.NOON)
    assert table.put(gone, 0)
    assert table.get("pg-erp") == gone
    assert gone["deleted"] is True


def test_a_first_row_is_put_once(table: Table) -> None:
    assert table.put(row(), 0)
    assert not table.put(row(description="another"), 0)
    assert table.get("pg-erp") == row()


def test_a_row_is_put_over_the_version_that_was_seen(table: Table) -> None:
    table.put(row(2), 0)
    assert table.put(row(5), 2)
    assert table.get("pg-erp") == row(5)


@pytest.mark.parametrize("seen", [0, 1, 2, 4, 6])
def test_a_row_is_not_put_over_another_version_than_was_seen(table: Table, seen: int) -> None:
    table.put(row(3), 0)
    assert not table.put(row(9), seen)
    assert table.get("pg-erp") == row(3)


def test_nothing_is_put_over_a_row_that_is_missing_but_was_seen(table: Table) -> None:
    assert not table.put(row(3), 2)
    assert table.get("pg-erp") is None


def test_a_row_may_be_rendered_again_at_its_version(table: Table) -> None:
    table.put(row(3), 0)
    assert table.put(row(3, projectionVersion=99), 3)
    assert table.get("pg-erp") == row(3, projectionVersion=99)


def test_rows_of_other_groups_are_left_alone(table: Table) -> None:
    table.put(render(stream("pg-1"), g.NOON), 0)
    table.put(render(stream("pg-2"), g.NOON), 0)
    assert table.put({**render(stream("pg-2"), g.NOON), "version": 7}, 2)
    assert table.get("pg-1") == render(stream("pg-1"), g.NOON)


# --- what only DynamoDB is asked -------------------------------------------------------------------------------------


def test_due_are_the_groups_whose_time_has_come_and_no_others(dynamo: Rows) -> None:
    for seconds, group_id in ((-60, "pg-past"), (0, "pg-now"), (60, "pg-later")):
        found = render(stream(group_id), g.NOON + timedelta(seconds=seconds))
        assert found["nextDueAt"]
        dynamo.put(found, 0)
    dynamo.put(render(stream("pg-gone", deleted=True), g.NOON), 0)
    never = {key: value for key, value in render(stream("pg-never"), g.NOON).items() if key != "dueShard"}
    dynamo.put(never, 0)
    assert sorted(dynamo.due(g.NOON)) == ["pg-now", "pg-past"]


def test_claimed_groups_name_the_waves_that_hold_them_each_once_and_free_ones_none(dynamo: Rows) -> None:
    for number, wave in enumerate(("exec-2#0", "exec-1#0", "exec-2#0", None)):
        bare = stream(f"pg-{number}")
        claim = [GroupClaimed(wave=wave, until=g.NOON)] if wave else []
        dynamo.put(render(bare.follow(bare.next(g.by_worker(), claim, g.NOON)), g.NOON), 0)
    assert dynamo.waves() == ["exec-1#0", "exec-2#0"]


def test_due_reads_on_past_the_first_page(dynamo: Rows) -> None:
    padding = "x" * 300_000
    for number in range(6):
        dynamo.put({**render(stream(f"pg-{number}"), g.NOON), "padding": padding}, 0)
    assert sorted(dynamo.due(g.NOON)) == [f"pg-{number}" for number in range(6)]


def test_groups_are_named_page_by_page_in_order_of_name(dynamo: Rows) -> None:
    for name in "dbac":
        dynamo.put({**render(stream(f"pg-{name}"), g.NOON), "groupName": name}, 0)
    dynamo.put(render(stream("pg-gone", deleted=True), g.NOON), 0)
    dynamo.put({**render(stream("pg-else"), g.NOON), "accountRegion": "123456789012#eu-west-1"}, 0)
    first, after = dynamo.named(f"{g.ACCOUNT}#{g.REGION}", 3, None)
    rest, end = dynamo.named(f"{g.ACCOUNT}#{g.REGION}", 3, after)
    assert [one["groupName"] for one in (*first, *rest)] == ["a", "b", "c", "d"]
    assert end is None

"""A group is forced once a minute at most: each time is five calls a server, of rates that an account shares."""

import pytest

from commands.decide import COOL_DOWN
from events.errors import Refused
from tests.kit import Desk


def forced(desk: Desk, group_id: str, **more: object) -> dict[str, object]:
    return desk.ask("apply_launch_configs", groupId=group_id, force=True, **more)  # type: ignore[arg-type]


def test_who_forces_again_is_told_when_and_neither_aws_nor_the_events_hear_of_it(desk: Desk) -> None:
    group_id = desk.create()
    forced(desk, group_id)
    version, calls = desk.stream(group_id).version, desk.door.calls.made
    done = max(server.proved_at for server in desk.stream(group_id).state.servers.values() if server.proved_at)
    desk.clock.sleep((done + COOL_DOWN - desk.clock.now()).total_seconds() - 20.5)
    with pytest.raises(Refused, match="try again later") as no:
        forced(desk, group_id)
    assert (no.value.code, no.value.status, no.value.retryable) == ("COOLING_DOWN", 429, True)
    assert no.value.details["retryAfter"] == 21
    assert (desk.stream(group_id).version, desk.door.calls.made) == (version, calls)
    desk.clock.sleep(20.5)
    assert forced(desk, group_id)["status"] == "ready"
    assert desk.door.calls.made > calls


def test_a_repeat_under_its_key_is_answered_and_another_group_is_not_held_up(desk: Desk) -> None:
    first, *others = desk.simulator.server_ids()
    one = desk.create("Payments", sourceServerIds=[first])
    other = desk.create("Orders", sourceServerIds=others)
    once = forced(desk, one, key="the same")
    assert forced(desk, one, key="the same")["version"] == once["version"]
    assert forced(desk, other)["status"] == "ready"


def test_what_is_only_planned_or_not_forced_is_not_held_up_and_does_not_count(desk: Desk) -> None:
    group_id = desk.create()
    assert forced(desk, group_id, dryRun=True)["dryRun"]
    forced(desk, group_id)
    assert forced(desk, group_id, dryRun=True)["dryRun"]
    version = desk.stream(group_id).version
    assert desk.ask("apply_launch_configs", groupId=group_id)["version"] == version
    desk.ask("update_protection_group", groupId=group_id, description="changed meanwhile")
    with pytest.raises(Refused, match="less than a minute"):
        forced(desk, group_id)

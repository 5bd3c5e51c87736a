"""Every operation through every way in: a person with Cognito, a program with IAM, a direct call. One answer."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.bench_cloud import BenchCloud as Cloud
from tests.ways import HTTP, OPERATIONS, WAYS, Json

SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}
A_JOB = 600
"""Seconds in which a recovery job ends."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
WHO = re.compile(r"by (admin@example\.com|arn:aws:iam::\d+:root|direct)\b")
DIFFERS = {
    "actor", "appliedBy", "causationId", "commandId", "configsHash", "correlationId", "expectedSeconds", "instanceId",
    "jobId", "jobIds", "privateIp", "projectedAt", "quotas", "repairSeconds", "startMilliseconds", "via",
}  # fmt: skip
"""Who asked, of which servers, how long it took, what DRS gave, and what else it was doing."""


@dataclass
class World:
    """What one way in has to itself: the same servers, groups and names as every other, but its own."""

    cloud: Cloud
    way: str
    servers: list[str] = field(default_factory=list)
    group_id: str = ""

    def ask(self, name: str, fields: Json) -> tuple[int, Json]:
        """Through this way."""
        return WAYS[self.way](self.cloud, name, fields)

    def aside(self, name: str, fields: Json) -> Json:
        """Directly, whichever way this is: to bring about what comes before a row."""
        return WAYS["direct"](self.cloud, name, fields)[1]

    def until(self, name: str, fields: Json, **wanted: object) -> None:
        """Ask aside until that is so, while DRS's clock runs fast."""

        def look() -> bool | None:
            self.cloud.simulator.advance(A_JOB / 4)
            answer = self.aside(name, fields)
            return all(answer.get(key) == value for key, value in wanted.items()) or None

        self.cloud.until(look)

    def told(self, value: Any) -> Any:  # noqa: ANN401  JSON
        """An answer without what is this world's own."""
        if isinstance(value, dict):
            return {self.told(key): "*" if key in DIFFERS else self.told(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.told(one) for one in value]
        if not isinstance(value, str):
            return value
        for number, server in enumerate(self.servers):
            value = value.replace(server, f"server {number}")
        value = WHO.sub("by somebody", TIME.sub("then", value))
        return value.replace(self.group_id or "pg-", "group").replace(self.way, "way")


@dataclass(frozen=True)
class Row:
    """One operation: what is asked of a world, what HTTP calls the answer, and what must be so before."""

    operation: str
    fields: Callable[[World], Json]
    status: int = 200
    before: Callable[[World], object] = lambda _world: None


def group(**more: object) -> Callable[[World], Json]:
    return lambda world: {"groupId": world.group_id, **more}


def strong(world: World) -> Json:
    return {"groupId": world.group_id, "consistency": "strong"}


def execution(name: str, **more: object) -> Callable[[World], Json]:
    return lambda world: {"executionId": f"{name}-{world.way}", **more}


def plan(name: str) -> Callable[[World], Json]:
    def of(world: World) -> Json:
        wave = {"waveName": "First", "protectionGroupIds": [world.group_id], "pauseBeforeWave": True}
        return {**execution(name)(world), "isDrill": True, "pollSeconds": 1, "waves": [wave]}

    return of


def shown(world: World) -> None:
    """The list is read from the read model: until the group is there as it is."""
    version = world.aside("get_protection_group", strong(world))["version"]
    world.until("get_protection_group", {"groupId": world.group_id}, version=version)


def paused(name: str) -> Callable[[World], None]:
    return lambda world: world.until("get_execution", execution(name)(world), status="paused")


def waiting(name: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.until("get_execution", execution("drill")(world), status="completed")
        world.aside("start_execution", plan(name)(world))
        paused(name)(world)

    return begin


def over(world: World) -> None:
    world.cloud.simulator.advance(A_JOB)


ROWS = (
    Row(
        "create_protection_group",
        lambda world: {
            "groupName": f"Three ways: {world.way}",
            "sourceServerIds": world.servers[:2],
            "launchConfig": SETTINGS,
        },
        201,
    ),
    Row("get_protection_group", strong),
    Row("get_launch_config_status", strong),
    Row("get_server_launch_config", lambda world: {**strong(world), "serverId": world.servers[0]}),
    Row("list_protection_groups", lambda _world: {"limit": 100, "region": "us-east-1"}, before=shown),
    Row("update_protection_group", group(description="by each way", version=1)),
    Row("add_servers_to_group", lambda world: {"groupId": world.group_id, "sourceServerIds": world.servers[2:]}),
    Row("remove_servers_from_group", lambda world: {"groupId": world.group_id, "sourceServerIds": world.servers[2:]}),
    Row("apply_launch_configs", group(force=True)),
    Row("resolve_protection_group", group()),
    Row("check_readiness", lambda world: {"waves": [{"protectionGroupIds": [world.group_id]}]}),
    Row("start_execution", plan("drill"), 202),
    Row("get_execution", execution("drill"), before=paused("drill")),
    Row("resume_execution", execution("drill")),
    Row("cancel_execution", execution("cancelled"), before=waiting("cancelled")),
    Row(
        "start_wave_recovery",
        lambda world: {**execution("alone", waveNumber=0, isDrill=True)(world), "protectionGroupId": world.group_id},
    ),
    Row("watch_wave", execution("alone", waveNumber=0), before=over),
    Row("get_wave", execution("alone", waveNumber=0)),
    Row("verify_streams", group()),
    Row("get_history", group(type="ProtectionGroupCreated")),
    Row("get_audit_log", group(type="ProtectionGroupCreated")),
    Row("delete_protection_group", group()),
)
"""In this order, each on what the ones before it left."""


def lived(cloud: Cloud, way: str) -> Iterator[tuple[str, tuple[int, Json]]]:
    """All rows through one way, in a world of its own."""
    world = World(cloud, way, sorted(server["sourceServerID"] for server in cloud.simulator.add_servers(3)))
    for row in ROWS:
        row.before(world)
        routed = OPERATIONS[row.operation][1].routes
        fields = row.fields(world)
        status, answer = world.ask(row.operation, fields) if routed or way not in HTTP else (0, {})
        if not routed and way in HTTP:
            world.aside(row.operation, fields)
        world.group_id = world.group_id or answer["groupId"]
        if row.operation == "list_protection_groups":
            answer = {**answer, "groups": [one for one in answer["groups"] if one["groupId"] == world.group_id]}
        yield row.operation, (status, world.told(answer))


@pytest.fixture(scope="module")
def answers(cloud: Cloud) -> dict[str, dict[str, tuple[int, Json]]]:
    """What each way was answered, by operation."""
    with ThreadPoolExecutor(len(WAYS)) as pool:
        return dict(zip(WAYS, pool.map(lambda way: dict(lived(cloud, way)), WAYS), strict=True))


def test_no_operation_is_left_out() -> None:
    assert sorted(row.operation for row in ROWS) == sorted(OPERATIONS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
def test_an_operation_is_answered_alike_through_every_way_in(
    answers: dict[str, dict[str, tuple[int, Json]]], row: Row
) -> None:
    expected = answers["direct"][row.operation][1]
    assert "error" not in expected
    for way in WAYS:
        status, answer = answers[way][row.operation]
        if way not in HTTP:
            assert answer == expected, way
        elif OPERATIONS[row.operation][1].routes:
            assert (status, answer) == (row.status, expected), way

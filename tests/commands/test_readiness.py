"""Readiness: `go` is said of exactly the waves that would start at once; of every other, what stands in its way."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Limiter
from commands.aws.paces import paces
from commands.waves.claim import CLAIM_FOR
from commands.waves.readiness import check_readiness
from commands.waves.requests import CheckReadiness
from commands.waves.start import Waves
from events.doors import parse
from events.errors import Refused
from events.moments import FRESH_FOR, iso_seconds
from local.simulator.recovery import JOB_END
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, MortalStore, asked, for_ever, fresh, pumped
from tests.kit import NOON, Desk

SEEN = NOON - timedelta(minutes=5)
A_DAY = FRESH_FOR.total_seconds()
Act = Callable[[Desk, str], object]
Make = Callable[[Desk], str | list[str]]
ABROAD = {"accountId": "210987654321", "assumeRoleName": "preflight-apply", "externalId": "deputy:7f3a"}


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    """A desk whose store counts what is appended, and may die."""
    return fresh(simulator, MortalStore())


def check(desk: Desk, *waves: dict[str, Any]) -> dict[str, Any]:
    return check_readiness(desk.waves, parse(CheckReadiness, {"waves": list(waves)}))


def of_groups(desk: Desk, *group_ids: str) -> dict[str, Any]:
    [wave] = check(desk, {"protectionGroupIds": list(group_ids)})["waves"]
    return dict(wave)


def codes(wave: dict[str, Any]) -> list[str]:
    return [block["code"] for block in wave["blocks"]]


def launch(desk: Desk, server_ids: Sequence[str]) -> None:
    """Somebody in the console launches these."""
    servers = [{"sourceServerID": id_} for id_ in server_ids]
    desk.clients.client("drs").start_recovery(isDrill=True, sourceServers=servers)


def jobs(count: int, each: int = 1) -> Act:
    """Jobs of servers that are in no group: so many servers in all, and in each."""

    def act(desk: Desk, _: str) -> None:
        own = min(count, 300 - len(desk.simulator.server_ids()))
        added = desk.simulator.add_servers(own)
        added += desk.simulator.add_servers(count - own, staging_account="900000000001")
        for n in range(0, count, each):
            launch(desk, [server.id for server in added[n : n + each]])

    return act


def ready(*acts: Act) -> Make:
    """A ready group, and what happens then."""

    def made(desk: Desk) -> str:
        group_id = desk.create()
        for act in acts:
            act(desk, group_id)
        return group_id

    return made


def sleep(seconds: float) -> Act:
    return lambda desk, _: desk.clock.sleep(seconds)


def asks(operation: str, **fields: object) -> Act:
    return lambda desk, group_id: desk.ask(operation, groupId=group_id, respondAsync=True, **fields)


def wave(desk: Desk, group_id: str) -> None:
    desk.start_wave(group_id)


def gone(desk: Desk, _: str) -> None:
    desk.simulator.world.estate(desk.simulator.world.home).servers.pop(desk.simulator.server_ids()[0])


def replication(state: str) -> Act:
    def act(desk: Desk, _: str) -> None:
        victim = desk.simulator.server(desk.simulator.server_ids()[0])
        victim.description["lifeCycle"]["lastSeenByServiceDateTime"] = SEEN.isoformat()
        desk.simulator.replication(victim.id, state)

    return act


def failed(desk: Desk) -> str:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    return desk.create()


def leased(desk: Desk) -> str:
    """All is proved, but the worker died before it gave its lease back."""
    group_id = desk.create(respondAsync=True)
    desk.store.before = Death(3)  # type: ignore[attr-defined]  # the fixture's
    with pytest.raises(Died):
        pumped(desk, group_id)
    desk.store.before = Death(10**9)  # type: ignore[attr-defined]
    assert desk.status(group_id)["status"] == "ready"
    return group_id


def many(desk: Desk) -> list[str]:
    ids = [f"s-{n:017x}" for n in range(501)]
    return [desk.create(ids[n], sourceServerIds=ids[n : n + 300], launchConfig={}) for n in (0, 300)]


def two_accounts(desk: Desk) -> list[str]:
    one, *others = desk.simulator.server_ids()
    return [desk.create(sourceServerIds=others), desk.create("Abroad", sourceServerIds=[one], **ABROAD)]


STATES: dict[str, tuple[Make, str, list[str]]] = {
    "ready": (ready(), "go", []),
    "not configured": (lambda desk: desk.create(launchConfig={}), "go", []),
    "a second before it is stale": (ready(sleep(A_DAY - 1)), "go", []),
    "stale": (ready(sleep(A_DAY)), "repair", ["STALE"]),
    "never applied": (lambda desk: desk.create(respondAsync=True), "repair", ["NOT_YET_APPLIED"]),
    "redefined": (ready(asks("update_protection_group", launchConfig={"copyTags": False})), "repair", ["REDEFINED"]),
    "forced": (ready(asks("apply_launch_configs", force=True)), "repair", ["FORCED"]),
    "leased": (leased, "repair", ["LAUNCH_CONFIG_SYNC_IN_PROGRESS"]),
    "failed": (failed, "no-go", ["AccessDeniedException"]),
    "paused": (ready(replication("PAUSED")), "go", []),
    "disconnected": (ready(replication("DISCONNECTED")), "no-go", ["DISCONNECTED"]),
    "never replicated": (ready(replication("INITIAL_SYNC")), "no-go", ["INITIAL_SYNC"]),
    "busy": (ready(lambda desk, _: launch(desk, desk.simulator.server_ids()[:1]), sleep(60)), "no-go", ["BUSY"]),
    "gone": (ready(gone), "no-go", ["GONE"]),
    "in a wave": (ready(wave), "no-go", ["BUSY", "PG_IN_ACTIVE_EXECUTION"]),
    "in a wave that has ended unseen": (ready(wave, sleep(JOB_END)), "no-go", ["PG_IN_ACTIVE_EXECUTION"]),
    "after a wave": (ready(wave, sleep(JOB_END), lambda desk, _: desk.watch()), "go", []),
    "after a claim": (ready(wave, sleep(CLAIM_FOR.total_seconds())), "go", []),
    "unheard of": (lambda desk: [desk.create(), "pg-unheard-of"], "no-go", ["NOT_FOUND"]),
    "empty": (lambda desk: desk.create(sourceServerIds=[]), "no-go", ["EMPTY_WAVE"]),
    "one of two empty": (lambda desk: [desk.create(), desk.create("No one", sourceServerIds=[])], "go", []),
    "501 servers": (many, "no-go", ["GONE", "QUOTA_EXCEEDED"]),
    "beside 19 jobs": (ready(jobs(19)), "go", []),
    "beside 20 jobs": (ready(jobs(20)), "no-go", ["JOBS_QUOTA"]),
    "beside 497 servers": (ready(jobs(497, each=100)), "go", []),
    "beside 498 servers": (ready(jobs(498, each=100)), "no-go", ["SERVERS_QUOTA"]),
    "of two accounts": (two_accounts, "no-go", ["INVALID_PARAMETER"]),
    "unseen": (ready(lambda desk, _: desk.simulator.fault(for_ever("drop", "drs:*"))), "no-go", ["AWS_UNAVAILABLE"]),
}


@pytest.mark.parametrize("is_drill", [True, False], ids=["drill", "recovery"])
@pytest.mark.parametrize("state", STATES)
def test_go_is_said_of_exactly_the_waves_that_start_now_with_one_call(
    desk: Desk, state: str, *, is_drill: bool
) -> None:
    made, verdict, why = STATES[state]
    group_ids = made(desk)
    group_ids = [group_ids] if isinstance(group_ids, str) else group_ids
    wave = of_groups(desk, *group_ids)
    assert (wave["verdict"], sorted(codes(wave)), wave["go"]) == (verdict, why, verdict == "go")
    since, path, told = len(desk.simulator.calls()), "refused", 0
    with suppress(Refused):
        answer = desk.start_wave(*group_ids, executionId="now", isDrill=is_drill)
        path, told = answer["path"], answer["configurationCalls"]
    assert (wave["verdict"] == "repair") <= (path == "repaired")
    assert wave["go"] == ((path, told, asked(desk.simulator, since)) == ("fast", 0, ["StartRecovery"]))


@pytest.mark.parametrize(
    ("state", "since", "servers"),
    [
        ("never applied", NOON, 3), ("forced", NOON, 3), ("stale", NOON + FRESH_FOR, 3), ("failed", NOON, 1),
        ("disconnected", SEEN, 1), ("busy", NOON, 1), ("gone", None, 1), ("in a wave", None, 0),
    ],
)  # fmt: skip
def test_what_blocks_says_since_when_and_of_how_many(
    desk: Desk, state: str, since: datetime | None, servers: int
) -> None:
    wave = of_groups(desk, str(STATES[state][0](desk)))
    block, *_ = wave["blocks"]
    assert (block["since"], block["servers"], len(block["sourceServerIds"])) == (iso_seconds(since), servers, servers)


def test_a_repair_takes_the_longer_the_more_there_is_to_repair(desk: Desk) -> None:
    """EC2 takes 100 template versions at once and then five a second (EC2 API Reference, request throttling)."""
    one, *others = [*desk.simulator.server_ids(), *(server.id for server in desk.simulator.add_servers(200))]
    pace = Limiter(MemoryBuckets(), "home", paces(""), desk.clock.now, desk.clock.sleep)
    desk.waves = Waves(desk.service, lambda _target: Calls(desk.clients, pace, desk.clock.now, desk.clock.sleep))
    some = desk.create("One", sourceServerIds=[one], respondAsync=True)
    most = desk.create("Most", sourceServerIds=others, respondAsync=True)
    assert 0 < of_groups(desk, some)["repairSeconds"] < 5
    assert 20 <= of_groups(desk, most)["repairSeconds"] <= of_groups(desk, some, most)["repairSeconds"] < 60


def test_servers_are_looked_up_and_only_they_are_judged(desk: Desk) -> None:
    victim, fine, late = desk.simulator.server_ids()
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    group_id = desk.create(sourceServerIds=[victim, fine])
    desk.clock.sleep(3600)
    desk.ask("add_servers_to_group", groupId=group_id, sourceServerIds=[late])
    stranger = "s-0000000000000beef"
    named = [[fine], [late], [fine, late], [victim], [late, stranger], [stranger]]
    waves = check(desk, *({"sourceServerIds": ids} for ids in named))["waves"]
    assert [wave["servers"] for wave in waves] == [1, 1, 2, 1, 1, 0]
    assert [codes(wave) for wave in waves[:4]] == [[], [], [], ["AccessDeniedException"]]
    assert [wave["blocks"][0]["sourceServerIds"] for wave in waves[4:]] == [[stranger]] * 2
    assert [codes(wave) for wave in waves[4:]] == [["NOT_PROTECTED"], ["NOT_PROTECTED", "EMPTY_WAVE"]]
    assert [wave["provedAt"][11:13] for wave in waves[:3]] == ["12", "13", "12"]


def test_of_many_waves_each_is_judged_by_two_looks_at_drs_and_nothing_is_written(desk: Desk) -> None:
    desk.simulator.add_servers(247)
    ids = desk.simulator.server_ids()
    groups = [desk.create(ids[n], sourceServerIds=ids[n : n + 25], respondAsync=True) for n in range(0, 250, 25)]
    desk.ask("apply_launch_configs", groupId=groups[3])
    desk.simulator.replication(ids[0], "DISCONNECTED")
    since, appends = len(desk.simulator.calls()), desk.store.appends  # type: ignore[attr-defined]  # the fixture's
    told = check(desk, *({"protectionGroupId": id_} for id_ in groups), {"protectionGroupIds": groups})
    assert asked(desk.simulator, since) == ["DescribeSourceServers"] * 2 + ["DescribeJobs"]
    assert desk.store.appends == appends  # type: ignore[attr-defined]
    words = ["no-go", "repair", "repair", "go", *["repair"] * 6, "no-go"]
    assert ([wave["verdict"] for wave in told["waves"]], told["go"]) == (words, False)
    assert told["waves"][-1]["replication"] == {"CONTINUOUS": 249, "DISCONNECTED": 1}


def test_the_quotas_are_told_or_that_they_could_not_be_seen(desk: Desk) -> None:
    group_id = desk.create()
    jobs(30, each=10)(desk, group_id)
    [quota] = check(desk, {"protectionGroupId": group_id})["quotas"]
    assert (quota["jobs"]["running"], quota["servers"]["inJobs"], quota["accountId"]) == (3, 30, "123456789012")
    desk.simulator.fault(for_ever("drop", "DescribeJobs"))
    [quota] = check(desk, {"protectionGroupId": group_id})["quotas"]
    assert "could not be asked" in quota["unseen"]

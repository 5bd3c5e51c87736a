"""What an apply and a wave cost: calls to AWS, and appends to the event table. Seconds are for `make bench`.

Nothing here looks at a clock. How many calls look at templates depends on how many servers ask at the same time, and
is bounded; every other call is counted.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from commands.outcomes import LAG
from commands.pump import BATCH
from local.simulator.simulator import Simulator
from tests.commands.bench import MortalStore, asked, calls, due_at, fresh, jobs, pumped, versions, written
from tests.kit import SETTINGS

WAVES = 5
LOOKS = {"DescribeLaunchTemplates", "DescribeLaunchTemplateVersions"}
WRITE = ("CreateLaunchTemplateVersion", "ModifyLaunchTemplate")


@pytest.fixture(scope="module")
def small() -> Iterator[Simulator]:
    with Simulator.serve(servers=15) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def large() -> Iterator[Simulator]:
    with Simulator.serve(servers=120) as simulator:
        yield simulator


def spent(simulator: Simulator, since: int = 0) -> tuple[dict[str, int], int]:
    """Calls about one server each, by name; and looks at templates, which may be about many."""
    counts = Counter(calls(simulator, since))
    looks = Counter(asked(simulator, since))
    return {name: n for name, n in counts.items() if name not in LOOKS}, sum(looks[name] for name in LOOKS)


# --- calls ---


@pytest.mark.parametrize(
    ("settings", "first", "forced"),
    [
        (SETTINGS, ("GetLaunchConfiguration", "UpdateLaunchConfiguration", *WRITE), ("GetLaunchConfiguration", *WRITE)),
        (
            {"copyTags": True, "launchDisposition": "STOPPED"},
            ("GetLaunchConfiguration", "UpdateLaunchConfiguration"),
            ("GetLaunchConfiguration",),
        ),
        ({"monitoring": True}, ("GetLaunchConfiguration", *WRITE), ("GetLaunchConfiguration", *WRITE)),
    ],
    ids=["both places", "DRS alone", "the template alone"],
)
def test_calls_for_each_server(
    small: Simulator, settings: dict[str, Any], first: tuple[str, ...], forced: tuple[str, ...]
) -> None:
    desk = fresh(small)
    group_id = desk.create(launchConfig=settings)
    each, looks = spent(small)
    assert each == dict.fromkeys(first, 15)
    assert looks <= 3 * 15 + 1, "after DRS wrote: which number, what it says; after us: which number"
    since = len(small.calls())
    desk.ask("apply_launch_configs", groupId=group_id)
    assert asked(small, since) == [], "applied again: none"
    desk.clock.sleep(LAG.total_seconds())  # else what reads alone prove would have to be read again
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    each, looks = spent(small, since)
    assert each == dict.fromkeys(forced, 15), "a version made, and made default"
    assert looks <= 2 * 15 + 1
    since = len(small.calls())
    desk.clock.sleep(24 * 3600)
    pumped(desk, group_id)
    assert spent(small, since) == ({"GetLaunchConfiguration": 15}, 1), (
        "looked at again after a day: one page of templates"
    )


def test_what_surrounds_a_hundred_servers_is_read_by_as_many_calls_as_for_one(large: Simulator) -> None:
    around: list[dict[str, int]] = []
    for servers in (1, 100):
        desk = fresh(large)
        desk.create(sourceServerIds=large.server_ids()[:servers])
        each = {*calls(large), *LOOKS}
        around.append(dict(Counter(name for name in asked(large) if name not in each)))
    assert around[0] == around[1]
    assert set(around[0].values()) == {1}


def test_a_wave_on_what_was_applied_before_is_one_call_where_applying_it_then_is_many(small: Simulator) -> None:
    desk = fresh(small)
    ids = small.server_ids()
    before = desk.create("Applied before", sourceServerIds=ids[:5])
    then = desk.create("Applied then", sourceServerIds=ids[5:10], respondAsync=True)
    since = len(small.calls())
    desk.start_wave(before, executionId="before")
    assert asked(small, since) == ["StartRecovery"]
    since = len(small.calls())
    desk.start_wave(then, executionId="then", key="sfn-2")
    each, _ = spent(small, since)
    assert sum(each.values()) == 4 * 5 + 1


@pytest.mark.parametrize("servers", [3, 15])
def test_the_start_of_a_wave_takes_no_more_calls_for_more_servers(small: Simulator, servers: int) -> None:
    desk = fresh(small)
    group_id = desk.create(sourceServerIds=small.server_ids()[:servers])
    since = len(small.calls())
    desk.start_wave(group_id)
    assert asked(small, since) == ["StartRecovery"]


def test_five_waves_one_after_another_configure_nothing(small: Simulator) -> None:
    desk = fresh(small)
    ids = small.server_ids()
    groups = [desk.create(f"Wave {n}", sourceServerIds=ids[n * 3 : n * 3 + 3]) for n in range(WAVES)]
    since = len(small.calls())
    answers = [desk.start_wave(id_, waveNumber=n, key=f"sfn-{n}") for n, id_ in enumerate(groups)]
    assert {answer["path"] for answer in answers} == {"fast"}
    assert asked(small, since) == ["StartRecovery"] * WAVES
    assert len(jobs(desk)) == WAVES


# --- the apply itself ---


def test_a_group_of_120_servers_is_applied_once_each_and_its_wave_is_two_calls(large: Simulator) -> None:
    store = MortalStore()
    desk = fresh(large, store)
    group_id = desk.create()
    assert desk.status(group_id)["counts"]["ready"] == 120
    assert 3 + 120 // BATCH <= store.appends <= 3 + 16, (
        "the definition, the lease, batches of 25 or 2 s, the lease again"
    )
    assert {len(versions(large, id_)) for id_ in large.server_ids()} == {2}
    assert written(large) == 3 * 120
    since, reads = len(large.calls()), desk.store.reads
    answer = desk.start_wave(group_id)
    assert asked(large, since) == ["StartRecovery"] * 2
    assert (desk.store.reads - reads, answer["servers"]) == (1, 120)


def test_defining_a_group_is_not_slowed_by_applying_it_if_its_creator_will_not_wait(large: Simulator) -> None:
    desk = fresh(large)
    answer = desk.ask(
        "create_protection_group",
        groupName="Payments",
        sourceServerIds=large.server_ids(),
        launchConfig=SETTINGS,
        respondAsync=True,
    )
    assert (answer["status"], answer["pendingServers"]) == ("pending", 120)
    assert asked(large) == []
    assert due_at(desk, answer["groupId"]) == desk.clock.now(), "a worker is woken at once"

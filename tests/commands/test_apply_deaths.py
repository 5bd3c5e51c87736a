"""A worker may die at any step: what it leaves behind is found, finished once, and never called ready before it is."""

from collections.abc import Iterator

import pytest

from commands.outcomes import OVER
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import (
    AROUND,
    FIRST_APPLY,
    Death,
    Died,
    MortalStore,
    asked,
    calls,
    due_at,
    fresh,
    in_aws,
    launched_from,
    meddle,
    never_ready_wrongly,
    pumped,
    refused,
    versions,
    woken,
    written,
)
from tests.kit import SETTINGS, Desk

FORCED_AGAIN = [name for name in FIRST_APPLY if name != "UpdateLaunchConfiguration"]
APPENDS = ["the definition", "the lease", "the outcomes", "the lease given back"]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=1) as simulator:
        yield simulator


def dying(desk: Desk, moment: str, step: int) -> None:
    """From now on the n-th call to AWS is the last thing that happens, or the last that does not."""
    meddle(desk, **{moment: Death(step).step})


def create(desk: Desk) -> str:
    return desk.create(key="the same key")


def wait_and_pump(desk: Desk, group_id: str) -> None:
    """The dead worker's lease runs out, and the next worker is an ordinary one."""
    meddle(desk)
    assert woken(desk, group_id)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, len(FIRST_APPLY) + len(AROUND) + 1))
def test_an_apply_that_died_at_any_call_is_finished_with_one_new_version(
    simulator: Simulator, moment: str, step: int
) -> None:
    desk = fresh(simulator)
    [server_id] = simulator.server_ids()
    dying(desk, moment, step)
    with pytest.raises(Died):
        create(desk)
    dead = len(asked(simulator))
    meddle(desk)
    group_id = create(desk)
    assert desk.status(group_id)["status"] == "pending"
    assert asked(simulator)[dead:] == [], "while the dead worker's lease runs, nobody else writes"
    wait_and_pump(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert in_aws(simulator, server_id) == SETTINGS
    assert len(versions(simulator, server_id)) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, len(FORCED_AGAIN) + len(AROUND) + 1))
def test_a_forced_apply_that_died_at_any_call_still_makes_exactly_one_version(
    simulator: Simulator, moment: str, step: int
) -> None:
    desk = fresh(simulator)
    [server_id] = simulator.server_ids()
    group_id = create(desk)
    dying(desk, moment, step)
    with pytest.raises(Died):
        desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert desk.status(group_id)["status"] == "pending"
    before = len(simulator.calls())
    made_default = "ModifyLaunchTemplate" in calls(simulator)[len(FIRST_APPLY) :]
    wait_and_pump(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert len(versions(simulator, server_id)) == 3
    assert written(simulator, before) == (0 if made_default else 2)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, len(APPENDS) + 1), ids=APPENDS)
def test_an_apply_that_died_at_any_append_is_finished_with_one_new_version(
    simulator: Simulator, moment: str, step: int
) -> None:
    store = MortalStore()
    desk = fresh(simulator, store)
    [server_id] = simulator.server_ids()
    setattr(store, moment, Death(step))
    with pytest.raises(Died):
        create(desk)
    store.before = store.after = Death(10**9)
    group_id = create(desk)
    never_ready_wrongly(desk, group_id)
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
        never_ready_wrongly(desk, group_id)
    assert in_aws(simulator, server_id) == SETTINGS
    assert len(versions(simulator, server_id)) == 2


def test_a_dead_workers_group_is_due_when_its_lease_ends_and_not_before(simulator: Simulator) -> None:
    desk = fresh(simulator)
    dying(desk, "after", 4)
    deadline = desk.service.after(60)
    with pytest.raises(Died):
        create(desk)
    group_id = create(desk)
    assert due_at(desk, group_id) == deadline + OVER
    meddle(desk)
    before = len(simulator.calls())
    desk.clock.sleep(60 + OVER.total_seconds() - 1)
    pumped(desk, group_id)
    assert len(simulator.calls()) == before
    desk.clock.sleep(1)
    pumped(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_while_a_lease_is_held_servers_stay_and_the_group_is_not_deleted_and_after_it_they_may_go(
    simulator: Simulator,
) -> None:
    desk = fresh(simulator)
    [server_id] = simulator.server_ids()
    dying(desk, "before", 3)
    with pytest.raises(Died):
        create(desk)
    meddle(desk)
    group_id = create(desk)
    for no in (
        refused(lambda: desk.ask("remove_servers_from_group", groupId=group_id, sourceServerIds=[server_id])),
        refused(lambda: desk.ask("update_protection_group", groupId=group_id, sourceServerIds=[])),
        refused(lambda: desk.ask("delete_protection_group", groupId=group_id)),
    ):
        assert (no.code, no.status, no.retryable) == ("LAUNCH_CONFIG_SYNC_IN_PROGRESS", 409, True)
    desk.clock.sleep(60 + OVER.total_seconds())
    desk.ask("remove_servers_from_group", groupId=group_id, sourceServerIds=[server_id])
    assert desk.status(group_id)["counts"]["total"] == 0
    assert desk.ask("delete_protection_group", groupId=group_id)["deleted"]


def test_a_lost_answer_of_making_the_default_costs_a_retry_but_no_second_version(simulator: Simulator) -> None:
    desk = fresh(simulator)
    [server_id] = simulator.server_ids()
    simulator.fault(Fault("lost-answer", "ModifyLaunchTemplate"))
    group_id = create(desk)
    assert desk.status(group_id)["status"] == "pending", "what was not read back is not proved"
    assert launched_from(simulator, server_id)["InstanceType"] == SETTINGS["instanceType"]
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert len(versions(simulator, server_id)) == 2

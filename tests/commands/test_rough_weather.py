"""A hundred servers while AWS throttles, breaks and drops connections: all ready, nothing twice, nothing lost."""

from collections import Counter
from collections.abc import Iterator

import pytest

from commands.aws.failures import UNREACHABLE
from events import facts as f
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import facts, fresh, in_aws, never_ready_wrongly, of, versions, woken
from tests.kit import SETTINGS, Desk

SERVERS, SEED = 100, 2026
ENDLESS = 200
"""Wakings after which a group that is still not ready never will be."""


def weather() -> Iterator[Fault]:
    """Of all calls 10 % throttled, 5 % broken, 2 % dropped, half of these after they took effect."""
    for service, throttle, broken in (
        ("drs", "ThrottlingException", "InternalServerException"),
        ("ec2", "RequestLimitExceeded", "ServiceUnavailable"),
    ):
        yield Fault(throttle, f"{service}:*", times=None, rate=0.10, seed=SEED)
        yield Fault(broken, f"{service}:*", times=None, rate=0.05, seed=SEED + 1)
    yield Fault("drop", "*", times=None, rate=0.01, seed=SEED + 2)
    yield Fault("lost-answer", "*", times=None, rate=0.01, seed=SEED + 3)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=SERVERS) as running:
        yield running


@pytest.fixture
def weathered(simulator: Simulator) -> tuple[Desk, str]:
    """A group that was applied in such weather, until it was ready."""
    desk = fresh(simulator)
    for fault in weather():
        simulator.fault(fault)
    group_id = desk.create()
    for _ in range(ENDLESS):
        if desk.status(group_id)["status"] == "ready":
            break
        never_ready_wrongly(desk, group_id)
        assert woken(desk, group_id)
    simulator.world.faults.clear()
    return desk, group_id


def test_all_are_ready_at_the_end_each_with_one_new_version_and_no_outcome_is_lost(
    simulator: Simulator, weathered: tuple[Desk, str]
) -> None:
    desk, group_id = weathered
    assert desk.status(group_id)["counts"]["ready"] == SERVERS
    assert [in_aws(simulator, id_) for id_ in simulator.server_ids()] == [SETTINGS] * SERVERS
    assert {len(versions(simulator, id_)) for id_ in simulator.server_ids()} == {2}
    there = facts(desk, group_id)
    proofs = Counter(fact.source_server_id for fact in of(f.ServerConfigApplied, there))
    assert proofs == Counter(simulator.server_ids()), "each proved once"
    failed = of(f.ServerConfigFailed, there)
    assert {fact.fate for fact in failed} == {"outage"}, "no attempt is spent on weather"
    assert UNREACHABLE in {fact.code for fact in failed}, "or it was no weather"
    due = [len(fact.source_server_ids) for fact in of(f.LaunchConfigsDue, there)]
    assert due == [SERVERS], "nobody had to be done anew"


def test_it_was_rough(simulator: Simulator, weathered: tuple[Desk, str]) -> None:
    """Of all calls about a tenth were throttled, a twentieth broke and a fiftieth was dropped."""
    assert weathered
    calls = [call for call in simulator.calls() if call.operation != "StartRecovery"]
    seen = Counter("lost" if not call.delivered else call.error or "fine" for call in calls)
    throttled = seen["ThrottlingException"] + seen["RequestLimitExceeded"]
    broken = seen["InternalServerException"] + seen["ServiceUnavailable"]
    assert throttled / len(calls) > 0.04
    assert broken / len(calls) > 0.015
    assert seen["lost"] > 0

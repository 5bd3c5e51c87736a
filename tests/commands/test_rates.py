"""Three workers at once on one table of buckets: AWS counts, by its own clock, how fast it is called.

Everything is real here: time, threads, HTTP, DynamoDB's API. The rates are small, so that they bind within seconds.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from commands.aws.buckets import DynamoBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Limiter
from commands.aws.paces import PUBLISHED, Pace
from commands.drs import Door
from events import status
from events.facts import ServerConfigFailed
from events.memory import MemoryStore
from local.simulator.calls import THROTTLED
from local.simulator.limits import Bucket, Rate
from local.simulator.simulator import Simulator
from tests.commands.bench import facts, in_aws, of, pumped, versions
from tests.commands.workers import dynamodb, limit_table
from tests.kit import SETTINGS, Clock, Desk

WORKERS, EACH = 3, 24
CREATE, MODIFY = "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"
REAL = {CREATE: Pace(60, 6), MODIFY: Pace(60, 6), "drs": Pace(120, 10)}
"""As with those that AWS publishes, the spared part is worth half a second of a network's jitter."""
AT_ONCE = 12
"""Servers of a worker: so few that a thread which may send need not wait for this machine."""


class Wall(Clock):
    """Time as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=WORKERS * EACH, throttles=True) as simulator:
        for name, pace in REAL.items():
            simulator.limit("drs:*" if name == "drs" else name, pace.burst, pace.rate)
        yield simulator


@pytest.fixture
def buckets(ministack: str) -> DynamoBuckets:
    client = dynamodb(ministack)
    return DynamoBuckets(client, limit_table(client))


def worker(simulator: Simulator, buckets: DynamoBuckets, store: MemoryStore, paces: dict[str, Pace]) -> Desk:
    """A process: a door and a limiter of its own, who share the table with the others'."""
    desk = Desk(simulator, Wall(), store)
    limiter = Limiter(buckets, "home", {**PUBLISHED, **paces}, desk.clock.now, desk.clock.sleep)
    desk.door = Door(Calls(desk.clients, limiter, desk.clock.now, desk.clock.sleep), AT_ONCE)
    return desk


def groups(desks: list[Desk]) -> list[str]:
    """One for each worker, defined but not yet applied."""
    ids = desks[0].simulator.server_ids()
    parts = [ids[n * EACH : (n + 1) * EACH] for n in range(len(desks))]
    return [
        desk.create(f"Plan {n}", key=f"plan-{n}", sourceServerIds=part, respondAsync=True)
        for n, (desk, part) in enumerate(zip(desks, parts, strict=True))
    ]


def ready_in_the_end(desk: Desk, group_id: str) -> None:
    """Woken whenever it is due, until there is nothing left to wait for."""
    while desk.status(group_id)["status"] == "pending":
        due = status.next_due_at(desk.stream(group_id).state, desk.clock.now())
        assert due
        desk.clock.sleep(max(0.0, (due - desk.clock.now()).total_seconds()))
        pumped(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def applied(desks: list[Desk]) -> list[str]:
    """All groups, side by side."""
    ids = groups(desks)
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(ready_in_the_end, desks, ids))
    return ids


def assert_each_is_right_with_one_new_version(simulator: Simulator, number: int) -> None:
    for server_id in simulator.server_ids()[:number]:
        assert in_aws(simulator, server_id) == SETTINGS
        assert len(versions(simulator, server_id)) == 2


def test_three_workers_together_never_exceed_the_rate_of_any_api(simulator: Simulator, buckets: DynamoBuckets) -> None:
    store = MemoryStore()
    applied([worker(simulator, buckets, store, REAL) for _ in range(WORKERS)])

    assert_each_is_right_with_one_new_version(simulator, WORKERS * EACH)
    assert simulator.throttled() == {}
    assert set(simulator.overdrawn().values()) == {0}
    sent = [call.at for call in simulator.calls() if call.service == "drs" and call.at]
    all_of_drs = Bucket(Rate(120, 10), 120, sent[0])
    assert [all_of_drs.take(moment, enforced=True) for moment in sent] == [0] * len(sent), "DRS has one bucket for all"
    for name in (CREATE, MODIFY):
        assert simulator.counts()[name] > REAL[name].burst, "or there was nothing to wait for"


def test_one_who_was_told_twice_the_real_rate_is_throttled_slows_down_for_all_and_loses_nothing(
    simulator: Simulator, buckets: DynamoBuckets
) -> None:
    simulator.limit(CREATE, 10, 10)
    desk = worker(simulator, buckets, MemoryStore(), {CREATE: Pace(20, 20)})
    [group_id] = applied([desk])

    assert_each_is_right_with_one_new_version(simulator, EACH)
    assert simulator.throttled()[CREATE] > 0
    fill = buckets.look(f"home#{CREATE}")
    assert fill
    assert fill.slowed(desk.clock.now()) >= 2
    assert [call.operation for call in simulator.calls() if call.error in THROTTLED and call.name != CREATE] == []
    spent = [failed.fate for failed in of(ServerConfigFailed, facts(desk, group_id))]
    assert set(spent) <= {"outage"}, "being throttled is no attempt of the server's"

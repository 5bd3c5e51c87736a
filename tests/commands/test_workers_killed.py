"""Workers that are killed in the middle of a write: another one finishes, and nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from events.dynamodb import DynamoStore
from local.processes import ROOT
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import in_aws, never_ready_wrongly, versions
from tests.commands.workers import dynamodb, limit_table
from tests.events import endpoint
from tests.kit import SETTINGS, Clock, Desk

STEPS = ["UpdateLaunchConfiguration", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]
HELD = 6.0
"""Seconds for which AWS sits on the write: it lands when its sender is long dead, and before the lease ends."""
SHORT, LONG = 4.0, 20.0
"""Seconds to apply: so few that a dead worker's lease ends soon; and as many as it takes to wait out a lag."""
ENDLESS = 60


class RealClock(Clock):
    """The machine's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Simulator.serve(servers=len(STEPS)) as simulator:
        yield Desk(simulator, RealClock(), DynamoStore(endpoint.new_client(), endpoint.event_table()))  # type: ignore[arg-type]


def until(so: Callable[[], bool]) -> None:
    """Waits, and gives up some time."""
    give_up = time.monotonic() + ENDLESS
    while not so():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def worker(desk: Desk, group_id: str, limits: str, seconds: float) -> "subprocess.Popen[bytes]":
    """A process of its own that is woken for the group."""
    table = desk.store._table  # type: ignore[attr-defined]  # a DynamoStore's
    simulator = {f"AWS_ENDPOINT_URL_{name}": desk.simulator.endpoint or "" for name in ("DRS", "EC2", "IAM", "STS")}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    place = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    dynamo = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint.endpoint(), "EVENT_TABLE": table, "LIMIT_TABLE": limits}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.commands.a_worker", group_id, str(seconds)],
        env={"PATH": os.environ["PATH"], **keys, **place, **dynamo, **simulator},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_worker_killed_during_any_write_is_followed_by_one_that_finishes_with_one_new_version(desk: Desk) -> None:
    limits = limit_table(dynamodb(endpoint.endpoint()))
    ids = desk.simulator.server_ids()
    groups = [desk.create(step, sourceServerIds=[id_], respondAsync=True) for step, id_ in zip(STEPS, ids, strict=True)]
    for step, id_ in zip(STEPS, ids, strict=True):
        desk.simulator.fault(Fault("latency", step, server_id=id_, seconds=HELD))
    with ExitStack() as ending:
        workers = [worker(desk, group_id, limits, SHORT) for group_id in groups]
        for each in workers:
            ending.callback(each.wait)
            ending.callback(each.kill)
        until(lambda: desk.simulator.faults_left() == 0)
        for each in workers:
            each.send_signal(signal.SIGKILL)
        assert [each.wait(10) for each in workers] == [-signal.SIGKILL] * len(STEPS), "each was in the middle of it"
    for group_id in groups:
        assert desk.status(group_id)["status"] == "pending"
        assert desk.stream(group_id).state.lease is not None, "the dead worker's"

    def finished() -> bool:
        for group_id in groups:
            never_ready_wrongly(desk, group_id)
        pending = [group_id for group_id in groups if desk.status(group_id)["status"] != "ready"]
        for each in [worker(desk, group_id, limits, LONG) for group_id in pending]:
            assert each.wait(ENDLESS) == 0
        assert all(len(versions(desk.simulator, id_)) <= 2 for id_ in ids)
        return not pending

    until(finished)
    assert [in_aws(desk.simulator, id_) for id_ in ids] == [SETTINGS] * len(STEPS)
    assert [len(versions(desk.simulator, id_)) for id_ in ids] == [2] * len(STEPS)

"""What the projector tells of commits that are touched, on the embedded cloud: which version, and what became of it."""

from uuid import uuid4

import orjson
import pytest

from events.dynamodb import DynamoStore
from events.executions import ExecutionCancelled, ExecutionOpened, Plan
from events.streams import EXECUTION, GROUP, load
from tests.bench_cloud import BenchCloud as Cloud
from tests.events.given import NOON, blank, by_worker, created


class Bench:
    """Somebody with all rights to the event table."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.client = cloud, cloud.client("dynamodb")
        self.table = cloud.description["tables"]["EventTable"]
        self.store = DynamoStore(self.client, self.table)

    def remove(self, stream_id: str, version: int) -> None:
        self.client.delete_item(
            TableName=self.table, Key={"streamId": {"S": stream_id}, "version": {"N": str(version)}}
        )

    def told(self, stream_id: str, alarm: str) -> list[dict[str, object]]:
        """The lines of the log about a stream under this alarm, once there are any."""

        def lines() -> list[dict[str, object]] | None:
            said = [line for line in self.cloud.log(2000).splitlines() if stream_id in line and f'"{alarm}"' in line]
            return [orjson.loads(line[line.index("{") :]) for line in said] or None

        return list(self.cloud.until(lines) or [])


@pytest.fixture
def bench(cloud: Cloud) -> Bench:
    return Bench(cloud)


def test_the_last_commit_of_an_execution_that_is_removed_is_told_of_by_its_version(bench: Bench) -> None:
    name = f"removed-{uuid4().hex[:8]}"
    for fact in (
        ExecutionOpened(execution_id=name, plan=Plan(is_drill=True, waves=()), at=NOON),
        ExecutionCancelled(at=NOON),
    ):
        bench.store.append(load(bench.store, EXECUTION, name).next(by_worker(), [fact], NOON))
    stream_id = EXECUTION.stream_id(name)
    try:
        bench.remove(stream_id, 2)
        [touched] = bench.told(stream_id, "commit_changed")
        assert touched["version"] == "2"
        [fault] = bench.told(stream_id, "chain")
        assert (fault["version"], fault["why"]) == (2, "it was removed")
    finally:
        bench.remove(stream_id, 1)


def test_a_group_that_cannot_be_caught_up_for_a_damaged_commit_is_told_of_at_the_first_ring(bench: Bench) -> None:
    group_id = f"pg-damaged-{uuid4().hex[:8]}"
    stream = blank(group_id)
    first = stream.next(by_worker(), [created(group_id)], NOON)
    second = stream.follow(first).next(by_worker(), [], NOON)
    try:
        bench.store.append(second)
        fault = bench.told(GROUP.stream_id(group_id), "chain")[0]
        assert fault["why"] == f"group#{group_id}: version 2 follows 0"
    finally:
        bench.remove(second.stream_id, 2)

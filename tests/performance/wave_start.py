"""How long a wave takes to start on a ready group of 100, beside the bare calls that it is made of.

python -m tests.performance.wave_start '{"waves": 30}'

The event table is the deployed one on the embedded cloud, DRS the simulator, neither with any latency of its own. After
each wave the very calls it made are sent again, bare: the same Query, the same two puts in a transaction, the same
StartRecovery, the same put, under another stream's name. What the wave takes beyond them is our own code.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any

import orjson
from botocore.client import BaseClient

from commands.waves import start_wave
from commands.waves.parts import now, start, waves
from commands.waves.requests import StartWave
from commands.waves.watch import watch
from events.callers import Caller
from events.doors import parse
from tests.bench_cloud import BenchCloud
from tests.performance.parts import SETTINGS

SERVERS, WARM = 100, 3
Call = tuple[BaseClient, str, dict[str, Any]]


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Medians in milliseconds: of the wave, of each bare call, and their ratio."""
    with BenchCloud(servers=SERVERS) as cloud, cloud.environment():
        cloud.simulator.job_speed("instant")
        body = {"groupName": "Bench", "sourceServerIds": cloud.simulator.server_ids(), "launchConfig": SETTINGS}
        _, created = cloud.request("POST", "/protection-groups", body)
        assert created["status"] == "ready", created
        _stop_projector(cloud)
        seen = [_wave(cloud, created["groupId"], number) for number in range(asked["waves"] + WARM)][WARM:]
    return _figures(seen)


def _wave(cloud: BenchCloud, group_id: str, number: int) -> dict[str, Any]:
    account = cloud.description["account"]
    wave = {"executionId": "bench", "waveNumber": number, "protectionGroupIds": [group_id], "isDrill": True}
    with recorded() as calls:
        began = time.perf_counter()
        asked = start(account, parse(StartWave, wave), Caller("bench", "direct", f"bench-{number}"), now())
        answer = start_wave(asked)
        whole = time.perf_counter() - began
    assert (answer["path"], answer["configurationCalls"]) == ("fast", 0)
    made = [operation for _, operation, _ in calls]
    assert made == ["Query", "TransactWriteItems", "StartRecovery", "PutItem"], made
    _over(account, number)
    bare = {call[1]: timed(partial(_send, call, number)) for call in calls}
    cloud.simulator.total()  # jobs proceed when DRS is next asked anything: not at the next wave's expense
    return {"wave": whole, **bare}


def _stop_projector(cloud: BenchCloud) -> None:
    """Or it works on what the wave has written, in the same process as the table, while the wave goes on."""
    client, name = cloud.client("lambda"), cloud.description["functions"]["ProjectorFunction"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    time.sleep(1)


def _over(account: str, number: int) -> None:
    room = waves(account)
    assert watch(room, room.stream("bench", number)).state.over


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Every AWS call that is made meanwhile."""
    calls: list[Call] = []
    original = BaseClient._make_api_call

    def recording(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  botocore's
        calls.append((self, operation, deepcopy(arguments)))
        return original(self, operation, arguments)

    BaseClient._make_api_call = recording  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        BaseClient._make_api_call = original  # type: ignore[method-assign]


def _send(call: Call, number: int) -> None:
    client, operation, arguments = call
    arguments = deepcopy(arguments)
    items = [arguments["Item"]] if operation == "PutItem" else []
    items += [each["Put"]["Item"] for each in arguments.get("TransactItems", [])]
    for item in items:
        item["streamId"] = {"S": f"bare#{operation}#{number}#{item['streamId']['S']}"}
    arguments.pop("ClientRequestToken", None)
    client._make_api_call(operation, arguments)


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _figures(seen: list[dict[str, Any]]) -> dict[str, Any]:
    def median(key: str) -> float:
        return round(statistics.median(each[key] for each in seen) * 1000, 2)

    names = ("Query", "TransactWriteItems", "StartRecovery", "PutItem")
    bare = round(statistics.median(sum(each[name] for name in names) for each in seen) * 1000, 2)
    return {
        "waves": len(seen),
        "servers": SERVERS,
        "waveMilliseconds": median("wave"),
        "bareMilliseconds": bare,
        "timesBare": round(median("wave") / bare, 2),
        "calls": {name: median(name) for name in names},
    }


if __name__ == "__main__":
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output

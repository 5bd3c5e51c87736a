"""Five waves of a hundred servers, one after another: milliseconds from "start wave" to "StartRecovery accepted".

python -m tests.performance.waves_once '{"endpoint": ..., "appliedBefore": true}'
"""

import sys
from typing import Any

import orjson

from commands.operations import context_of
from commands.pump import pump
from commands.waves import start_wave
from commands.waves.parts import now
from commands.waves.requests import StartWave
from commands.waves.start import Start, Waves
from events.callers import Caller
from events.doors import parse
from tests.performance.parts import Bench, bench

WAVES, SERVERS = 5, 100


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """What was seen of each wave."""
    here = bench(asked)
    ids = here.server_ids(WAVES * SERVERS)
    groups = [here.define(f"Wave {n}", ids[n * SERVERS : (n + 1) * SERVERS]) for n in range(WAVES)]
    if asked["appliedBefore"]:
        for group_id in groups:
            pump(here.service, group_id, here.service.after(300))
    answers = [_started(here, group_id, n) for n, group_id in enumerate(groups)]
    return {
        "milliseconds": [answer["startMilliseconds"] for answer in answers],
        "configurationCalls": sum(answer["configurationCalls"] for answer in answers),
        "paths": sorted({answer["path"] for answer in answers}),
    }


def _started(here: Bench, group_id: str, number: int) -> dict[str, Any]:
    wave = {"executionId": "bench", "waveNumber": number, "protectionGroupIds": [group_id], "isDrill": True}
    request, before = parse(StartWave, wave), here.calls.made
    return start_wave(
        Start(
            waves=Waves(here.service, lambda _target: here.other_calls),
            configuration_calls=lambda: here.calls.made - before,
            request=request,
            context=context_of(request, Caller("bench", "direct", f"wave-{number}")),
            requested_at=now(),
        )
    )


if __name__ == "__main__":
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output

"""The platform's own events: `{"action": "start_wave_recovery", "state": {...}, "wave_number": 0}` and the whole state.

An existing state machine calls us unchanged. Shapes: its keys are snake_case, those within a wave's result camelCase;
whatever else the state holds goes through untouched, and what is ours is under `launch_config`. Nothing is raised: a
wave that could not be started is `wave_completed`, `failed`, with `error` and `error_code`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from commands.waves import launched
from commands.waves.adopt import SETTLE
from commands.waves.jobs import UnseenError
from commands.waves.start import Start, Waves, WaveStream
from commands.waves.watch import watch
from events.errors import Refused
from events.shown_waves import counts, progress, started, status

State = dict[str, Any]
ENDED = {"recovered": "COMPLETED", "partly": "PARTIAL", "failed": "FAILED"}
MOST = 250_000
"""Bytes a state may have: Step Functions takes 256 KiB."""
OURS = "launch_config"


def wave_of(state: Any, number: Any) -> State:  # noqa: ANN401  whatever was sent
    """The wave that is meant.

    Raises:
        Refused: the state does not hold it.
    """
    waves = state.get("waves") if isinstance(state, dict) else None
    if not isinstance(waves, list) or not isinstance(number, int) or not 0 <= number < len(waves):
        raise Refused("INVALID_PARAMETER", f"state.waves has no wave {number!r}", field="wave_number")
    if not isinstance(waves[number], dict):
        raise Refused("INVALID_PARAMETER", f"state.waves[{number}] is no object", field="state")
    return dict(waves[number])


def request_of(state: State, number: Any) -> State:  # noqa: ANN401  whatever was sent
    """The fields of `StartWave` in the platform's state."""
    wave = wave_of(state, number)
    return {
        "executionId": state.get("execution_id"),
        "waveNumber": number,
        **{key: wave[key] for key in ("protectionGroupId", "protectionGroupIds", "onNotReady") if wave.get(key)},
        "isDrill": state.get("is_drill"),
    }


def start(request: Start, state: State, left: Callable[[], float]) -> State:
    """The state after the wave was started; whether AWS took it is waited for, while ``left`` gives the seconds."""
    while True:
        try:
            stream = launched(request)
        except Refused as refused:
            if refused.code != "WAVE_UNCLEAR" or left() < 3 * SETTLE.total_seconds():
                raise
            request.service.sleep((SETTLE + timedelta(seconds=1)).total_seconds())
        else:
            return _started(state, request.request.wave_number, stream)


def poll(waves: Waves, state: State) -> State:
    """The state after a look at the wave that it says is running."""
    number = state.get("current_wave_number")
    wave_of(state, number)
    stream = waves.stream(str(state.get("execution_id")), int(number or 0))
    if stream.state.claim is None:
        raise Refused("NOT_FOUND", f"wave {number} of {state.get('execution_id')} was never started", 404)
    try:
        stream = watch(waves, stream)
    except UnseenError as error:
        return {**state, "wave_completed": False, OURS: {**state.get(OURS, {}), "unseen": str(error)}}
    return _polled(state, int(number or 0), stream)


def failed(state: State, refused: Refused) -> State:
    """The state of a wave that did not start."""
    return {
        **state,
        "wave_completed": True,
        "status": "failed",
        "error": refused.message,
        "error_code": refused.code,
        OURS: {"status": refused.details.get("status"), "decision": "refused", **refused.body()},
    }


def _started(state: State, number: int, stream: WaveStream) -> State:
    shown, wave = started(stream), wave_of(state, number)
    if (refusal := stream.state.refused) and not stream.state.jobs:
        return failed(state, Refused(refusal.code, refusal.message, 409, **shown))
    result = _result(wave, number, stream)
    earlier = [each for each in state.get("wave_results") or [] if each.get("waveNumber") != number]
    return _fits(
        {
            **state,
            "current_wave_number": number,
            "wave_completed": False,
            "status": "running",
            "job_id": shown["jobIds"][0],
            "region": shown["region"],
            "server_ids": result["serverIds"],
            "error": None,
            "error_code": None,
            "wave_results": [*earlier, result],
            OURS: {**shown, "status": _word(shown), "serverIdsDifference": _difference(wave, stream)},
        }
    )


def _polled(state: State, number: int, stream: WaveStream) -> State:
    over, wave = stream.state.over, wave_of(state, number)
    results = [each for each in state.get("wave_results") or [] if each.get("waveNumber") != number]
    result = _result(wave, number, stream)
    word, found = status(stream.state), counts(stream.state)
    bad = found["total"] - found["launched"]
    changed = {
        **state,
        "wave_results": [*results, {**result, "status": ENDED[word]} if over else result],
        "wave_completed": over,
        OURS: {**state.get(OURS, {}), "counts": found, "waveStatus": word},
    }
    if over:
        changed["status"] = "failed" if word == "failed" else state.get("status", "running")
        changed["error"] = f"{bad} of {found['total']} servers were not launched" if bad else None
        changed["error_code"] = "SERVERS_NOT_LAUNCHED" if bad else None
    return _fits(changed)


def _result(wave: State, number: int, stream: WaveStream) -> State:
    shown = progress(stream)
    return {
        "waveNumber": number,
        "waveName": wave.get("waveName") or f"Wave {number + 1}",
        "status": "STARTED",
        "jobId": shown["jobIds"][0],
        "jobIds": shown["jobIds"],
        "startTime": int(stream.state.claim.requested_at.timestamp()) if stream.state.claim else None,
        "serverIds": list(shown["serverStatuses"]),
        "serverStatuses": [{**_server(id_), **told} for id_, told in shown["serverStatuses"].items()],
        "region": shown["region"],
    }


def _server(id_: str) -> State:
    """The platform shows all of these of every server; a name of its own is not known here."""
    unknown = dict.fromkeys(("hostname", "instanceId", "privateIp", "instanceType", "launchTime"), "")
    return {"sourceServerId": id_, "serverName": id_, **unknown}


def _word(shown: State) -> str:
    """The configuration's status on which it was decided: the worst of the groups'."""
    words = {group["status"] for group in shown["groups"]}
    return next((word for word in ("failed", "pending", "ready") if word in words), "not_configured")


def _difference(wave: State, stream: WaveStream) -> State | None:
    """Servers that the plan's own copy names and the groups do not, or the other way round: the groups count."""
    said = wave.get("serverIds")
    if not isinstance(said, list) or stream.state.claim is None:
        return None
    ours = {id_ for chunk in stream.state.claim.chunks for id_ in chunk}
    theirs = {str(id_) for id_ in said}
    if ours == theirs:
        return None
    return {"onlyInPlan": sorted(theirs - ours), "onlyInGroups": sorted(ours - theirs)}


def _fits(state: State) -> State:
    """The state within what Step Functions takes: what earlier waves say of each server is left out first."""
    for number in range(len(state.get("wave_results") or [])):
        if len(orjson.dumps(state)) <= MOST:
            break
        results = list(state["wave_results"])
        results[number] = {**results[number], "serverStatuses": [], "serverStatusesLeftOut": True}
        state = {**state, "wave_results": results}
    return state

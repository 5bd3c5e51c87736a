"""The platform's own events: `{"action": "start_wave_recovery", "state": {...}, "wave_number": 0}` and the whole state.

An existing state machine calls us unchanged. Shapes: its keys are snake_case, those within a wave's result camelCase;
whatever else the state holds goes through untouched, and what is ours is under `launch_config`. Nothing is raised: a
wave that could not be started is `wave_completed`, `failed`, with `error` and `error_code`.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from commands.waves import launched
from commands.waves.adopt import SETTLE
from commands.waves.jobs import UnseenError
from commands.waves.start import Start, WaveStream
from commands.waves.watch import watch
from events.errors import Refused
from events.shown_waves import counts, progress, started, status

State = dict[str, Any]
ENDED = {"recovered": "COMPLETED", "partly": "PARTIAL", "failed": "FAILED"}
MOST = 250_000
"""Bytes a state may have, as the Lambda runtime writes it, with spaces: Step Functions takes 256 KiB."""
OURS = "launch_config"


def wave_of(state: Any, number: Any) -> State:  # noqa: ANN401  whatever was sent
    """The wave that is meant.

    Raises:
        Refused: the state does not hold it.
    """
    waves = state.get("waves") if isinstance(state, dict) else None
    whole = isinstance(number, int) and not isinstance(number, bool)
    if not isinstance(waves, list) or not whole or not 0 <= number < len(waves):
        raise Refused("INVALID_PARAMETER", f"state.waves has no wave {str(number)[:40]}", field="wave_number")
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
    """The state after the wave was started; whether AWS took it is waited for, while ``left`` gives the seconds.

    What is unclear then is not called failed, for AWS may be launching it: polling finds out.
    """
    while True:
        try:
            return _started(state, request.request.wave_number, launched(request))
        except Refused as refused:
            if refused.code != "WAVE_UNCLEAR":
                raise
            if left() < 3 * SETTLE.total_seconds():
                return _unseen(_started(state, request.request.wave_number, request.stream()), refused.message)
            request.service.sleep((SETTLE + timedelta(seconds=1)).total_seconds())


def poll(request: Start, state: State) -> State:
    """The state after a look at the wave that it says is running; one that nobody got to start is started."""
    number, stream = request.request.wave_number, request.stream()
    if stream.state.claim is None:
        raise Refused("NOT_FOUND", f"wave {request.name} was never started", 404)
    try:
        stream = launched(request) if stream.state.starting else watch(request.waves, stream)
    except UnseenError as error:
        return {**_unseen(state, str(error)), "wave_completed": False}
    except Refused as refused:
        if refused.code != "WAVE_UNCLEAR":
            raise
        return {**_unseen(state, refused.message), "wave_completed": False}
    return _polled(state, number, stream)


def failed(state: State, refused: Refused) -> State:
    """The state of a wave that did not start."""
    return _fits(
        {
            **state,
            "wave_completed": True,
            "status": "failed",
            "error": refused.message,
            "error_code": refused.code,
            OURS: {"status": refused.details.get("status"), "decision": "refused", **refused.body()},
        }
    )


def _started(state: State, number: int, stream: WaveStream) -> State:
    if (refusal := stream.state.refused) and not stream.state.jobs:
        return failed(state, Refused(refusal.code, refusal.message, 409, **started(stream)))
    going = {"wave_completed": False, "status": "running", "error": None, "error_code": None}
    return _fits({**_known(state, number, stream), **going})


def _polled(state: State, number: int, stream: WaveStream) -> State:
    over, word, found = stream.state.over, status(stream.state), counts(stream.state)
    bad = found["total"] - found["launched"]
    changed = {**_known(state, number, stream), "wave_completed": over}
    changed[OURS] |= {"counts": found, "waveStatus": word}
    if over:
        changed["wave_results"][-1]["status"] = ENDED[word]
        changed["status"] = "failed" if word == "failed" else state.get("status", "running")
        changed["error"] = f"{bad} of {found['total']} servers were not launched" if bad else None
        changed["error_code"] = "SERVERS_NOT_LAUNCHED" if bad else None
        if refused := stream.state.refused:
            changed["error"], changed["error_code"] = f"{changed['error']}: {refused.message}", refused.code
    return _fits(changed)


def _known(state: State, number: int, stream: WaveStream) -> State:
    """The state with what the wave's stream tells, whatever became of it. Its own result is the last."""
    shown, wave, results = started(stream), wave_of(state, number), state.get("wave_results")
    result = _result(wave, number, stream)
    of_others = [each for each in results if not _is_of(number, each)] if isinstance(results, list) else []
    return {
        **state,
        "current_wave_number": number,
        "job_id": result["jobId"],
        "region": shown["region"],
        "server_ids": result["serverIds"],
        "wave_results": [*of_others, result],
        OURS: {**shown, "status": _word(shown), "serverIdsDifference": _difference(wave, stream)},
    }


def _is_of(number: int, result: Any) -> bool:  # noqa: ANN401  whatever was sent
    return isinstance(result, dict) and result.get("waveNumber") == number


def _unseen(state: State, why: str) -> State:
    """The state as it is, and why nobody could see more."""
    ours = state.get(OURS)
    return {**state, OURS: {**(ours if isinstance(ours, dict) else {}), "unseen": why}}


def _result(wave: State, number: int, stream: WaveStream) -> State:
    shown = progress(stream)
    return {
        "waveNumber": number,
        "waveName": wave.get("waveName") or f"Wave {number + 1}",
        "status": "STARTED",
        "jobId": next(iter(shown["jobIds"]), None),
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
    results = state.get("wave_results")
    for number, result in enumerate(results if isinstance(results, list) else ()):
        if len(json.dumps(state)) <= MOST:
            break
        if isinstance(result, dict):
            results = list(state["wave_results"])
            results[number] = {**result, "serverStatuses": [], "serverStatusesLeftOut": True}
            state = {**state, "wave_results": results}
    return state

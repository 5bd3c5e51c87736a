"""The wave that an execution is at: started, looked at until its jobs have ended, and what came of it recorded."""

from datetime import datetime, timedelta

from commands.executions.room import Executions, current_of, plan_of, system, when
from commands.executions.steps import next_step
from commands.waves import launched
from commands.waves.adopt import SETTLE
from commands.waves.jobs import UnseenError
from commands.waves.requests import DEFAULT_BUDGET, StartWave
from commands.waves.start import WaveStream
from commands.waves.watch import watch
from events import executions as x
from events.errors import Refused
from events.facts import KEPT_TEXT, cut
from events.shown_waves import counts, status
from events.wave_state import Wave

LOOKS = 150
"""Looks at all waves together, before they come more seldom: Step Functions ends an execution of 25,000 events, which
are some 2,200 looks."""
HELD = {"LAUNCH_CONFIG_SYNC_IN_PROGRESS", "PG_IN_ACTIVE_EXECUTION"}
HELD_FOR = timedelta(minutes=10)
"""How long a wave waits for a worker, or another wave, that holds one of its groups."""
LONGEST = timedelta(seconds=330)
"""After this nobody is starting a wave any more: a function runs for 300 s (template.yaml)."""
UNAVAILABLE = 503
Stepped = tuple[x.Execution, int]
"""The execution, and the seconds to wait before its next step."""


def started(room: Executions, execution: x.Execution) -> Stepped:
    """That it is begun is recorded before anything is done: whatever becomes of it, it is seen through."""
    begun = x.WaveBegun(wave=current_of(execution), at=room.waves.service.now())
    execution = room.record(execution.execution_id, when("start", begun), system("BeginWave", execution.execution_id))
    return _tried(room, execution, _stream(room, execution)) if next_step(execution) == "watch" else (execution, 0)


def watched(room: Executions, execution: x.Execution) -> Stepped:
    """The current wave, started if it is not, else looked at."""
    number, stream = current_of(execution), _stream(room, execution)
    if stream.state.claim is None and not execution.cancelled:
        execution = _begun_again(room, execution)
    still = execution.current == number and next_step(execution) == "watch"
    return _tried(room, execution, stream) if still else (execution, 0)


def _tried(room: Executions, execution: x.Execution, stream: WaveStream) -> Stepped:
    now = room.waves.service.now()
    if stream.state.claim is None and execution.cancelled:
        return _given_up(room, execution)
    try:
        stream = _seen_through(room, execution, stream)
    except UnseenError:
        return execution, _wait(execution, now)
    except Refused as no:
        return _refused(room, execution, stream, no)
    if not stream.state.over:
        return execution, _wait(execution, now)
    return _done(room, execution, _outcome(current_of(execution), stream.state, now))


def _seen_through(room: Executions, execution: x.Execution, stream: WaveStream) -> WaveStream:
    if not _ours(execution, stream.state):
        other = "a wave of this name was started before, or of other groups: choose another executionId"
        raise Refused("IDEMPOTENCY_CONFLICT", other, 409)
    if not execution.cancelled and (stream.state.claim is None or stream.state.starting):
        return launched(room.start_of(_request(execution), execution.execution_id))
    return watch(room.waves, stream, cancelled=execution.cancelled is not None)


def _refused(room: Executions, execution: x.Execution, stream: WaveStream, no: Refused) -> Stepped:
    """What may do better soon is tried again; else the wave has failed, unless another driver was let in meanwhile."""
    number, now = current_of(execution), room.waves.service.now()
    if no.status == UNAVAILABLE:
        return execution, int(SETTLE.total_seconds()) + 1
    first = execution.first_begun.get(str(number), now)
    if no.code in HELD and now < first + HELD_FOR:
        return execution, int(SETTLE.total_seconds())
    if stream.state.claim is None and _stream(room, execution).state.claim:
        return execution, _wait(execution, now)
    message = cut(no.message, KEPT_TEXT)
    return _done(room, execution, x.WaveDone(wave=number, outcome="failed", at=now, code=no.code, message=message))


def _stream(room: Executions, execution: x.Execution) -> WaveStream:
    return room.waves.stream(execution.execution_id, current_of(execution))


def _begun_again(room: Executions, execution: x.Execution) -> x.Execution:
    """Nobody has claimed it yet: that it is tried once more is recorded first, unless it was cancelled meanwhile."""
    id_, begun = execution.execution_id, x.WaveBegun(wave=current_of(execution), at=room.waves.service.now())

    def decide(now: x.Execution) -> tuple[x.ExecutionFact, ...]:
        return (begun,) if next_step(now) == "watch" and now.current == begun.wave and not now.cancelled else ()

    return room.record(id_, decide, system("BeginWave", id_))


def _ours(execution: x.Execution, wave: Wave) -> bool:
    """Whether the wave of this name is the plan's, and not of before there was a plan; one never claimed will be."""
    plan, claim = plan_of(execution), wave.claim
    if claim is None:
        return True
    groups = {*plan.waves[current_of(execution)].group_ids}
    earlier = execution.opened_at is not None and claim.requested_at < execution.opened_at
    return not earlier and (claim.is_drill, {group.group_id for group in claim.groups}) == (plan.is_drill, groups)


def _given_up(room: Executions, execution: x.Execution) -> Stepped:
    """It was cancelled before the wave was claimed; nobody can be at it any more once a function's time is over."""
    number, now = current_of(execution), room.waves.service.now()
    if now < execution.begun[str(number)] + LONGEST:
        return execution, int(SETTLE.total_seconds())
    return _done(room, execution, x.WaveDone(wave=number, outcome="skipped", at=now, code="CANCELLED"))


def _done(room: Executions, execution: x.Execution, done: x.WaveDone) -> Stepped:
    id_ = execution.execution_id

    def decide(now: x.Execution) -> tuple[x.ExecutionFact, ...]:
        return (done,) if next_step(now) == "watch" and now.current == done.wave else ()

    return room.record(id_, decide, system("EndWave", id_)), 0


def _request(execution: x.Execution) -> StartWave:
    plan, number = plan_of(execution), current_of(execution)
    wave = plan.waves[number]
    return StartWave(
        execution_id=execution.execution_id,
        wave_number=number,
        protection_group_ids=wave.group_ids,
        is_drill=plan.is_drill,
        on_not_ready=wave.on_not_ready,
        budget_seconds=DEFAULT_BUDGET if wave.budget_seconds is None else wave.budget_seconds,
    )


def _outcome(number: int, wave: Wave, at: datetime) -> x.WaveDone:
    found, refused = counts(wave), wave.refused
    return x.WaveDone(
        wave=number,
        outcome=status(wave),  # type: ignore[arg-type]  # of a wave that is over: one of the three
        at=at,
        launched=found["launched"],
        total=found["total"],
        code=refused.code if refused else "",
        message=refused.message if refused else "",
    )


def _wait(execution: x.Execution, now: datetime) -> int:
    """Seconds until the next look: the longer a wave has run, and the more waves there are, the more."""
    plan, number = plan_of(execution), str(current_of(execution))
    since = (now - execution.begun[number]).total_seconds()
    return max(plan.poll_seconds, int(since * len(plan.waves) / LOOKS))

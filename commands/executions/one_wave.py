"""The wave that an execution is at: started, looked at until its jobs have ended, and what came of it recorded."""

from datetime import datetime, timedelta

from commands.executions.room import Executions, current_of, plan_of, system, when
from commands.executions.steps import next_step
from commands.waves import launched
from commands.waves.adopt import SETTLE
from commands.waves.jobs import UnseenError
from commands.waves.requests import DEFAULT_BUDGET, StartWave
from commands.waves.watch import watch
from events import executions as x
from events.errors import Refused
from events.facts import KEPT_TEXT, cut
from events.shown_waves import counts, status
from events.waves import Wave

SELDOM = 100
"""A wave that has run for so many times the wait is looked at more seldom: Step Functions counts its steps."""
LONGEST = timedelta(seconds=330)
"""After this nobody is starting a wave any more: a function runs for 300 s (template.yaml)."""
UNAVAILABLE = 503
Stepped = tuple[x.Execution, int]
"""The execution, and the seconds to wait before its next step."""


def started(room: Executions, execution: x.Execution) -> Stepped:
    """That it is begun is recorded before anything is done: whatever becomes of it, it is seen through."""
    begun = x.WaveBegun(wave=current_of(execution), at=room.waves.service.now())
    execution = room.record(execution.execution_id, when("start", begun), system("BeginWave", execution.execution_id))
    return watched(room, execution) if next_step(execution) == "watch" else (execution, 0)


def watched(room: Executions, execution: x.Execution) -> Stepped:
    """The current wave, started if it is not, else looked at."""
    number, now = current_of(execution), room.waves.service.now()
    stream = room.waves.stream(execution.execution_id, number)
    try:
        if stream.state.claim is None and execution.cancelled:
            return _given_up(room, execution)
        if stream.state.claim is None or stream.state.starting:
            stream = launched(room.start_of(_request(execution), execution.execution_id))
        else:
            stream = watch(room.waves, stream)
    except UnseenError:
        return execution, _wait(execution, now)
    except Refused as no:
        if no.status == UNAVAILABLE:
            return execution, int(SETTLE.total_seconds()) + 1
        refused = x.WaveDone(wave=number, outcome="failed", at=now, code=no.code, message=cut(no.message, KEPT_TEXT))
        return _done(room, execution, refused)
    if not stream.state.over:
        return execution, _wait(execution, now)
    return _done(room, execution, _outcome(number, stream.state, now))


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
    """Seconds until the next look: the longer a wave has run, the more."""
    since = (now - execution.begun[str(current_of(execution))]).total_seconds()
    return max(plan_of(execution).poll_seconds, int(since / SELDOM))

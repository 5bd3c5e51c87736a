"""An execution: one run of a plan of waves, one wave after the other. Its next step follows from its facts alone.

Stream `execution#<executionId>`. What AWS makes of a wave is in the wave's own stream; here is which wave is next, who
paused, resumed or cancelled, and how each wave ended.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from events.facts import Code, Text
from events.model import DEFERRED, Model
from events.moments import Moment
from events.waves import Policy

Outcome = Literal["recovered", "partly", "failed", "skipped"]
Ending = Literal["completed", "failed", "cancelled"]
OnFailure = Literal["stop", "continue"]
MAX_TOKENS = 10
"""A task that is tried again waits with a new token: so many are kept, for any may be the one that waits."""


class PlannedWave(Model):
    """One wave of a plan. `depends_on`: without these waves it is not started."""

    name: str = ""
    group_ids: tuple[str, ...]
    pause_before: bool = False
    depends_on: tuple[int, ...] = ()
    on_not_ready: Policy | None = None
    budget_seconds: int | None = None


class Plan(Model):
    """What is to be run: the waves in their order, and what to do when one does not recover all of its servers."""

    plan_id: str = ""
    plan_name: str = ""
    is_drill: bool
    waves: tuple[PlannedWave, ...]
    on_failure: OnFailure = "stop"
    poll_seconds: int = 30


class ExecutionOpened(Model):
    """It is to run."""

    type: Literal["ExecutionOpened"] = "ExecutionOpened"
    execution_id: str
    plan: Plan
    at: Moment


class ExecutionChecked(Model):
    """The readiness gate, before the first wave: the verdict on each, and what blocks any. `shut`: that ends it."""

    type: Literal["ExecutionChecked"] = "ExecutionChecked"
    at: Moment
    shut: bool = False
    verdicts: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class ExecutionPaused(Model):
    """It waits for somebody before this wave. `token` is how Step Functions is told to go on: never shown."""

    type: Literal["ExecutionPaused"] = "ExecutionPaused"
    wave: int
    at: Moment
    token: Annotated[str, Field(repr=False)]


class ExecutionResumed(Model):
    """Somebody let it go on with this wave."""

    type: Literal["ExecutionResumed"] = "ExecutionResumed"
    wave: int
    at: Moment


class ExecutionCancelled(Model):
    """No wave is started any more: `reason` says whether somebody asked for that, or nobody came in time."""

    type: Literal["ExecutionCancelled"] = "ExecutionCancelled"
    at: Moment
    reason: Text = ""


class WaveBegun(Model):
    """This wave is being started: from now on it is watched, whatever became of the start."""

    type: Literal["WaveBegun"] = "WaveBegun"
    wave: int
    at: Moment


class WaveDone(Model):
    """How a wave ended; one that was never claimed is `failed` for the reason it was refused, or `skipped`."""

    type: Literal["WaveDone"] = "WaveDone"
    wave: int
    outcome: Outcome
    at: Moment
    launched: int = 0
    total: int = 0
    code: Code = ""
    message: Text = ""


class ExecutionEnded(Model):
    """It is over."""

    type: Literal["ExecutionEnded"] = "ExecutionEnded"
    ending: Ending
    at: Moment
    reason: Text = ""


ExecutionFact = (
    ExecutionOpened
    | ExecutionChecked
    | ExecutionPaused
    | ExecutionResumed
    | ExecutionCancelled
    | WaveBegun
    | WaveDone
    | ExecutionEnded
)
EXECUTION_FACTS: TypeAdapter[ExecutionFact] = TypeAdapter(
    Annotated[ExecutionFact, Field(discriminator="type")], config=DEFERRED
)


class Execution(Model):
    """An execution as its facts left it. `plan` is None before it was opened; what is by wave has its number as key."""

    execution_id: str = ""
    plan: Plan | None = None
    opened_at: Moment | None = None
    checked: ExecutionChecked | None = None
    paused: ExecutionPaused | None = None
    tokens: Annotated[tuple[str, ...], Field(repr=False)] = ()
    resumed: tuple[int, ...] = ()
    cancelled: ExecutionCancelled | None = None
    begun: dict[str, Moment] = {}
    first_begun: dict[str, Moment] = {}
    done: dict[str, WaveDone] = {}
    ended: ExecutionEnded | None = None

    @property
    def current(self) -> int | None:
        """The wave that is begun and not done, else the first that is neither; None if all are done."""
        waves = range(len(self.plan.waves)) if self.plan else ()
        return next((n for n in waves if str(n) not in self.done), None)

    @property
    def waits(self) -> bool:
        """Whether it is paused, and nobody has said how to go on."""
        return self.paused is not None and self.paused.wave not in self.resumed and not self.cancelled

    @property
    def failing(self) -> tuple[int, ...]:
        """The waves that did not recover all of their servers."""
        return tuple(sorted(int(n) for n, done in self.done.items() if done.outcome != "recovered"))


def evolve(execution: Execution, fact: ExecutionFact) -> Execution:
    """``execution`` after ``fact``."""
    change: dict[str, Any]
    match fact:
        case ExecutionOpened(execution_id=id_, plan=plan, at=at):
            change = {"execution_id": id_, "plan": plan, "opened_at": at}
        case ExecutionChecked():
            change = {"checked": fact}
        case ExecutionPaused(wave=wave, token=token):
            again = execution.paused is not None and execution.paused.wave == wave
            change = {"paused": fact, "tokens": (*(execution.tokens if again else ()), token)[-MAX_TOKENS:]}
        case ExecutionResumed(wave=wave):
            change = {"resumed": tuple(sorted({*execution.resumed, wave}))}
        case ExecutionCancelled():
            change = {"cancelled": fact}
        case WaveBegun(wave=wave, at=at):
            first = {str(wave): at, **execution.first_begun}
            change = {"begun": {**execution.begun, str(wave): at}, "first_begun": first}
        case WaveDone(wave=wave):
            change = {"done": {**execution.done, str(wave): fact}}
        case ExecutionEnded():
            change = {"ended": fact}
    return execution.model_copy(update=change)

"""What may be asked of executions: to start one, to let it go on, to cancel it; and the state machine's own steps."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from commands.requests import Policy, Request
from commands.waves.requests import MAX_WAVES, Budget, OfGroups, WaveNumber, amiss
from events.executions import OnFailure, Plan, PlannedWave

ExecutionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,72}$")]
"""Also the name that Step Functions knows it by, which has room for 80: a run that died is followed by another."""
Name = Annotated[str, StringConstraints(max_length=256)]


class WaveOfPlan(OfGroups):
    """One wave of a plan."""

    wave_number: WaveNumber | None = None
    wave_name: Name = ""
    pause_before_wave: bool = False
    depends_on_waves: Annotated[tuple[WaveNumber, ...], Field(max_length=MAX_WAVES)] = ()
    on_not_ready: Policy | None = None
    budget_seconds: Budget | None = None


class RecoveryPlan(Request):
    """A plan of waves: what the state machine takes as its input. Without `executionId` its own name is that."""

    execution_id: ExecutionName | None = None
    plan_id: Name = ""
    plan_name: Name = ""
    is_drill: bool
    waves: Annotated[tuple[WaveOfPlan, ...], Field(min_length=1, max_length=MAX_WAVES)]
    on_failure: OnFailure = "stop"
    poll_seconds: Annotated[int, Field(ge=1, le=300)] = 30

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for number, wave in enumerate(self.waves):
            if not wave.group_ids:
                raise amiss("MISSING_FIELD", "name its groups", "waves", number, "protectionGroupIds")
            if wave.wave_number not in {None, number}:
                raise amiss("INVALID_PARAMETER", "waves are numbered from 0", "waves", number, "waveNumber")
            if any(earlier >= number for earlier in wave.depends_on_waves):
                raise amiss("INVALID_PARAMETER", "a wave can wait for earlier ones", "waves", number, "dependsOnWaves")
        return self

    @property
    def plan(self) -> Plan:
        """The plan as it is recorded."""
        waves = tuple(
            PlannedWave(
                name=wave.wave_name,
                group_ids=wave.group_ids,
                pause_before=wave.pause_before_wave,
                depends_on=wave.depends_on_waves,
                on_not_ready=wave.on_not_ready,
                budget_seconds=wave.budget_seconds,
            )
            for wave in self.waves
        )
        return Plan(
            plan_id=self.plan_id,
            plan_name=self.plan_name,
            is_drill=self.is_drill,
            waves=waves,
            on_failure=self.on_failure,
            poll_seconds=self.poll_seconds,
        )


class OfExecution(Request):
    """Names an execution."""

    execution_id: ExecutionName


class StartExecution(OfExecution, RecoveryPlan):
    """`POST /executions`: run this plan, once; the same again joins the execution that runs."""


class ResumeExecution(OfExecution):
    """`POST /executions/{executionId}/resume`: let it go on with the wave that it waits before.

    ``waveNumber``: only if that is the wave; whoever sends no key is so kept from opening the next gate, too.
    """

    wave_number: WaveNumber | None = None


class CancelExecution(OfExecution):
    """`POST /executions/{executionId}/cancel`: start no more waves; jobs that run go on."""


class StepExecution(OfExecution):
    """The state machine takes one step. Asked for a step that is not the next one, it is told which is."""

    step: Literal["open", "gate", "pause", "expire", "start", "watch"]
    plan: RecoveryPlan | None = None
    wave_number: WaveNumber | None = None
    task_token: Annotated[str | None, Field(repr=False)] = None

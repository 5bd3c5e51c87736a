"""What executions are worked with: their streams, the waves they start, and the state machine that drives them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from commands.executions.steps import Step, next_step
from commands.service import ATTEMPTS, answered
from commands.waves.requests import StartWave
from commands.waves.start import Start, Waves
from events.commits import Context
from events.errors import LostRace, Refused
from events.executions import Execution, ExecutionFact, ExecutionResumed, Plan
from events.streams import EXECUTION, Stream, load

ExecutionStream = Stream[Execution, ExecutionFact]
Decision = Callable[[Execution], tuple[ExecutionFact, ...]]


class Machine(Protocol):
    """Step Functions, as far as executions go."""

    def start(self, name: str, plan: bytes) -> None:
        """Lets the state machine run under this name; no news if it does, or did."""

    def go_on(self, token: str, answer: bytes) -> None:
        """Tells a task that waits to go on; no news if it waits no more."""


@dataclass(frozen=True, slots=True)
class Executions:
    """Executions of this deployment. `start_of` makes the request to start a wave."""

    waves: Waves
    machine: Machine
    start_of: Callable[[StartWave, str], Start]

    def stream(self, execution_id: str) -> ExecutionStream:
        """As it is now."""
        return load(self.waves.service.store, EXECUTION, execution_id)

    def record(self, execution_id: str, decide: Decision, context: Context) -> Execution:
        """What `decide` says of the execution as it is, appended; nothing, if it says nothing.

        The same key again has no effect, and `decide` is not asked.

        Raises:
            Refused: by ``decide``, its key was used for another request, or the race was lost too often (retryable).
        """
        for attempt in range(ATTEMPTS):
            stream = self.stream(execution_id)
            facts = () if answered(stream, context) else decide(stream.state)
            if not facts:
                return stream.state
            commit = stream.next(context, facts, self.waves.service.now())
            try:
                self.waves.service.store.append(commit)
            except LostRace:
                self.waves.service.pause(attempt)
            else:
                return stream.follow(commit).state
        raise Refused("BUSY", f"execution {execution_id} is being changed by many: try again", 503, retryable=True)

    def resumed_by(self, execution_id: str, context: Context) -> int | None:
        """The wave that was let go on under this key; None if somebody else had let it go on before."""
        stream = self.stream(execution_id)
        key = stream.key(context.command_id) if context.through_a_door else None
        commit = self.waves.service.store.head(stream.stream_id, key.version) if key else None
        facts = EXECUTION.parse(commit.events) if commit else ()
        return next((fact.wave for fact in facts if isinstance(fact, ExecutionResumed)), None)


def when(step: Step, fact: ExecutionFact) -> Decision:
    """The fact, if the step that it is of is still the next one."""
    return lambda execution: (fact,) if next_step(execution) == step else ()


def plan_of(execution: Execution) -> Plan:
    """The plan of an execution that was opened."""
    assert execution.plan is not None  # noqa: S101  only an execution that was opened has steps
    return execution.plan


def current_of(execution: Execution) -> int:
    """The wave that an execution is at."""
    assert execution.current is not None  # noqa: S101  only an execution with a wave left has such a step
    return execution.current


def system(command: str, execution_id: str) -> Context:
    """As what an execution does by itself is recorded."""
    return Context(command=command, command_id=f"{command} {execution_id}", actor="system", via="system")

"""Executions on the desk: a state machine that remembers what it was told, and somebody who plays its definition.

`template.yaml` has the definition: open, then whatever step is next, waits between them, and a task that waits for its
token. A step that fails is taken again there, so it is here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from commands.executions.advance import advance
from commands.executions.control import carry_out
from commands.executions.requests import (
    CancelExecution,
    OfExecution,
    ResumeExecution,
    StartExecution,
    StepExecution,
)
from commands.executions.room import Executions
from commands.operations import context_of
from commands.waves.requests import StartWave
from commands.waves.start import Start
from events.callers import Caller
from events.commits import Commit
from events.doors import parse
from events.executions import Execution
from events.streams import EXECUTION
from local.simulator.simulator import Simulator
from tests.commands.bench import MortalStore, fresh
from tests.kit import SETTINGS, Desk

NAME = "drill-of-payments"
ENDS = {"completed": "Completed", "cancelled": "Cancelled"}
NOWHERE = {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0123456789abcdef0"}]}
"""A server whose template says so is not launched."""
Json = dict[str, Any]


@dataclass
class Machine:
    """Step Functions: `commands.executions.room.Machine`. What it was told is remembered; again is no news."""

    plans: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    tokens: int = 0

    def start(self, name: str, plan: bytes) -> None:
        self.plans.setdefault(name, plan)

    def go_on(self, token: str, answer: bytes) -> None:
        self.answers.setdefault(token, answer)

    def token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"


class BusyStore(MortalStore):
    """A store in which somebody else may be quick, just before an append."""

    meanwhile: Callable[[], object] | None = None

    def append(self, *commits: Commit) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        super().append(*commits)


@dataclass
class Office:
    """A desk with groups of one server each, and the executions of plans of them."""

    desk: Desk
    store: BusyStore
    groups: tuple[str, ...]
    machine: Machine = field(default_factory=Machine)
    asked: int = 0

    @property
    def room(self) -> Executions:
        return Executions(self.desk.waves, self.machine, self.start_of)

    def start_of(self, request: StartWave, execution_id: str) -> Start:
        caller = Caller(f"execution {execution_id}", "direct", f"{execution_id}#{request.wave_number}")
        context, now = context_of(request, caller), self.desk.clock.now()
        return Start(self.desk.waves, lambda: 0, request, context, now)

    def ask(self, request: type[OfExecution], **fields: object) -> Json:
        """Through the frontend's door."""
        self.asked += 1
        asked = parse(request, {"executionId": NAME, **fields})
        return carry_out(self.room, asked, context_of(asked, Caller("ada@example.com", "frontend", f"{self.asked}")))

    def start(self, waves: Sequence[Json] = (), **more: object) -> "Run":
        """A drill of one wave a group, started; and whoever drives it."""
        plan = self.plan(waves, **more)
        self.ask(StartExecution, **plan)
        return Run(self)

    def plan(self, waves: Sequence[Json] = (), **more: object) -> Json:
        each = [*waves, *[{}] * len(self.groups)][: len(self.groups)]
        named = [{"protectionGroupIds": [id_], **wave} for id_, wave in zip(self.groups, each, strict=True)]
        return {"isDrill": True, "waves": named, **more}

    def resume(self) -> Json:
        return self.ask(ResumeExecution)

    def cancel(self) -> Json:
        return self.ask(CancelExecution)

    def step(self, name: str, **more: object) -> Json:
        return advance(self.room, parse(StepExecution, {"executionId": NAME, "step": name, **more}))

    @property
    def execution(self) -> Execution:
        return self.room.stream(NAME).state

    def facts(self) -> list[str]:
        history = self.store.history(EXECUTION.stream_id(NAME))
        return [name for commit in history for name in commit.event_types]


@dataclass
class Run:
    """One run of the definition: `told` is the state that goes through it, `end` the state in which it ended."""

    office: Office
    told: Json | None = None
    token: str = ""
    end: str = ""

    def turn(self) -> bool:
        """One state of the definition; False if there is nothing to do but to wait for somebody."""
        if self.end or (self.token and self.token not in self.office.machine.answers):
            return False
        if self.token:
            self.told = orjson.loads(self.office.machine.answers[self.token])
            self.token = ""
        elif self.told is None:
            self.told = self.office.step("open", plan=orjson.loads(self.office.machine.plans[NAME]))
        elif self.told["waitSeconds"]:
            self.office.desk.clock.sleep(self.told["waitSeconds"])
            self.told = {**self.told, "waitSeconds": 0}
        elif self.told["next"] == "pause":
            token = self.office.machine.token()
            self.office.step("pause", taskToken=token)
            self.token = token
        elif self.told["next"] in {"gate", "start", "watch"}:
            self.told = self.office.step(self.told["next"])
        else:
            self.end = ENDS.get(self.told["ending"], "Failed")
        return True

    def play(self) -> "Run":
        """As far as it goes without anybody."""
        for _ in range(500):
            if not self.turn():
                return self
        raise AssertionError(f"it never comes to an end: {self.told}")

    def until(self, step: str) -> "Run":
        """Until this step is next."""
        while self.told is None or self.told["next"] != step:
            assert self.turn(), f"it never comes to {step}: {self.told}"
        return self

    def expire(self) -> None:
        """The task has waited for a day."""
        self.token = ""
        self.told = self.office.step("expire")


def office(simulator: Simulator, groups: int = 3) -> Office:
    """A new one, in front of the same simulator."""
    store = BusyStore()
    desk = fresh(simulator, store)
    each = [{"sourceServerIds": [id_], "launchConfig": SETTINGS} for id_ in simulator.server_ids()[:groups]]
    return Office(desk, store, tuple(desk.create(f"Payments {n}", **fields) for n, fields in enumerate(each)))

"""Whoever takes the steps of an execution, however often, in whatever order: each wave is one job, and it ends."""

from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from commands.executions.requests import StartExecution
from commands.executions.steps import next_step
from events import executions as x
from events.errors import Refused
from events.shown_executions import shown
from events.streams import EXECUTION, refold
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, asked, jobs, mended
from tests.commands.plans import ENDS, NAME, NOWHERE, Json, Office, Run, office

STEPS = ["gate", "pause", "expire", "start", "watch"]
PAUSE = {"pauseBeforeWave": True}
NEVER = Death(10**9)
SILENCE = 31
"""Seconds after which a launch that nobody is at may be taken over."""
LOSSES = ["lost-answer", "drop", "InternalServerException"]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.in_process(servers=3) as running:
        yield running


def one_job_a_wave(there: Office) -> None:
    """Every job is of another server; a call that was lost on its way made none."""
    servers = [id_ for those in jobs(there.desk).values() for id_ in those]
    assert len(servers) == len({*servers})


def played(run: Run) -> Run:
    """To the end, letting it go on wherever it waits; whoever dies, another takes the step again."""
    for _ in range(500):
        try:
            if run.end or (not run.turn() and run.office.resume()):
                return run if run.end else played(run)
        except Died:
            run.office.store.before = run.office.store.after = NEVER
            run.office.desk.clock.sleep(SILENCE)
    raise AssertionError("it never comes to an end")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_dies_at_whichever_append_the_step_is_taken_again_and_each_wave_is_one_job(
    simulator: Simulator, moment: str
) -> None:
    """First without a death, to know how many appends there are."""
    count = 1
    for append in range(40):
        there = office(simulator, groups=2)
        run = there.start([{}, PAUSE])
        made = there.store.appends
        if append:
            setattr(there.store, moment, Death(append))
        assert played(run).end == "Completed"
        assert (len(jobs(there.desk)), asked(simulator).count("StartRecovery")) == (2, 2)
        assert [wave["status"] for wave in shown(there.execution)["waves"]] == ["recovered"] * 2
        count = count if append else there.store.appends - made
        if append == count:
            break
    assert count > 15, "or it is not seen where they die"


def test_steps_taken_again_and_steps_that_are_not_next_do_nothing_twice(simulator: Simulator) -> None:
    there = office(simulator)
    run = there.start([{}, PAUSE])
    while run.turn() or (not run.end and there.resume()):
        before = there.execution
        for step in STEPS:
            if step not in {next_step(before), "expire"} and not (step == "pause" and before.waits):
                there.step(step, taskToken="another")
                assert there.execution == before
        for _ in range(2):
            if next_step(before) in {"gate", "watch"}:
                there.step(next_step(before))
    assert run.end == "Completed"
    assert (len(jobs(there.desk)), asked(simulator).count("StartRecovery")) == (3, 3)
    assert [there.facts().count(fact) for fact in ("WaveBegun", "WaveDone", "ExecutionEnded")] == [3, 3, 1]


class Driven(RuleBasedStateMachine):
    """One execution of three waves, driven by two at once, with people who interfere."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self.there = office(simulator)

    @initialize(
        waves=st.lists(
            st.fixed_dictionaries({"pauseBeforeWave": st.booleans(), "dependsOnWaves": st.sampled_from([[], [0]])}),
            min_size=2,
            max_size=2,
        ),
        on_failure=st.sampled_from(["stop", "continue"]),
        bad=st.sampled_from([None, 0, 1]),
        is_drill=st.booleans(),
    )
    def open(self, waves: list[Json], on_failure: str, bad: int | None, is_drill: bool) -> None:  # noqa: FBT001  drawn
        self.plan = self.there.plan([{}, *waves], onFailure=on_failure, isDrill=is_drill)
        if bad is not None:
            self.there.desk.simulator.edit(self.there.desk.simulator.server_ids()[bad], template=NOWHERE)
        self.there.ask(StartExecution, **self.plan)
        self.runs = [Run(self.there), Run(self.there)]

    @rule(
        who=st.integers(0, 1),
        turns=st.integers(1, 6),
        death=st.sampled_from([None, None, "before", "after"]),
        append=st.integers(1, 5),
        loss=st.sampled_from([None, None, *LOSSES]),
    )
    def drive(self, who: int, turns: int, death: str | None, append: int, loss: str | None) -> None:
        """A few states of the definition, with whatever may go wrong in them."""
        if loss:
            self.there.desk.simulator.fault(Fault(loss, "StartRecovery"))
        if death:
            setattr(self.there.store, death, Death(append))
        try:
            for _ in range(turns):
                self.runs[who].turn()
        except Died:
            self.runs[who].token = ""
        finally:
            self.there.store.before = self.there.store.after = NEVER
            mended(self.there.desk)

    @rule(
        who=st.integers(0, 1), what=st.sampled_from(["drive", "resume", "cancel", "step"]), step=st.sampled_from(STEPS)
    )
    def drive_while_something_happens(self, who: int, what: str, step: str) -> None:
        """Just before its next append, somebody else is quick."""
        happens = {
            "drive": self.runs[1 - who].turn,
            "resume": self.resume,
            "cancel": self.cancel,
            "step": partial(self.step, step),
        }
        self.there.store.meanwhile = happens[what]
        self.runs[who].turn()
        self.there.store.meanwhile = None

    @rule(step=st.sampled_from([step for step in STEPS if step != "expire"]))
    def step(self, step: str) -> None:
        """A step that nobody told to take."""
        self.there.step(step, taskToken="nobody's")

    @rule()
    def resume(self) -> None:
        try:
            self.there.resume()
        except Refused as no:
            if no.code != "NOT_PAUSED":
                raise

    @rule(really=st.integers(0, 3), death=st.sampled_from([NEVER, Death(1)]))
    def cancel(self, really: int = 0, death: Death = NEVER) -> None:
        """Whoever asks may die before the execution is settled."""
        if not really:
            self.there.store.after = Death(death.at)
            try:
                self.there.cancel()
            except Died:
                pass
            finally:
                self.there.store.after = NEVER

    @rule(really=st.integers(0, 3))
    def expire(self, really: int) -> None:
        if not really:
            self.there.step("expire")

    @rule(seconds=st.sampled_from([1, SILENCE, 600]))
    def nothing_happens(self, seconds: int) -> None:
        self.there.desk.clock.sleep(seconds)

    @invariant()
    def a_wave_is_one_job(self) -> None:
        one_job_a_wave(self.there)

    @invariant()
    def waves_are_begun_in_order_one_at_a_time_and_none_once_it_is_cancelled(self) -> None:
        execution, over = EXECUTION.initial(), False
        for commit in self.there.store.history(EXECUTION.stream_id(NAME)):
            for fact in EXECUTION.parse(commit.events):
                assert not execution.ended, f"{fact} after the end"
                if isinstance(fact, x.WaveBegun):
                    assert not over, "begun after it was cancelled"
                    assert fact.wave == execution.current
                    assert execution.checked
                    assert not execution.checked.shut
                    planned = self.plan["waves"][fact.wave]
                    assert not planned.get("pauseBeforeWave") or fact.wave in execution.resumed
                    assert not {*planned.get("dependsOnWaves", [])} & {*execution.failing}
                    assert self.plan["onFailure"] == "continue" or not execution.failing
                if isinstance(fact, x.WaveDone):
                    assert str(fact.wave) not in execution.done
                over = over or isinstance(fact, x.ExecutionCancelled)
                execution = EXECUTION.evolve(execution, fact)
        assert execution == self.there.execution

    def teardown(self) -> None:
        """Both drivers go on, and whoever waits is let go on: it ends, and both are told the same."""
        for _ in range(300):
            if all(run.end for run in self.runs):
                break
            moved = [run.turn() for run in self.runs]
            if not any(moved):
                for run in self.runs:
                    if run.token and not run.end:
                        run.token = ""
                self.resume()
            self.there.desk.clock.sleep(SILENCE)
        execution = self.there.execution
        assert execution.ended
        found = [done.outcome for _, done in sorted(execution.done.items())]
        right = "completed" if found == ["recovered"] * 3 else "failed"
        assert execution.ended.ending == ("cancelled" if execution.cancelled else right)
        assert {run.end for run in self.runs} == {ENDS.get(execution.ended.ending, "Failed")}
        recovered = sum(outcome == "recovered" for outcome in found)
        assert recovered <= len(jobs(self.there.desk)) <= len(execution.begun)
        assert self.there.room.stream(NAME) == refold(self.there.store, EXECUTION, EXECUTION.stream_id(NAME))


def test_whoever_drives_it_and_whoever_interferes_it_ends_by_the_same_rules(simulator: Simulator) -> None:
    usual = settings(max_examples=50, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Driven(simulator), settings=usual)


@pytest.mark.long
def test_in_a_thousand_orders_too(simulator: Simulator) -> None:
    many = settings(max_examples=1000, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Driven(simulator), settings=many)

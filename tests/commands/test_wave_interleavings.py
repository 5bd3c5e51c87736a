"""One group and its waves, in any order of everything that can happen to them.

A state machine redefines, applies, edits in the console, lets time pass, starts waves, kills their callers and loses
AWS's answers. What a job launches must be what the wave's evidence says, each wave is one job, and all of it ends.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from commands.waves.claim import CLAIM_FOR
from commands.waves.jobs import UnseenError
from commands.waves.launch import SETTLE
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, mended, pumped, refused
from tests.commands.launches import all_jobs, evidence_is_true, launched_otherwise, wave_of
from tests.commands.touched import HELD, MOMENT, TYPES, WHICH, Touched
from tests.kit import SETTINGS, Desk

LOSSES = ["lost-answer", "drop", "zombie", "ThrottlingException", "ServiceQuotaExceededException"]
LATE = 9
"""Seconds after which a call that was given up may still land."""
NEVER = Death(10**9)
UNSTARTED = {*HELD, "NOT_READY", "BUSY"}
FIELDS = st.fixed_dictionaries(
    {
        "isDrill": st.booleans(),
        "onNotReady": st.sampled_from([None, "block", "proceed"]),
        "liveCheck": st.booleans(),
        "budgetSeconds": st.sampled_from([0, 60]),
    }
).filter(lambda fields: fields["budgetSeconds"] or not fields["liveCheck"])  # a look takes time, so it is refused
Fields = dict[str, Any]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.in_process(servers=3) as running:
        yield running


class Interleaved(Touched):
    """The group, and its waves: each of an execution of its own."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(simulator)
        self.asked: dict[str, Fields] = {}
        self.answers: dict[str, object] = {}
        self.judged: set[str] = set()

    @rule(fields=FIELDS, after=st.sampled_from([0, 0, 0, 86_400]))
    def start(self, fields: Fields, after: float = 0) -> None:
        """At once, or when every proof has run out."""
        self.desk.clock.sleep(after + MOMENT)
        execution = f"exec-{len(self.asked)}"
        self.asked[execution] = fields
        self.ask(execution, "the first")

    @rule(fields=FIELDS, loss=st.sampled_from(LOSSES), times=st.sampled_from([1, 9]))
    def start_and_hear_nothing(self, fields: Fields, loss: str, times: int) -> None:
        self.desk.simulator.fault(Fault(loss, "StartRecovery", times=times, seconds=LATE * (loss == "zombie")))
        self.start(fields)
        mended(self.desk)

    @rule(fields=FIELDS, moment=st.sampled_from(["before", "after"]), append=st.integers(1, 4))
    def start_and_die(self, fields: Fields, moment: str, append: int) -> None:
        setattr(self.store, moment, Death(append))
        self.start(fields)

    @rule(fields=FIELDS, which=WHICH)
    def start_without(self, fields: Fields, which: int) -> None:
        """DRS does not launch what does not replicate."""
        self.replicate(which, "DISCONNECTED")
        self.start(fields)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), loss=st.sampled_from([None, *LOSSES]), seconds=st.sampled_from([0, 31, 1700]))
    def ask_again(self, data: st.DataObject, loss: str | None, seconds: int) -> None:
        """Somebody else, perhaps much later: at the last moment at which it would still be started."""
        self.desk.clock.sleep(seconds + MOMENT)
        if loss:
            self.desk.simulator.fault(Fault(loss, "StartRecovery", seconds=LATE * (loss == "zombie")))
        self.ask(data.draw(st.sampled_from(sorted(self.asked))), f"again {self.desk.asked}")
        mended(self.desk)

    @rule(seconds=st.sampled_from([0, 9]), what=st.sampled_from(["wave", "redefinition", "edit"]), data=st.data())
    def work_while_something_happens(self, seconds: int, what: str, data: st.DataObject) -> None:
        """A call hangs for as long as one can, and meanwhile somebody else is quick."""
        fields, kind = data.draw(FIELDS), data.draw(st.sampled_from(TYPES))
        happens: dict[str, Callable[[], None]] = {
            "wave": lambda: self.start({**fields, "budgetSeconds": 0, "liveCheck": False}),
            "redefinition": lambda: self.redefine(kind, later=True),
            "edit": lambda: self.edit(0, kind, tags=True),
        }
        self.meanwhile = lambda: (self.desk.clock.sleep(seconds), happens[what]())
        pumped(self.desk, self.group_id)
        self.meanwhile = None

    def ask(self, execution: str, key: str) -> None:
        """A wave is asked for; once it is known what AWS made of it, it is always answered the same."""
        answer: object = None
        try:
            shown = self.desk.start_wave(self.group_id, key=key, executionId=execution, **self.asked[execution])
            answer = {name: value for name, value in shown.items() if name != "eventTableReads"}
        except Refused as no:
            answer = {**no.body(), "code": no.code}
            known = wave_of(self.desk, execution).claim is not None
            assert known == (no.code in {"WAVE_UNCLEAR", "RECOVERY_REFUSED"})  # noqa: PT017  any may be answered
            assert known or no.code in UNSTARTED  # noqa: PT017  as above
            if no.code != "RECOVERY_REFUSED":
                return
        except Died:
            return
        finally:
            self.store.before = self.store.after = NEVER
        assert self.answers.setdefault(execution, answer) == answer

    # --- time ---

    @rule(seconds=st.sampled_from([1, 20, 45, 1740, 1900, 86_400]))
    def nobody_comes(self, seconds: int) -> None:
        self.desk.clock.sleep(seconds)
        self.desk.simulator.world.catch_up()

    @rule(minutes=st.sampled_from([1, 5, 10]))
    def watchers_come(self, minutes: int) -> None:
        """The schedule: every minute it looks at what runs."""
        for _ in range(minutes):
            self.desk.clock.sleep(60)
            self.look()

    @rule()
    def look(self) -> None:
        for execution in self.asked:
            if wave_of(self.desk, execution).claim:
                try:
                    self.desk.watch(execution)
                except UnseenError:
                    continue

    # --- what always holds ---

    def named(self) -> Iterator[tuple[str, str]]:
        """Every job that a wave's stream knows, and its execution."""
        for execution in self.asked:
            yield from ((job.job_id, execution) for job in wave_of(self.desk, execution).jobs.values())

    @invariant()
    def a_wave_is_one_job_and_its_servers_are_those_that_were_decided(self) -> None:
        jobs, named = all_jobs(self.desk), [*self.named()]
        known = {id_ for id_, _ in named}
        assert len(known) == len(named)
        assert len(jobs.keys() - known) <= sum(wave_of(self.desk, execution).starting for execution in self.asked)
        for id_, execution in named:
            servers = {one.server_id for one in jobs[id_].participants}
            assert servers == {*wave_of(self.desk, execution).servers(0)}
            assert jobs[id_].is_drill == self.asked[execution]["isDrill"]

    @invariant()
    def what_was_decided_is_what_was_known(self) -> None:
        for execution in self.asked.keys() - self.judged:
            if claim := wave_of(self.desk, execution).claim:
                evidence_is_true(self.desk, claim)
                self.judged.add(execution)

    @invariant()
    def what_was_launched_is_what_the_evidence_says(self) -> None:
        jobs = all_jobs(self.desk)
        for id_, execution in self.named():
            claim = wave_of(self.desk, execution).claim
            if claim and id_ not in self.judged and jobs[id_].launched:
                assert [*launched_otherwise(self.desk, claim, jobs[id_], self.edits)] == []
                self.judged.add(id_)

    def teardown(self) -> None:
        """Nobody asks any more; time passes, the schedule looks, and everything comes to its end."""
        for _ in range(8):
            self.desk.clock.sleep(600)
            self.look()
        waves = [wave for execution in self.asked if (wave := wave_of(self.desk, execution)).claim]
        assert all(wave.over for wave in waves)
        if waves:
            assert self.group.claim is None
        assert all_jobs(self.desk).keys() == {id_ for id_, _ in self.named()}
        self.what_was_launched_is_what_the_evidence_says()


USUAL = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_in_whatever_order_a_wave_launches_once_what_its_evidence_says_and_comes_to_its_end(
    simulator: Simulator,
) -> None:
    run_state_machine_as_test(lambda: Interleaved(simulator), settings=USUAL)


def test_what_is_launched_in_a_claims_last_minute_is_claimed_until_it_is_launched(desk: Desk) -> None:
    """Found by the machine: the claim ran out while DRS had yet to read what it launches from."""
    group_id = desk.create()
    desk.simulator.fault(Fault("drop", "StartRecovery"))
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    desk.clock.sleep((CLAIM_FOR - SETTLE).total_seconds() - 1)
    desk.start_wave(group_id)
    desk.clock.sleep(60)
    desk.ask("update_protection_group", groupId=group_id, launchConfig={**SETTINGS, "instanceType": "m5.large"})
    assert desk.status(group_id)["status"] == "pending"
    desk.clock.sleep(600)
    assert desk.watch()["status"] == "recovered"
    (job,) = all_jobs(desk).values()
    launched = [one.launch()["launchTemplateData"]["InstanceType"] for one in job.participants]
    assert launched == [SETTINGS["instanceType"]] * 3


@pytest.mark.long
def test_in_a_thousand_orders_too(simulator: Simulator) -> None:
    many = settings(USUAL, max_examples=800, stateful_step_count=50)
    run_state_machine_as_test(lambda: Interleaved(simulator), settings=many)

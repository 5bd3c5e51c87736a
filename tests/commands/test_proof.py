"""Ready is never said of anything but what is wanted: whatever is late, stale, or done by somebody else meanwhile."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from commands.outcomes import LAG, OVER
from events import facts as f
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import (
    asked,
    facts,
    fresh,
    in_aws,
    launched_from,
    meddle,
    never_ready_wrongly,
    of,
    pumped,
    versions,
    woken,
    written,
)
from tests.kit import SETTINGS, Desk

OTHER = {**SETTINGS, "instanceType": "r5.4xlarge", "copyTags": False}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as running:
        yield running


def one(desk: Desk) -> str:
    return desk.simulator.server_ids()[0]


def group_of_one(desk: Desk, **fields: Any) -> str:  # noqa: ANN401  fields of a group
    return desk.create(**{"sourceServerIds": [one(desk)], **fields})


def redefine(desk: Desk, group_id: str, wanted: dict[str, Any], **more: object) -> None:
    desk.ask("update_protection_group", groupId=group_id, launchConfig=wanted, **more)


def until_ready(desk: Desk, group_id: str) -> None:
    while desk.status(group_id)["status"] != "ready":
        never_ready_wrongly(desk, group_id)
        assert woken(desk, group_id)


# --- late ---


@pytest.mark.parametrize("operation", ["UpdateLaunchConfiguration", "ModifyLaunchTemplate"])
@pytest.mark.parametrize("seconds", [1, 6, 9])
def test_a_write_that_lands_after_its_client_gave_up_never_ends_under_a_proof_of_something_else(
    desk: Desk, operation: str, seconds: int
) -> None:
    desk.simulator.fault(Fault("zombie", operation, server_id=one(desk), seconds=seconds))
    group_id = group_of_one(desk)
    redefine(desk, group_id, OTHER)
    never_ready_wrongly(desk, group_id)
    until_ready(desk, group_id)
    desk.clock.sleep(OVER.total_seconds())
    desk.simulator.advance(0)
    never_ready_wrongly(desk, group_id)
    assert in_aws(desk.simulator, one(desk)) == OTHER


def test_while_a_write_may_still_land_the_server_is_left_alone_whatever_is_wanted_meanwhile(desk: Desk) -> None:
    """Another server keeps the turn going; the definition changes in it, and the first is not asked for again."""
    victim, other = desk.simulator.server_ids()
    desk.simulator.fault(Fault("zombie", "ModifyLaunchTemplate", server_id=victim, seconds=8))
    done: list[int] = []

    def somebody_redefines(name: str) -> None:
        if name == "ModifyLaunchTemplate" and not done:
            done.append(1)
            redefine(desk, the_group(desk), OTHER)

    meddle(desk, after=somebody_redefines)
    group_id = desk.create()
    assert done, "the other server's write went through"
    assert "r5.4xlarge" not in {data["InstanceType"] for data in versions(desk.simulator, victim)}, "not in this turn"
    never_ready_wrongly(desk, group_id)
    until_ready(desk, group_id)
    desk.clock.sleep(OVER.total_seconds())
    assert [in_aws(desk.simulator, id_) for id_ in (victim, other)] == [OTHER, OTHER]


def the_group(desk: Desk) -> str:
    [stream_id] = desk.store.born("group")
    return stream_id.removeprefix("group#")


# --- stale ---


@pytest.mark.parametrize("seconds", [1, 4.9])
def test_a_definition_that_changes_there_and_back_is_not_proved_by_a_read_from_before(
    desk: Desk, seconds: float
) -> None:
    """A is held, B is written, A is wanted again: a read that lags still shows A."""
    group_id = group_of_one(desk)
    desk.clock.sleep(60)
    redefine(desk, group_id, OTHER)
    desk.simulator.lag(drs=seconds, templates=seconds)
    redefine(desk, group_id, SETTINGS)
    never_ready_wrongly(desk, group_id)
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, one(desk)) == SETTINGS
    desk.simulator.lag()


def test_a_proof_by_reading_alone_soon_after_a_write_is_read_again_when_no_lag_can_hide_it(desk: Desk) -> None:
    group_id = group_of_one(desk)
    began, since = desk.clock.now(), len(desk.simulator.calls())
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    redefine(desk, group_id, {**SETTINGS, "copyTags": True, "name": ""}, respondAsync=True)
    redefine(desk, group_id, SETTINGS, respondAsync=True)
    pumped(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert desk.clock.now() - began >= LAG
    assert asked(desk.simulator, since).count("GetLaunchConfiguration") >= 3


@pytest.mark.parametrize("seconds", [2, 4])
def test_reads_that_lag_cost_patience_and_no_second_version(desk: Desk, seconds: int) -> None:
    desk.simulator.lag(drs=seconds, templates=seconds)
    group_id = group_of_one(desk)
    assert desk.status(group_id)["status"] == "ready"
    assert len(versions(desk.simulator, one(desk))) == 2
    desk.simulator.lag()
    assert in_aws(desk.simulator, one(desk)) == SETTINGS


# --- somebody else ---


@pytest.mark.parametrize("before", ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "DescribeLaunchTemplates"])
def test_an_edit_in_the_console_at_any_moment_of_the_apply_is_seen_or_overruled(desk: Desk, before: str) -> None:
    done: list[str] = []

    def someone(name: str) -> None:
        if name == before and not done:
            done.append(name)
            desk.simulator.edit(one(desk), template={"InstanceType": "t3.nano"})

    meddle(desk, before=someone)
    group_id = group_of_one(desk)
    assert done
    never_ready_wrongly(desk, group_id)
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, one(desk)) == SETTINGS


def test_a_default_that_is_newer_than_ours_and_says_what_is_wanted_is_a_proof(desk: Desk) -> None:
    """Somebody adds a tag between our write and our look; what is wanted is there."""
    done: list[str] = []

    def someone(name: str) -> None:
        if name == "ModifyLaunchTemplate" and not done:
            done.append(name)
            desk.simulator.edit(one(desk), template={"Monitoring": {"Enabled": True}})

    meddle(desk, after=someone)
    group_id = group_of_one(desk)
    assert desk.status(group_id)["status"] == "ready"
    [applied] = of(f.ServerConfigApplied, facts(desk, group_id))
    assert (applied.template_version, len(versions(desk.simulator, one(desk)))) == (3, 3)


# --- DRS by itself ---

RIGHT_SIZED = {"targetInstanceTypeRightSizingMethod": "BASIC", "monitoring": True}


def test_right_sizing_that_drs_does_by_itself_is_no_difference(desk: Desk) -> None:
    desk.simulator.right_sizing(every=3600)
    group_id = group_of_one(desk, launchConfig=RIGHT_SIZED)
    desk.simulator.server(one(desk)).description["sourceProperties"]["recommendedInstanceType"] = "m7i.xlarge"
    desk.clock.sleep(24 * 3600)
    desk.simulator.advance(0)
    assert launched_from(desk.simulator, one(desk))["InstanceType"] == "m7i.xlarge"
    since = len(desk.simulator.calls())
    plan = desk.ask("apply_launch_configs", groupId=group_id, dryRun=True)
    assert plan["servers"][0]["changes"] == []
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert written(desk.simulator, since) == 0


def test_what_drs_sized_survives_our_own_write(desk: Desk) -> None:
    desk.simulator.right_sizing(every=3600)
    group_id = group_of_one(desk, launchConfig=RIGHT_SIZED)
    desk.simulator.server(one(desk)).description["sourceProperties"]["recommendedInstanceType"] = "m7i.xlarge"
    desk.clock.sleep(2 * 3600)
    redefine(desk, group_id, {**RIGHT_SIZED, "disableApiStop": True})
    assert desk.status(group_id)["status"] == "ready"
    assert launched_from(desk.simulator, one(desk))["InstanceType"] == "m7i.xlarge"


def test_an_instance_type_that_is_wanted_turns_right_sizing_off_so_that_it_stays(desk: Desk) -> None:
    desk.simulator.right_sizing(every=3600)
    group_id = group_of_one(desk, launchConfig={"instanceType": "m5.2xlarge"})
    desk.clock.sleep(6 * 3600)
    desk.simulator.advance(0)
    assert launched_from(desk.simulator, one(desk))["InstanceType"] == "m5.2xlarge"
    assert desk.status(group_id)["status"] == "ready"


# --- all of it at once ---


class RoughTimes(RuleBasedStateMachine):
    """Whatever happens in whatever order: nobody is ready but who is as wanted, and in quiet times all are."""

    simulator: Simulator

    @initialize()
    def begin(self) -> None:
        self.desk = fresh(self.simulator)
        self.group_id = self.desk.create()
        self.meddled = False

    @rule(wanted=st.sampled_from([SETTINGS, OTHER]), at_once=st.booleans())
    def define(self, wanted: dict[str, Any], *, at_once: bool) -> None:
        redefine(self.desk, self.group_id, wanted, respondAsync=not at_once)

    @rule()
    def force(self) -> None:
        with suppress(Refused):  # a minute has not passed since the last time
            self.desk.ask("apply_launch_configs", groupId=self.group_id, force=True, respondAsync=True)

    @rule(seconds=st.sampled_from([1, 3, 11]))
    def time_passes(self, seconds: int) -> None:
        self.desk.clock.sleep(seconds)
        self.desk.simulator.advance(0)

    @rule(seconds=st.sampled_from([3, 15, 60]))
    def worker(self, seconds: int) -> None:
        pumped(self.desk, self.group_id, seconds)

    @rule(seconds=st.sampled_from([0, 2, 4]))
    def lag(self, seconds: int) -> None:
        self.desk.simulator.lag(drs=seconds, templates=seconds)

    @rule(
        error=st.sampled_from(["zombie", "lost-answer", "drop", "InternalServerException", "ThrottlingException"]),
        operation=st.sampled_from(
            ["GetLaunchConfiguration", "UpdateLaunchConfiguration", "CreateLaunchTemplateVersion",
             "ModifyLaunchTemplate", "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions"]
        ),
        seconds=st.sampled_from([2, 8]),
    )  # fmt: skip
    def fault(self, error: str, operation: str, seconds: int) -> None:
        more = {"seconds": seconds} if error == "zombie" else {}
        self.desk.simulator.fault(Fault(error, operation, **more))

    @invariant()
    def ready_is_as_wanted(self) -> None:
        if hasattr(self, "desk"):
            never_ready_wrongly(self.desk, self.group_id)

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        self.desk.simulator.lag()
        self.desk.simulator.world.faults.clear()
        self.desk.clock.sleep(60 + OVER.total_seconds())
        self.desk.simulator.advance(0)
        until_ready(self.desk, self.group_id)
        wanted = self.desk.stream(self.group_id).state.wanted(one(self.desk))
        assert in_aws(self.desk.simulator, one(self.desk)) == wanted


def rough_times(simulator: Simulator, examples: int) -> None:
    machine = type("RoughTimesHere", (RoughTimes,), {"simulator": simulator})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=15, deadline=None, print_blob=True)
    )


def test_in_rough_times_nobody_is_ready_but_who_is_as_wanted_and_afterwards_all_are(simulator: Simulator) -> None:
    rough_times(simulator, 12)


@pytest.mark.long
def test_in_long_rough_times_nobody_is_ready_but_who_is_as_wanted(simulator: Simulator) -> None:
    rough_times(simulator, 400)


def test_a_group_that_is_deleted_while_a_write_may_land_is_not(desk: Desk) -> None:
    desk.simulator.fault(Fault("zombie", "ModifyLaunchTemplate", seconds=5))
    group_id = group_of_one(desk)
    with pytest.raises(Refused) as no:
        desk.ask("delete_protection_group", groupId=group_id)
    assert (no.value.code, no.value.retryable) == ("LAUNCH_CONFIG_SYNC_IN_PROGRESS", True)

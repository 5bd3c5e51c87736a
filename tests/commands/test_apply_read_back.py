"""Ready is read, not assumed: what AWS answers after a write decides."""

import pytest

from commands.outcomes import LAG
from local.simulator.faults import Fault
from tests.commands.bench import calls, in_aws, launched_from, meddle, versions, woken
from tests.kit import SETTINGS, Desk


def test_a_warning_of_ec2_fails_its_server_with_that_text_and_the_version_is_not_made_default(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[1]
    said = Fault("warning", "CreateLaunchTemplateVersion", None, server_id=victim, message="The instance type is odd")
    desk.simulator.fault(said)
    group_id = desk.create()
    while woken(desk, group_id):
        pass
    assert desk.status(group_id)["status"] == "failed"
    [error] = desk.status(group_id)["serverConfigs"][victim]["errors"]
    assert (error["code"], error["message"]) == ("InvalidParameterValue", "The instance type is odd")
    assert launched_from(desk.simulator, victim) == versions(desk.simulator, victim)[0]


def test_a_server_for_which_drs_names_no_template_is_failed_never_ready(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    del desk.simulator.server(victim).settings["ec2LaunchTemplateID"]
    group_id = desk.create(launchConfig={"keyName": "break-glass"})
    assert desk.status(group_id)["serverConfigs"][victim]["status"] == "failed"
    assert desk.status(group_id)["reasons"] == [{"reason": "NO_LAUNCH_TEMPLATE", "servers": 1}]


def test_a_read_that_lags_behind_the_write_is_read_again_until_it_shows(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[2]

    def lags(name: str) -> None:
        if name == "ModifyLaunchTemplate":
            desk.simulator.fault(Fault("lag", "DescribeLaunchTemplates", times=3, server_id=victim))

    meddle(desk, after=lags)
    group_id = desk.create(sourceServerIds=[victim])
    assert desk.status(group_id)["status"] == "ready"
    assert calls(desk.simulator)[-4:] == ["DescribeLaunchTemplates"] * 4


def test_a_read_that_lags_for_longer_than_our_patience_is_not_believed_and_looked_at_again(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[2]

    def lags(name: str) -> None:
        if name == "ModifyLaunchTemplate":
            desk.simulator.fault(Fault("lag", "DescribeLaunchTemplates", times=None, server_id=victim))

    meddle(desk, after=lags)
    began = desk.clock.now()
    group_id = desk.create(sourceServerIds=[victim])
    assert LAG <= desk.clock.now() - began <= 3 * LAG
    [error] = desk.status(group_id)["serverConfigs"][victim]["errors"]
    assert error["code"] == "NOT_AS_WRITTEN"
    assert desk.status(group_id)["status"] == "pending"
    desk.simulator.world.faults.clear()
    assert woken(desk, group_id)
    assert (desk.status(group_id)["status"], len(versions(desk.simulator, victim))) == ("ready", 2)


@pytest.mark.parametrize("before", ["ModifyLaunchTemplate", "DescribeLaunchTemplates"])
def test_whoever_changes_the_template_between_write_and_read_back_is_seen_and_overruled(
    desk: Desk, before: str
) -> None:
    victim = desk.simulator.server_ids()[0]
    done: list[str] = []

    def someone(name: str) -> None:
        done.append(name)
        if name == before and "CreateLaunchTemplateVersion" in done and done.count("edited") == 0:
            done.append("edited")
            desk.simulator.edit(victim, template={"InstanceType": "t3.nano"})

    meddle(desk, before=someone)
    group_id = desk.create(sourceServerIds=[victim])
    if before == "DescribeLaunchTemplates":
        assert desk.status(group_id)["status"] == "pending"
        assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert in_aws(desk.simulator, victim) == SETTINGS

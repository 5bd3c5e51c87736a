"""A proof is no younger than the oldest read that it rests on, and no lag of a stranger's write is believed."""

from collections.abc import Iterator

import pytest

from commands.aws.templates import WORTH
from commands.outcomes import LAG
from events import facts as f
from local.simulator.simulator import Simulator
from tests.commands.bench import facts, in_aws, meddle, never_ready_wrongly, of, versions, woken, written
from tests.kit import SETTINGS, Desk

OTHER = {**SETTINGS, "instanceType": "r5.4xlarge", "copyTags": False}
A_DAY = 24 * 3600


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=WORTH) as running:
        yield running


def test_what_was_read_for_all_at_once_is_proved_as_of_that_moment_however_long_the_rest_took(desk: Desk) -> None:
    """Templates are read by one page; each server's settings are read a second later than the last one's."""
    group_id = desk.create()
    desk.clock.sleep(A_DAY)

    def takes_time(name: str) -> None:
        if name == "GetLaunchConfiguration":
            desk.clock.sleep(1)

    meddle(desk, after=takes_time)
    since = len(desk.simulator.calls())
    desk.ask("apply_launch_configs", groupId=group_id)
    [page] = [call for call in desk.simulator.calls(since) if call.operation == "DescribeLaunchTemplateVersions"]
    proofs = of(f.ServerConfigVerified, facts(desk, group_id))
    assert len(proofs) == WORTH
    assert page.at is not None
    assert max(proof.proved_at for proof in proofs) <= page.at < desk.clock.now()


@pytest.mark.parametrize("seconds", [1, 4])
def test_a_server_that_another_group_wrote_a_moment_ago_is_not_proved_by_a_read_from_before(
    desk: Desk, seconds: int
) -> None:
    """The new group knows of no write; what it wants is what was there before the last one."""
    [server_id, *_] = desk.simulator.server_ids()
    before = desk.create("Before", sourceServerIds=[server_id])
    desk.clock.sleep(60)
    desk.ask("update_protection_group", groupId=before, launchConfig=OTHER)
    desk.ask("delete_protection_group", groupId=before)
    desk.clock.sleep(0.5)
    desk.simulator.lag(drs=seconds, templates=seconds)
    group_id = desk.create("After", sourceServerIds=[server_id])
    never_ready_wrongly(desk, group_id)
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
        never_ready_wrongly(desk, group_id)
    assert in_aws(desk.simulator, server_id) == SETTINGS


def test_a_server_that_holds_what_is_wanted_is_adopted_without_a_write_once_no_lag_can_deceive(desk: Desk) -> None:
    [server_id, *_] = desk.simulator.server_ids()
    settings = {key: value for key, value in SETTINGS.items() if key.startswith(("copy", "target"))}
    template = {"InstanceType": SETTINGS["instanceType"], "MetadataOptions": {"HttpTokens": "required"}}
    desk.simulator.edit(server_id, settings=settings)
    desk.simulator.edit(server_id, template=template)
    before, began = len(versions(desk.simulator, server_id)), desk.clock.now()
    group_id = desk.create(sourceServerIds=[server_id])
    assert desk.status(group_id)["status"] == "ready"
    assert (written(desk.simulator), len(versions(desk.simulator, server_id))) == (0, before)
    [proof] = of(f.ServerConfigApplied, facts(desk, group_id))
    assert proof.proved_at >= began + LAG

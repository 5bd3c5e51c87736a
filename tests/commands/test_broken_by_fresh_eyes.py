"""What a reviewer with fresh eyes broke: each was wrong before it was a test."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands.decide import RecordOutcomes
from commands.outcomes import Fault as Failure
from commands.outcomes import Proved
from events.commits import Context
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import fresh, in_aws, launched_from, meddle, versions, woken
from tests.commands.surroundings import ADDRESS, SUBNET, a_subnet
from tests.kit import SETTINGS, Desk

ELSEWHERE = "subnet-0ffffffffffffffff"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=3) as running:
        yield running


def ids(desk: Desk) -> list[str]:
    return desk.simulator.server_ids()


def redefine(desk: Desk, group_id: str, wanted: dict[str, Any], **more: object) -> dict[str, Any]:
    return desk.ask("update_protection_group", groupId=group_id, launchConfig=wanted, **more)


LAYERS = [
    # what B says otherwise, whose reads lag, and what of the other layer is written at the same time
    ({"instanceType": "m5.large"}, {"templates": 3}, {"launchDisposition": "STOPPED"}),
    ({"copyTags": False}, {"drs": 3}, {"monitoring": True}),
]


@pytest.mark.parametrize(("other", "lagging", "more"), LAYERS, ids=["template", "DRS"])
def test_a_lag_of_one_layer_is_not_believed_because_the_other_was_written(
    desk: Desk, other: dict[str, Any], lagging: dict[str, int], more: dict[str, Any]
) -> None:
    """A, then B, and a second later A again, with something new in the other layer."""
    group_id = desk.create(sourceServerIds=ids(desk)[:1])
    desk.clock.sleep(60)
    redefine(desk, group_id, {**SETTINGS, **other})
    desk.clock.sleep(1)
    desk.simulator.lag(**lagging)
    redefine(desk, group_id, {**SETTINGS, **more})
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
    assert in_aws(desk.simulator, ids(desk)[0]) == SETTINGS


def test_an_address_that_is_no_longer_wanted_does_not_stay_in_another_subnet(desk: Desk) -> None:
    a_subnet(desk.simulator, ELSEWHERE, "10.9.0.0/24")
    server_id = ids(desk)[0]
    own = {"sourceServerId": server_id, "launchTemplate": {"subnetId": SUBNET, "staticPrivateIp": ADDRESS}}
    group_id = desk.create(sourceServerIds=None, servers=[own], launchConfig={})
    moved = {"sourceServerId": server_id, "launchTemplate": {"subnetId": ELSEWHERE}}
    answer = desk.ask("update_protection_group", groupId=group_id, servers=[moved])
    assert answer["status"] == "ready"
    [interface] = launched_from(desk.simulator, server_id)["NetworkInterfaces"]
    assert (interface["SubnetId"], interface.get("PrivateIpAddress")) == (ELSEWHERE, None)


def test_a_capacity_reservation_that_is_no_longer_wanted_is_taken_out_and_a_dry_run_says_so(desk: Desk) -> None:
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-0a1b2c3d4e5f60718"}}
    only = {"capacityReservationPreference": "capacity-reservations-only"}
    group_id = desk.create(launchConfig={"capacityReservationSpecification": {**only, **target}})
    redefine(desk, group_id, {"capacityReservationSpecification": only}, respondAsync=True)
    assert desk.ask("apply_launch_configs", groupId=group_id, dryRun=True)["changedServers"] == 3
    desk.ask("apply_launch_configs", groupId=group_id)
    there = launched_from(desk.simulator, ids(desk)[0])["CapacityReservationSpecification"]
    assert there == {"CapacityReservationPreference": "capacity-reservations-only"}


def test_a_template_that_carries_another_servers_tag_is_put_right(desk: Desk) -> None:
    one, other = ids(desk)[:2]
    desk.simulator.edit(one, template={"TagSpecifications": versions(desk.simulator, other)[0]["TagSpecifications"]})
    group_id = desk.create()
    assert desk.status(group_id)["status"] == "ready"
    tags = launched_from(desk.simulator, one)["TagSpecifications"][0]["Tags"]
    assert {"Key": "AWSElasticDisasterRecoverySourceServerID", "Value": one} in tags


def test_iops_of_the_type_before_do_not_stay_beside_a_type_that_has_none(desk: Desk) -> None:
    wanted = {"blockDeviceMappings": [{"deviceName": "/dev/nvme0n1", "volumeType": "gp2"}]}
    group_id = desk.create(sourceServerIds=ids(desk)[:1], launchConfig=wanted)
    assert desk.status(group_id)["status"] == "ready"
    [volume] = launched_from(desk.simulator, ids(desk)[0])["BlockDeviceMappings"]
    assert {*volume["Ebs"]} == {"VolumeType", "VolumeSize"}


def test_an_address_that_drs_would_copy_into_a_subnet_that_lacks_it_is_refused(desk: Desk) -> None:
    a_subnet(desk.simulator, ELSEWHERE, "10.9.0.0/24")
    group_id = desk.create(launchConfig={"copyPrivateIp": True, "subnetId": ELSEWHERE})
    assert desk.status(group_id)["reasons"] == [{"reason": "IP_OUT_OF_RANGE", "servers": 3}]


def test_a_recovery_that_may_proceed_does_so_though_one_servers_write_is_never_answered(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    fault = Fault("InternalServerException", "UpdateLaunchConfiguration", times=None, server_id=ids(desk)[1])
    desk.simulator.fault(fault)
    answer = desk.start_wave(group_id, isDrill=False)
    assert (answer["decision"], answer["path"]) == ("started", "proceeded")
    assert answer["groups"][0]["unprovedServers"] == [ids(desk)[1]]


def test_a_group_in_trouble_does_not_eat_the_time_of_a_waves_other_groups(desk: Desk) -> None:
    one, two, three = ids(desk)
    troubled = desk.create("Troubled", sourceServerIds=[one], respondAsync=True)
    well = desk.create("Well", sourceServerIds=[two, three], respondAsync=True)
    desk.simulator.fault(Fault("InternalServerException", "UpdateLaunchConfiguration", times=None, server_id=one))
    answer = desk.start_wave(troubled, well, isDrill=False)
    assert {group["groupId"]: group["unprovedServers"] for group in answer["groups"]} == {troubled: [one], well: []}


def test_a_template_that_drs_made_anew_between_our_two_writes_gets_a_version_of_its_own(desk: Desk) -> None:
    server_id = ids(desk)[0]
    gone: list[str] = []

    def somebody_deletes_it(name: str) -> None:
        if name == "CreateLaunchTemplateVersion" and not gone:
            gone.append(desk.simulator.server(server_id).template_id)
            desk.simulator.client("ec2").delete_launch_template(LaunchTemplateId=gone[0])

    meddle(desk, after=somebody_deletes_it)
    group_id = desk.create(sourceServerIds=[server_id])
    assert gone
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
    assert desk.stream(group_id).state.servers[server_id].attempts <= 1
    assert in_aws(desk.simulator, server_id) == SETTINGS


def test_a_refusal_of_the_account_does_not_undo_a_proof_of_the_same_batch(desk: Desk) -> None:
    desk = fresh(desk.simulator)
    group_id = desk.create(respondAsync=True)
    now, [one, two, _] = desk.clock.now(), sorted(desk.stream(group_id).state.servers)
    outcomes = (Proved(one, 1, "sha256:x", now), Failure(two, 1, "group", "UninitializedAccountException", "no", now))
    worker = Context(command="RecordOutcomes", command_id="batch", actor="system", via="system")
    desk.service.execute(group_id, RecordOutcomes(outcomes), worker)
    shown = desk.status(group_id)["serverConfigs"]
    assert [shown[id_]["status"] for id_ in (one, two)] == ["ready", "failed"]


def test_servers_that_run_as_recovery_instances_do_not_fill_their_own_subnet(desk: Desk) -> None:
    """A small subnet, a drill that still runs in it, and a look a day later."""
    a_subnet(desk.simulator, ELSEWHERE, "10.8.0.0/28")
    for _ in range(10):
        desk.simulator.client("ec2").create_network_interface(SubnetId=ELSEWHERE)
    for id_ in ids(desk):
        desk.simulator.server(id_).description["recoveryInstanceId"] = "i-0a1b2c3d4e5f60718"
    group_id = desk.create(launchConfig={"subnetId": ELSEWHERE})
    assert desk.status(group_id)["status"] == "ready"

"""Servers that another account replicates, and how many of what there can be."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.errors import AwsError
from local.simulator.launch_templates import Author
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
STAGING = Place("999988887777", "us-east-1")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as simulator:
        yield simulator


@pytest.fixture
def sim(served: Simulator) -> Simulator:
    served.reset()
    return served


def refusal(call: Client, **asked: Json) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def items(sim: Simulator, place: Place | None = None, **filters: Json) -> list[Json]:
    pages = sim.client("drs", place).get_paginator("describe_source_servers").paginate(filters=filters)
    return [each for page in pages for each in page["items"]]


def test_an_extended_server_says_where_it_is_replicated(sim: Simulator) -> None:
    (extended,) = sim.add_servers(1, staging_account=STAGING.account)
    (original,) = items(sim, STAGING)
    (shown,) = items(sim, sourceServerIDs=[extended.id])
    assert shown["stagingArea"] == {
        "status": "EXTENDED",
        "stagingAccountID": STAGING.account,
        "stagingSourceServerArn": original["arn"],
    }
    assert original["stagingArea"] == {"status": "NOT_EXTENDED"}
    assert (shown["sourceServerID"] != original["sourceServerID"], shown["sourceProperties"]) == (
        True,
        original["sourceProperties"],
    )
    assert shown["arn"].split(":")[4] == sim.world.home.account


def test_settings_and_template_of_an_extended_server_are_the_target_accounts(sim: Simulator) -> None:
    (extended,) = sim.add_servers(1, staging_account=STAGING.account)
    original = sim.server(items(sim, STAGING)[0]["sourceServerID"])
    before = original.settings
    sim.client("drs").update_launch_configuration(sourceServerID=extended.id, copyPrivateIp=True)
    ec2, asked = sim.client("ec2"), {"LaunchTemplateId": extended.template_id, "Versions": ["$Default"]}
    assert ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"][0]["VersionNumber"] == 2
    theirs = sim.client("ec2", STAGING)
    assert refusal(theirs.describe_launch_template_versions, **asked) == "InvalidLaunchTemplateId.NotFound"
    (untouched,) = theirs.describe_launch_templates()["LaunchTemplates"]
    assert (untouched["LatestVersionNumber"], original.settings) == (1, before)


def test_an_extended_server_is_recovered_in_the_target_account(sim: Simulator) -> None:
    (extended,) = sim.add_servers(1, staging_account=STAGING.account)
    sim.clock.freeze()
    sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": extended.id}])
    sim.advance(600)
    assert items(sim, sourceServerIDs=[extended.id])[0]["lastLaunchResult"] == "SUCCEEDED"
    assert items(sim, STAGING)[0]["lastLaunchResult"] == "NOT_STARTED"


def test_servers_are_found_by_the_account_that_replicates_them(sim: Simulator) -> None:
    added = sim.add_servers(2, staging_account=STAGING.account)
    sim.add_servers(1, staging_account="111122223333")
    found = items(sim, stagingAccountIDs=[STAGING.account])
    assert [each["sourceServerID"] for each in found] == [each.id for each in added]
    assert items(sim, stagingAccountIDs=["444455556666"]) == []
    assert len(items(sim)) == 5


def test_a_server_is_extended_through_the_api_once(sim: Simulator) -> None:
    first, second = sim.add_servers(2, STAGING)
    drs = sim.client("drs")

    def extensible() -> list[str]:
        found = drs.list_extensible_source_servers(stagingAccountID=STAGING.account)["items"]
        return [each["arn"] for each in found]

    arns = [each.description["arn"] for each in (first, second)]
    assert extensible() == arns
    made = drs.create_extended_source_server(sourceServerArn=arns[0], tags={"Name": "garish-rug"})["sourceServer"]
    assert (made["tags"], made["stagingArea"]["stagingSourceServerArn"]) == ({"Name": "garish-rug"}, arns[0])
    assert drs.get_launch_configuration(sourceServerID=made["sourceServerID"])["name"] == "garish-rug"
    assert extensible() == arns[1:]
    assert refusal(drs.create_extended_source_server, sourceServerArn=arns[0]) == "ValidationException"
    unknown = arns[0].replace(first.id, "s-" + "0" * 17)
    assert refusal(drs.create_extended_source_server, sourceServerArn=unknown) == "ResourceNotFoundException"


def test_an_account_replicates_300_servers_and_more_come_from_staging_accounts(sim: Simulator) -> None:
    sim.add_servers(298)
    with pytest.raises(AwsError, match="300 source servers"):
        sim.add_servers(1)
    sim.add_servers(1, Place(sim.world.home.account, "eu-west-1"))
    sim.add_servers(300, staging_account=STAGING.account)
    with pytest.raises(AwsError, match="300 source servers"):
        sim.add_servers(1, staging_account=STAGING.account)
    assert len(sim.server_ids()) == 600


def test_a_simulator_of_4000_servers_has_300_of_its_own_and_no_more_than_4000_in_all() -> None:
    with Simulator.serve(servers=4000) as sim:
        servers = sim.world.estate(sim.world.home).servers.values()
        assert [each.is_extended for each in servers] == [False] * 300 + [True] * 3700
        assert all(each.recoverable for each in servers)
        assert len({each.description["tags"]["Name"] for each in servers}) == 4000
        assert max(len(estate.servers) for estate in sim.world.estates() if estate.place != sim.world.home) == 300
        with pytest.raises(AwsError, match="4000 source servers"):
            sim.add_servers(1, staging_account=STAGING.account)


def test_a_template_has_10_000_versions(sim: Simulator) -> None:
    server = sim.server(sim.server_ids()[0])
    template = sim.world.estate(sim.world.home).templates.get(server.template_id)
    author = Author("arn:aws:iam::123456789012:root", sim.clock.now())
    for _ in range(9_998):
        template.write({}, author)
    asked = {"LaunchTemplateId": template.id, "LaunchTemplateData": {"KeyName": "k"}}
    write = sim.client("ec2").create_launch_template_version
    assert write(**asked)["LaunchTemplateVersion"]["VersionNumber"] == 10_000
    assert refusal(write, **asked) == "VersionLimitExceeded"


def test_a_region_has_5_000_templates(sim: Simulator) -> None:
    templates = sim.world.estate(sim.world.home).templates
    author = Author("arn:aws:iam::123456789012:root", sim.clock.now())
    for number in range(4_997):
        templates.create("nobody", f"template-{number}", {}, author)
    make = sim.client("ec2").create_launch_template
    make(LaunchTemplateName="the last one", LaunchTemplateData={"KeyName": "k"})
    one_more = {"LaunchTemplateName": "one more", "LaunchTemplateData": {"KeyName": "k"}}
    assert refusal(make, **one_more) == "TemplateLimitExceeded"
    elsewhere = sim.client("ec2", Place(sim.world.home.account, "eu-west-1"))
    assert elsewhere.create_launch_template(**one_more)["LaunchTemplate"]["LatestVersionNumber"] == 1

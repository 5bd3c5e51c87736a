"""A synchronizer folder becomes protection groups: the sample as it is published, and each rule on a small folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from commands.requests import CreateProtectionGroup
from events.configuration import effective
from events.model import canonical
from local.synchronizer import Finding, Imported, define, read_folder

Json: TypeAlias = Any
Write: TypeAlias = Callable[..., Path]
SAMPLE = Path(__file__).parents[1] / "data" / "drs-tools"
LAUNCH, TEMPLATES = "drs-launch-configurations", "ec2-launch-templates"
WEB = "override_for_tag__template__web.yml"


def server(number: int, hostname: str | None, **tags: str) -> Json:
    hints = {"hostname": hostname} if hostname else {}
    return {"sourceServerID": f"s-{number:017x}", "tags": tags, "sourceProperties": {"identificationHints": hints}}


def imported(folder: Path, *servers: Json) -> Imported:
    result = define(read_folder(folder), list(servers), "erp", "eu-west-1", "123456789012")
    for group in result.groups:
        CreateProtectionGroup.model_validate_json(canonical(group))
    return result


def template(result: Imported, number: int) -> Json:
    found = {each["sourceServerId"]: each for group in result.groups for each in group["servers"]}
    return found[f"s-{number:017x}"].get("launchTemplate", "none")


NO_OTHER = {"targetInstanceTypeRightSizingMethod": "NONE"}
"""What an instance type entails."""


def gets(result: Imported, number: int) -> Json:
    own = template(result, number)
    return effective(result.groups[0]["launchConfig"], {} if own == "none" else own)


def codes(result: Imported) -> set[tuple[str, str, str]]:
    return {(each.code, each.file, each.key) for each in result.findings}


def one(result: Imported, code: str) -> Finding:
    (found,) = [each for each in result.findings if each.code == code]
    return found


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def folder(mapping: str = "Name\n", exclusions: str = "Name\n", **files: str) -> Path:
        """``launch``, ``templates``: defaults; ``launch_web``, ``templates_gold``: the override for role=web, =gold."""
        (tmp_path / "server-tag-mapping.csv").write_text(mapping, encoding="utf-8")
        (tmp_path / "config-sync-exclusions.csv").write_text(exclusions)
        for name in ("launch", "templates", *files):
            layer, _, role = name.partition("_")
            path = tmp_path / (LAUNCH if layer == "launch" else TEMPLATES)
            path.mkdir(exist_ok=True)
            text = files.get(name, "# nothing")
            (path / (f"override_for_tag__role__{role}.yml" if role else "defaults.yml")).write_text(text)
        return tmp_path

    return folder


def test_the_published_sample_becomes_one_group_with_its_defaults_and_only_what_overrides_change() -> None:
    result = imported(
        SAMPLE, server(1, "Web", template="web"), server(2, "app.corp", template="app"), server(3, "Db", template="sql")
    )
    (group,) = result.groups
    assert (group["groupName"], group["region"], group["accountId"]) == ("erp", "eu-west-1", "123456789012")
    assert group["launchConfig"] == {
        "copyPrivateIp": False,
        "copyTags": True,
        "launchDisposition": "STARTED",
        "targetInstanceTypeRightSizingMethod": "NONE",
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "instanceMetadataTags": "enabled"},
        "monitoring": True,
        "instanceType": "m5.2xlarge",
    }
    assert [template(result, number) for number in (1, 2, 3)] == [
        {"instanceType": "m5.xlarge"},
        {"instanceType": "m5.4xlarge"},
        {"monitoring": False},
    ]


def test_the_published_sample_is_reported_key_by_key_where_it_is_not_taken() -> None:
    result = imported(SAMPLE, *(server(n, f"h{n}", template=role) for n, role in enumerate(("web", "app", "sql"))))
    assert {each for each in codes(result) if each[0] != "IGNORED_FILE"} == {
        ("NOT_A_LAUNCH_SETTING", f"{LAUNCH}/{WEB}", "replicationServersSecurityGroupsIDs"),
        ("NOT_A_LAUNCH_SETTING", f"{LAUNCH}/{WEB}", "replicationServerInstanceType"),
        ("NOT_A_LAUNCH_SETTING", f"{LAUNCH}/{WEB}", "Monitoring.Enabled"),
        ("PLACEHOLDER", f"{TEMPLATES}/{WEB}", "NetworkInterfaces[0].Groups[0]"),
        ("PLACEHOLDER", f"{TEMPLATES}/{WEB}", "NetworkInterfaces[0].SubnetId"),
        ("PLACEHOLDER", f"{TEMPLATES}/{WEB}", "IamInstanceProfile.Arn"),
        ("UNKNOWN_SERVER", "config-sync-exclusions.csv", "DC2"),
        ("UNKNOWN_SERVER", "config-sync-exclusions.csv", "SERVERB"),
        ("UNKNOWN_SERVER", "server-tag-mapping.csv", "Web"),
        ("UNKNOWN_SERVER", "server-tag-mapping.csv", "App"),
        ("UNMATCHED", "server-tag-mapping.csv", "priority-group"),
    }
    (belongs,) = [each.message for each in result.findings if each.key == "Monitoring.Enabled"]
    assert f"{TEMPLATES}/{WEB}" in belongs


def test_a_server_excluded_from_all_gets_nothing_of_the_group(write: Write) -> None:
    folder = write(launch="copyTags: true", launch_web="copyTags: false", exclusions="Name,ExcludeAll\nERP,true\n")
    result = imported(folder, server(1, "erp.corp.example", role="web"), server(2, "crm", role="web"))
    assert result.groups[0]["servers"][0] == {
        "sourceServerId": "s-00000000000000001",
        "useGroupDefaults": False,
        "launchTemplate": {},
    }
    assert template(result, 2) == {"copyTags": False}


def test_a_server_excluded_from_networking_has_no_subnet_no_groups_and_no_copied_address(write: Write) -> None:
    interfaces = "NetworkInterfaces: [{SubnetId: subnet-0a1b2c3d, Groups: [sg-0a1b2c3d], AssociatePublicIpAddress: no}]"
    folder = write(
        launch="copyPrivateIp: true",
        templates=f"InstanceType: m5.large\n{interfaces}",
        exclusions="Name,ExcludeAll,ExcludeNetworkConfiguration\nerp,,true\n",
    )
    result = imported(folder, server(1, "ERP"), server(2, "crm"))
    assert gets(result, 1) == {"copyPrivateIp": False, "instanceType": "m5.large", **NO_OTHER}
    assert gets(result, 2)["securityGroupIds"] == ["sg-0a1b2c3d"]


def test_what_an_override_says_only_to_servers_without_networking_is_reported_even_beside_a_tie(write: Write) -> None:
    folder = write(
        launch_web="copyPrivateIp: true",
        templates_web="KeyName: ops\nNetworkInterfaces: [{SubnetId: subnet-0a1b2c3d}]",
        exclusions="Name,ExcludeNetworkConfiguration\n*,true\n",
    )
    (folder / TEMPLATES / "override_for_tag__tier__gold.yml").write_text("KeyName: web")
    result = imported(folder, server(1, "erp", role="web", tier="gold"))
    assert template(result, 1) == {"copyPrivateIp": False}
    assert sorted((each.code, each.key) for each in result.findings if each.code != "EMPTY") == [
        ("EXCLUDED", "NetworkInterfaces[0].SubnetId"),
        ("EXCLUDED", "copyPrivateIp"),
        ("TIE", "KeyName"),
        ("TIE", "KeyName"),
    ]


@pytest.mark.parametrize("wrong", ["TRUE", "yes", "1"])
def test_an_exclusion_that_the_synchronizer_would_not_follow_is_reported_and_not_followed(
    write: Write, wrong: str
) -> None:
    result = imported(write(launch="name: x", exclusions=f"Name,ExcludeAll\nerp,{wrong}\n"), server(1, "erp"))
    assert (one(result, "INVALID_VALUE").value, gets(result, 1)) == (wrong, {"name": "x"})


def test_the_tag_mapping_selects_overrides_and_wins_over_the_servers_own_tag(write: Write) -> None:
    folder = write(
        templates_web="EbsOptimized: true", templates_gold="KeyName: ops", mapping="\ufeffName, role\r\nERP , gold\r\n"
    )
    result = imported(folder, server(1, "erp", role="web"), server(2, "crm", role="Web"))
    assert (template(result, 1), template(result, 2)) == ({"keyName": "ops"}, "none")
    assert one(result, "UNMATCHED").file == f"{TEMPLATES}/override_for_tag__role__web.yml"


def test_two_overrides_that_disagree_about_a_server_leave_the_default_and_are_both_named(write: Write) -> None:
    folder = write(templates="InstanceType: m5.large", templates_web="InstanceType: m5.xlarge\nKeyName: ops")
    gold = folder / TEMPLATES / "override_for_tag__tier__gold.yml"
    gold.write_text("InstanceType: m5.metal\nKeyName: ops")
    result = imported(folder, server(1, "erp", role="web", tier="gold"), server(2, "crm", tier="gold"))
    assert gets(result, 1) == {"instanceType": "m5.large", "keyName": "ops", **NO_OTHER}
    assert gets(result, 2) == {"instanceType": "m5.metal", "keyName": "ops", **NO_OTHER}
    ties = [(each.file, each.key, each.value) for each in result.findings if each.code == "TIE"]
    assert ties == [
        (f"{TEMPLATES}/override_for_tag__role__web.yml", "InstanceType", "m5.xlarge"),
        (f"{TEMPLATES}/override_for_tag__tier__gold.yml", "InstanceType", "m5.metal"),
    ]


def test_an_override_replaces_a_key_whole_as_the_synchronizer_does(write: Write) -> None:
    folder = write(
        templates="IamInstanceProfile: {Name: ops}\nNetworkInterfaces: [{SubnetId: subnet-0a1b2c3d}]",
        templates_web="IamInstanceProfile: {Arn: 'arn:aws:iam::123456789012:instance-profile/web'}\n"
        "NetworkInterfaces: [{SubnetId: subnet-xxxxxxxx}]",
    )
    assert template(imported(folder, server(1, "erp", role="web")), 1) == {
        "instanceProfileArn": "arn:aws:iam::123456789012:instance-profile/web",
        "instanceProfileName": None,
    }


def test_an_address_is_taken_for_the_one_server_that_carries_its_tag_and_for_no_two(write: Write) -> None:
    folder = write(templates_web="NetworkInterfaces: [{PrivateIpAddress: 10.0.0.9, SubnetId: subnet-0a1b2c3d}]")
    alone = imported(folder, server(1, "erp", role="web"), server(2, "crm"))
    assert template(alone, 1) == {"staticPrivateIp": "10.0.0.9", "subnetId": "subnet-0a1b2c3d"}
    shared = imported(folder, server(1, "erp", role="web"), server(2, "crm", role="web"))
    assert template(shared, 1) == {"subnetId": "subnet-0a1b2c3d"}
    assert one(shared, "NOT_APPLIED").key == "NetworkInterfaces[0].PrivateIpAddress"


def test_a_server_without_a_host_name_is_left_alone_and_named(write: Write) -> None:
    result = imported(write(launch="copyTags: true"), server(7, None))
    assert result.groups[0]["servers"][0]["useGroupDefaults"] is False
    assert one(result, "NO_HOSTNAME").file == "s-00000000000000007"


@pytest.mark.parametrize("count", [0, 1, 500, 501, 1000, 1001])
def test_every_server_is_in_exactly_one_group_of_at_most_500(count: int) -> None:
    result = imported(SAMPLE, *(server(n, f"host{n}") for n in range(count)))
    sizes = [len(group["servers"]) for group in result.groups]
    assert (sum(sizes), max(sizes) <= 500, len(sizes)) == (count, True, max(1, -(-count // 500)))
    assert [group["groupName"] for group in result.groups][-1] == ("erp" if len(sizes) == 1 else f"erp-{len(sizes)}")
    assert len({each["sourceServerId"] for group in result.groups for each in group["servers"]}) == count

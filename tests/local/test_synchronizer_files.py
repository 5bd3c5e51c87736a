"""What a file of the synchronizer says, value by value; files that cannot be understood; and the command."""

from pathlib import Path
from typing import Any, TypeAlias

import pytest

from local.synchronizer import ImportRefused, read_folder
from local.synchronizer.documents import read_mapping
from local.synchronizer.folder import LAUNCH, REPLICATION, TEMPLATES, Document
from local.synchronizer.tables import read_table
from local.synchronizer.translate import translate

Json: TypeAlias = Any
SAMPLE = Path(__file__).parents[1] / "data" / "drs-tools"
SORTED = ["sg-0a1b2c3d", "sg-0b1b2c3d"]
VOLUMES = "BlockDeviceMappings: [{DeviceName: /dev/sda1, Ebs: {VolumeType: gp3, VolumeSize: 80, Iops: 4000}}]"


def understood(text: str, layer: str = TEMPLATES) -> tuple[Json, list[tuple[str, str, Json]]]:
    file = translate(Document("f.yml", layer, None, read_mapping(text, "f.yml")))
    settings = {setting: value for said in file.settings.values() for setting, value in said.items()}
    return settings, [(each.code, each.key, each.value) for each in file.findings]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("DisableApiTermination: yes\nDisableApiStop: off", {"disableApiTermination": True, "disableApiStop": False}),
        ("Monitoring:\n  Enabled: False", {"monitoring": False}),
        ("InstanceInitiatedShutdownBehavior: stop", {"instanceInitiatedShutdownBehavior": "stop"}),
        ("MetadataOptions: {HttpPutResponseHopLimit: 2}", {"metadataOptions": {"httpPutResponseHopLimit": 2}}),
        ("NetworkInterfaces: [{Groups: [sg-0b1b2c3d, sg-0a1b2c3d]}]", {"securityGroupIds": SORTED}),
        (
            "TagSpecifications: [{ResourceType: instance, Tags: [{Key: team, Value: erp}, {Key: note, Value: ''}]}]",
            {"tags": {"team": "erp", "note": ""}},
        ),
        (
            VOLUMES,
            {
                "blockDeviceMappings": [
                    {"deviceName": "/dev/sda1", "volumeType": "gp3", "volumeSize": 80, "iops": 4000}
                ]
            },
        ),
    ],
)  # fmt: skip
def test_a_template_key_becomes_the_setting_of_the_same_meaning(text: str, settings: Json) -> None:
    assert understood(text) == (settings, [])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("ImageId: ami-1", ("NOT_APPLIED", "ImageId", "ami-1")),
        ("UserData: c2VjcmV0", ("NOT_APPLIED", "UserData", "(not shown)")),
        ("InstanceMarketOptions: {MarketType: spot}", ("NOT_APPLIED", "InstanceMarketOptions.MarketType", "spot")),
        ("MetadataOptions: {HttpToken: required}", ("NOT_A_LAUNCH_SETTING", "MetadataOptions.HttpToken", "required")),
        ("instanceType: m5.large", ("NOT_A_LAUNCH_SETTING", "instanceType", "m5.large")),
        ("copyTags: true", ("NOT_A_LAUNCH_SETTING", "copyTags", True)),
        ("Monitoring.Enabled: true", ("NOT_A_LAUNCH_SETTING", "Monitoring.Enabled", True)),
        ("Monitoring: true", ("INVALID_VALUE", "Monitoring", True)),
        ("Monitoring: {Enabled: 'true'}", ("INVALID_VALUE", "Monitoring.Enabled", "true")),
        ("InstanceType: {Name: m5.large}", ("INVALID_VALUE", "InstanceType.Name", "m5.large")),
        ("InstanceType: 5", ("INVALID_VALUE", "InstanceType", 5)),
        ("KeyName: 2024-01-01", ("INVALID_VALUE", "KeyName", "2024-01-01")),
        ("KeyName: .nan", ("INVALID_VALUE", "KeyName", "nan")),
        ("KeyName:", ("EMPTY", "KeyName", None)),
        ("NetworkInterfaces: []", ("EMPTY", "NetworkInterfaces", [])),
        ("NetworkInterfaces: [{Groups: sg-0a1b2c3d}]", ("INVALID_VALUE", "NetworkInterfaces[0].Groups", "sg-0a1b2c3d")),
        ("NetworkInterfaces: [{DeviceIndex: 0}]", ("EMPTY", "NetworkInterfaces[0].DeviceIndex", 0)),
        ("TagSpecifications: [{ResourceType: instance}]", ("EMPTY", "TagSpecifications[0].ResourceType", "instance")),
        ("BlockDeviceMappings: [{Ebs: {Iops: 3000}}]", ("INVALID_VALUE", "BlockDeviceMappings[0].Ebs.Iops", 3000)),
        ("BlockDeviceMappings: [{DeviceName: sda}]", ("EMPTY", "BlockDeviceMappings[0].DeviceName", "sda")),
        ("KeyName: <your key>", ("PLACEHOLDER", "KeyName", "<your key>")),
        ("KeyName: boxxxer", None),
    ],
)  # fmt: skip
def test_a_template_key_that_is_not_taken_is_named_with_its_value_and_why(text: str, finding: Json) -> None:
    settings, findings = understood(text)
    assert findings == ([finding] if finding else [])
    assert bool(settings) == (finding is None)


def test_a_tag_that_aws_writes_itself_is_refused_and_the_others_stay() -> None:
    tags = "[{Key: Name, Value: web-1}, {Key: team, Value: erp}, {Key: cost, Value: 0.1}]"
    settings, findings = understood(f"TagSpecifications: [{{ResourceType: instance, Tags: {tags}}}]")
    assert settings == {"tags": {"team": "erp"}}
    assert findings == [
        ("INVALID_VALUE", "TagSpecifications[0].Tags[0]", {"Key": "Name", "Value": "web-1"}),
        ("INVALID_VALUE", "TagSpecifications[0].Tags[2]", {"Key": "cost", "Value": 0.1}),
    ]


def test_only_network_interface_0_is_taken_wherever_it_stands() -> None:
    second = "{DeviceIndex: 1, SubnetId: subnet-0b1b2c3d}"
    settings, findings = understood(f"NetworkInterfaces: [{second}, {{DeviceIndex: 0, SubnetId: subnet-0a1b2c3d}}]")
    assert settings == {"subnetId": "subnet-0a1b2c3d"}
    assert {code for code, _, _ in findings} == {"NOT_APPLIED"}
    assert {key for _, key, _ in findings} == {"NetworkInterfaces[0].DeviceIndex", "NetworkInterfaces[0].SubnetId"}


def test_of_a_value_said_twice_the_first_counts_and_the_second_is_named() -> None:
    settings, findings = understood(f"{VOLUMES[:-1]}, {{DeviceName: /dev/sda1, Ebs: {{Iops: 9000}}}}]")
    assert settings["blockDeviceMappings"][0]["iops"] == 4000
    assert findings == [
        ("INVALID_VALUE", "BlockDeviceMappings[1].DeviceName", "/dev/sda1"),
        ("INVALID_VALUE", "BlockDeviceMappings[1].Ebs.Iops", 9000),
    ]


def test_replication_settings_are_reported_wherever_they_stand() -> None:
    text = "ebsEncryption: DEFAULT\nstagingAreaTags: {team: erp}"
    for layer in (LAUNCH, TEMPLATES, REPLICATION):
        _, findings = understood(text, layer)
        assert [(code, key) for code, key, _ in findings] == [
            ("NOT_A_LAUNCH_SETTING", "ebsEncryption"),
            ("NOT_A_LAUNCH_SETTING", "stagingAreaTags.team"),
        ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("copyTags: true\ncopyTags: false\n", 2),
        ("licensing:\n  osByol: true\n  osByol: true\n", 3),
        ("a: 1\nyes: 2\n", 2),
        ("- copyTags\n", 1),
        ("just text\n", 1),
        ("a: 1\n b: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: &a [*a]\n", None),
        ("a: 2024-99-99\n", None),
        ("a: !!bool perhaps\n", None),
        (f"a: {'[' * 3000}\n", None),
        (f"a: 0x{'f' * 5000}\n", None),
    ],
)
def test_a_file_that_is_not_one_clear_mapping_is_refused_with_its_name_and_line(text: str, line: int | None) -> None:
    with pytest.raises(ImportRefused, match=f"^f.yml, line {line}: " if line else "^f.yml"):
        read_mapping(text, "f.yml")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("DC2,false,true\n", "line 1: the first column must be Name"),
        ("Name;ExcludeAll\n", "line 1: the first column must be Name"),
        ("Name,ExcludeAll,ExcludeAll\n", "line 1: every column"),
        ("Name,ExcludeAll\nerp,true,true\n", "line 2: 3 cells, and 2 columns"),
        ("Name,ExcludeAll\n\nerp,true\nERP,false\n", "line 4: ERP has a row already, in line 3"),
        ("Name,ExcludeAll\n,true\n", "line 2: names no server"),
        ('Name,ExcludeAll\n"erp,true\n', "line 2: unexpected end of data"),
    ],
)
def test_a_table_that_leaves_doubt_is_refused_with_its_line(text: str, refusal: str) -> None:
    with pytest.raises(ImportRefused, match=f"^t.csv, {refusal}"):
        read_table(text, "t.csv")


def test_a_folder_that_is_not_there_or_not_the_synchronizers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="no such folder"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "123456789012").mkdir()
    with pytest.raises(ImportRefused, match=r"name one account's folder, such as .*123456789012"):
        read_folder(tmp_path)


def test_files_that_are_missing_empty_or_of_another_name_are_reported(tmp_path: Path) -> None:
    (tmp_path / LAUNCH).mkdir()
    (tmp_path / LAUNCH / "override_for_tag__my_key__x.yml").write_text("copyTags: true")
    (tmp_path / LAUNCH / "defaults.yml").write_text("# nothing yet")
    (tmp_path / "server-tag-mapping.csv").write_text("")
    assert {(each.code, each.file) for each in read_folder(tmp_path).findings} == {
        ("IGNORED_FILE", f"{LAUNCH}/override_for_tag__my_key__x.yml"),
        ("EMPTY", f"{LAUNCH}/defaults.yml"),
        ("EMPTY", "server-tag-mapping.csv"),
        ("MISSING_FILE", f"{TEMPLATES}/defaults.yml"),
        ("MISSING_FILE", "config-sync-exclusions.csv"),
    }

"""Nothing in a folder is swallowed: whatever its files say ends in a definition or in a finding, and nothing crashes.

Where a value should end is said here a second time, by hand, so that a wrong table shows.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml
from hypothesis import given
from hypothesis import strategies as st

from commands.requests import CreateProtectionGroup
from events.configuration import effective
from events.model import canonical
from local.synchronizer import Imported, ImportRefused, define
from local.synchronizer.documents import read_mapping
from local.synchronizer.folder import EXCLUSIONS, LAUNCH, MAPPING, REPLICATION, TEMPLATES, Document, Folder
from local.synchronizer.tables import Row

Json: TypeAlias = Any
Leaf: TypeAlias = tuple[str, Json]

SAID: dict[str, Callable[[Json], Json]] = {
    "copyTags": lambda c: [c.get("copyTags")],
    "copyPrivateIp": lambda c: [c.get("copyPrivateIp")],
    "launchDisposition": lambda c: [c.get("launchDisposition")],
    "name": lambda c: [c.get("name")],
    "licensing.osByol": lambda c: [(c.get("licensing") or {}).get("osByol")],
    "InstanceType": lambda c: [c.get("instanceType")],
    "Monitoring.Enabled": lambda c: [c.get("monitoring")],
    "IamInstanceProfile.Name": lambda c: [c.get("instanceProfileName")],
    "IamInstanceProfile.Arn": lambda c: [c.get("instanceProfileArn")],
    "MetadataOptions.HttpTokens": lambda c: [(c.get("metadataOptions") or {}).get("httpTokens")],
    "MetadataOptions.HttpEndpoint": lambda c: [(c.get("metadataOptions") or {}).get("httpEndpoint")],
    "NetworkInterfaces[].SubnetId": lambda c: [c.get("subnetId")],
    "NetworkInterfaces[].PrivateIpAddress": lambda c: [c.get("staticPrivateIp")],
    "NetworkInterfaces[].Groups[]": lambda c: c.get("securityGroupIds") or (),
    "BlockDeviceMappings[].DeviceName": lambda c: [d["deviceName"] for d in c.get("blockDeviceMappings") or ()],
    "BlockDeviceMappings[].Ebs.Iops": lambda c: [d.get("iops") for d in c.get("blockDeviceMappings") or ()],
    "TagSpecifications[].Tags[].Key": lambda c: c.get("tags") or (),
    "TagSpecifications[].Tags[].Value": lambda c: (c.get("tags") or {}).values(),
}
ONLY_SAYS_WHAT_OF = {("NetworkInterfaces[].DeviceIndex", 0), ("TagSpecifications[].ResourceType", "instance")}

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def mostly(*good: Json) -> st.SearchStrategy[Json]:
    return st.one_of(st.sampled_from(good), st.sampled_from(good), st.sampled_from(good), junk)


def some(extra: dict[str, st.SearchStrategy[Json]], **keys: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional={**keys, **extra})


OTHERS = dict.fromkeys(("UserData", "ebsEncryption", "Typo", "recoveryMode"), junk)
flag = st.booleans() | junk
launch = some(
    OTHERS | {"Monitoring": junk},
    copyTags=flag,
    copyPrivateIp=flag,
    launchDisposition=mostly("STARTED", "STOPPED"),
    name=mostly("web", "", "x" * 8),
    licensing=mostly({"osByol": True}, {"osByol": False, "more": 1}, {}),
)
interface = some(
    {"Description": junk},
    DeviceIndex=mostly(0, 1),
    SubnetId=mostly("subnet-0a1b2c3d", "subnet-0b1b2c3d", "subnet-xxxxxxxx"),
    PrivateIpAddress=mostly("10.0.0.5", "10.0.0.500"),
    Groups=mostly(["sg-0a1b2c3d"], ["sg-0b1b2c3d", "sg-xxxxxxxx"], ["sg-0a1b2c3d", "sg-0a1b2c3d"]),
)
tag = some({}, Key=mostly("team", "cost", "Name"), Value=mostly("erp", "crm", ""))
template = some(
    OTHERS | {"copyTags": junk},
    InstanceType=mostly("m5.large", "m5.xlarge", "m5"),
    Monitoring=mostly({"Enabled": True}, {"Enabled": False}),
    IamInstanceProfile=some({}, Name=mostly("ops", "web"), Arn=mostly("arn:aws:iam::xxxxxxxxxxxx:instance-profile/a")),
    MetadataOptions=some({"Typo": junk}, HttpTokens=mostly("required", "optional"), HttpEndpoint=mostly("enabled")),
    NetworkInterfaces=st.lists(interface | junk, max_size=2),
    BlockDeviceMappings=st.lists(
        some({}, DeviceName=mostly("sda", "sdb"), Ebs=some({"Encrypted": junk}, Iops=mostly(3000, 4000, 1))), max_size=2
    ),
    TagSpecifications=st.lists(
        some({}, ResourceType=mostly("instance", "volume"), Tags=st.lists(tag, max_size=2)), max_size=2
    ),
)
TAGS = (("role", "web"), ("tier", "gold"))
switch = st.sampled_from(["", "true", "false", "TRUE"])


def rows(columns: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[dict[str, Row]]:
    cells = st.fixed_dictionaries(columns).map(lambda row: {key: value for key, value in row.items() if value})
    names = st.lists(st.sampled_from(["erp", "crm", "dns", "*", "gone"]), unique=True, max_size=3)
    return names.flatmap(
        lambda names: st.tuples(*(cells for _ in names)).map(
            lambda found: {name: Row(name, 2, row) for name, row in zip(names, found, strict=True)}
        )
    )


def document(layer: str, tag: tuple[str, str] | None, content: Json) -> Document:
    file = f"{layer}/{f'override_for_tag__{tag[0]}__{tag[1]}' if tag else 'defaults'}.yml"
    return Document(file, layer, tag, read_mapping(yaml.safe_dump(content), file))


@st.composite
def folders(draw: st.DrawFn) -> Folder:
    documents = [
        document(layer, tag, draw(content))
        for layer, content in ((LAUNCH, launch), (TEMPLATES, template))
        for tag in (None, *TAGS)
    ]
    documents.append(document(REPLICATION, None, draw(launch)))
    mapping = rows({"role": st.sampled_from(["", "web", "db"]), "pci": st.sampled_from(["", "yes"])})
    exclusions = rows({"ExcludeAll": switch, "ExcludeNetworkConfiguration": switch, "Else": switch})
    return Folder("erp", tuple(documents), draw(mapping), draw(exclusions), ())


described = st.fixed_dictionaries({
    host: st.fixed_dictionaries({}, optional={"role": st.just("web"), "tier": st.just("gold")})
    for host in ("erp", "CRM.corp", "dns", "")
})  # fmt: skip


def servers(tags: dict[str, dict[str, str]]) -> list[Json]:
    return [
        {"sourceServerID": f"s-{n:017x}", "tags": own, "sourceProperties": {"identificationHints": {"hostname": host}}}
        for n, (host, own) in enumerate(tags.items())
    ]


def leaves(value: Json, path: str = "") -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    elif path:
        yield path, value


def reported(result: Imported, file: str, path: str) -> bool:
    keys = [each.key for each in result.findings if each.file == file]
    return any(key in {"", path} or path.startswith((f"{key}.", f"{key}[")) for key in keys)


def reached(result: Imported, folder: Folder, found: list[Json], tag: tuple[str, str] | None) -> Iterator[Json]:
    """The configurations that a file is for: the group's own, or those of the servers that carry its tag."""
    (group,) = result.groups
    if tag is None:
        yield group["launchConfig"]
        return
    for server, described in zip(group["servers"], found, strict=True):
        host = described["sourceProperties"]["identificationHints"]["hostname"].lower().split(".")[0]
        own = folder.mapping[host].cells if host in folder.mapping else {}
        if server.get("useGroupDefaults", True) and {**described["tags"], **own}.get(tag[0]) == tag[1]:
            yield effective(group["launchConfig"], server.get("launchTemplate", {}))


def defined(leaf: Leaf, configurations: list[Json]) -> bool:
    place = re.sub(r"\[\d+\]", "[]", leaf[0])
    if (place, leaf[1]) in ONLY_SAYS_WHAT_OF:
        return True
    return place in SAID and any(leaf[1] in SAID[place](each) for each in configurations)


@given(folder=folders(), tags=described)
def test_every_value_of_every_file_ends_in_a_definition_or_in_a_finding(folder: Folder, tags: Json) -> None:
    found = servers(tags)
    result = define(folder, found, "erp", "eu-west-1", "123456789012")
    swallowed = [
        (file.file, leaf)
        for file in folder.documents
        for leaf in leaves(file.content)
        if not reported(result, file.file, leaf[0])
        and not defined(leaf, list(reached(result, folder, found, file.tag)))
    ]
    assert swallowed == []


@given(folder=folders(), tags=described)
def test_every_cell_of_a_table_selects_excludes_or_is_reported(folder: Folder, tags: Json) -> None:
    result = define(folder, servers(tags), "erp", "eu-west-1", "123456789012")
    told = {(each.file, each.key, str(each.value)) for each in result.findings}
    known = {host.lower().split(".")[0] for host in tags} - {""}
    for name, row in folder.mapping.items():
        for column, value in row.cells.items():
            selects = name in known and (column, value) in TAGS
            assert selects or {(MAPPING, column, value), (MAPPING, name, str(row.cells))} & told
    for name, row in folder.exclusions.items():
        for column, value in row.cells.items():
            follows = name in known | {"*"} and column != "Else" and value in {"true", "false"}
            assert follows or {(EXCLUSIONS, f"{name}.{column}", value), (EXCLUSIONS, name, str(row.cells))} & told


@given(folder=folders(), tags=described)
def test_what_comes_out_is_json_that_the_service_accepts(folder: Folder, tags: Json) -> None:
    result = define(folder, servers(tags), "erp", "eu-west-1", "123456789012")
    for group in result.groups:
        CreateProtectionGroup.model_validate_json(canonical(group))
    json.dumps([each.value for each in result.findings], allow_nan=False)


@given(text=st.text(alphabet=st.sampled_from("ab:- \n[]{}&*!<>|'\"#,%@`0.~?=yesno\t\\x\0"), max_size=40))
def test_any_text_is_a_mapping_or_is_refused(text: str) -> None:
    try:
        outcome = type(read_mapping(text, "f.yml")).__name__
    except ImportRefused as refusal:
        outcome = str(refusal)
    assert outcome == "dict" or (outcome.startswith("f.yml") and "\n" not in outcome)

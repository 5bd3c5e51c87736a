"""Launch configurations: what may be asked for, what it comes to for one server, and its fingerprint.

A configuration is sparse: a key that is absent says nothing, a key that is null unsets what the group's
default says. Every key accepted here is applied and read back by `commands.drs`; any other is refused.
"""

import hashlib
import re
from ipaddress import IPv4Address
from typing import Annotated, Literal, Required, cast

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from events.model import canonical

_CLOSED = ConfigDict(extra="forbid", strict=True)
_NONE_LEFT = "must not be empty; leave the key out, or send null to unset the group's default"


def _ipv4(value: str) -> str:
    try:
        return str(IPv4Address(value))
    except ValueError as error:
        raise PydanticCustomError("INVALID_IP_FORMAT", "must be an IPv4 address such as 10.0.0.10") from error


def _as_set(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError(_NONE_LEFT)
    return tuple(sorted(set(values)))


def _tags(values: dict[str, str]) -> dict[str, str]:
    if not values:
        raise ValueError(_NONE_LEFT)
    taken = [key for key in values if re.match(r"aws:|AWSElasticDisasterRecovery|Name\Z", key)]
    if taken:
        raise ValueError(f"{', '.join(taken)}: these tags are written by AWS and DRS")
    return values


def _devices(values: "tuple[BlockDevice, ...]") -> "tuple[BlockDevice, ...]":
    names = [value["deviceName"] for value in values]
    if not names or len(set(names)) < len(names):
        raise ValueError("must name each device once")
    return tuple(sorted(values, key=lambda value: value["deviceName"]))


SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
InstanceType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", max_length=64)]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{1,128}$")]
ProfileArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:instance-profile/[A-Za-z0-9_+=,.@/-]{1,600}$"),
]
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]


@with_config(_CLOSED)
class Licensing(TypedDict):
    """DRS: bring the operating system's own licence."""

    osByol: bool


@with_config(_CLOSED)
class MetadataOptions(TypedDict, total=False):
    """EC2 instance metadata service; ``httpTokens: required`` is IMDSv2."""

    httpEndpoint: Literal["enabled", "disabled"]
    httpTokens: Literal["optional", "required"]
    httpPutResponseHopLimit: Annotated[int, Field(ge=1, le=64)]
    httpProtocolIpv6: Literal["enabled", "disabled"]
    instanceMetadataTags: Literal["enabled", "disabled"]


@with_config(_CLOSED)
class BlockDevice(TypedDict, total=False):
    """One volume; the device names are DRS's own. Sizes in GiB, throughput in MiB/s."""

    deviceName: Required[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/]{1,64}$")]]
    volumeType: Literal["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]
    volumeSize: Annotated[int, Field(ge=1, le=65536)]
    iops: Annotated[int, Field(ge=100, le=256000)]
    throughput: Annotated[int, Field(ge=125, le=2000)]


@with_config(_CLOSED)
class LaunchConfiguration(TypedDict, total=False):
    """What a recovered server is launched with (AWS: DRS launch settings, EC2 launch template)."""

    # DRS launch settings
    launchDisposition: Literal["STARTED", "STOPPED"] | None
    copyPrivateIp: bool | None
    copyTags: bool | None
    licensing: Licensing | None
    targetInstanceTypeRightSizingMethod: Literal["NONE", "BASIC", "IN_AWS"] | None
    postLaunchEnabled: bool | None
    name: Annotated[str, StringConstraints(max_length=128)] | None
    # EC2 launch template
    instanceType: InstanceType | None
    instanceProfileName: ProfileName | None
    instanceProfileArn: ProfileArn | None
    monitoring: bool | None
    disableApiTermination: bool | None
    disableApiStop: bool | None
    instanceInitiatedShutdownBehavior: Literal["stop", "terminate"] | None
    ebsOptimized: bool | None
    keyName: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None
    metadataOptions: MetadataOptions | None
    tags: Annotated[dict[TagKey, TagValue], AfterValidator(_tags)] | None
    blockDeviceMappings: Annotated[tuple[BlockDevice, ...], AfterValidator(_devices)] | None
    # its network interface 0
    subnetId: SubnetId | None
    securityGroupIds: Annotated[tuple[SecurityGroupId, ...], AfterValidator(_as_set)] | None
    staticPrivateIp: Annotated[str, AfterValidator(_ipv4)] | None
    associatePublicIp: bool | None


BLOCKED = frozenset({
    "imageId", "userData", "kernelId", "ramDiskId", "enclaveOptions", "hibernationOptions", "templateName",
    "placement", "snapshotId",
})  # fmt: skip
"""What DRS manages itself: naming one of these is refused with that reason."""

_ADAPTER: TypeAdapter[LaunchConfiguration] = TypeAdapter(LaunchConfiguration)


def effective(default: LaunchConfiguration, override: LaunchConfiguration) -> LaunchConfiguration:
    """What one server gets: ``override`` wins key by key over ``default``, and null unsets."""
    merged = {key: value for key, value in {**default, **override}.items() if value is not None}
    return cast("LaunchConfiguration", merged)


def fingerprint(configuration: LaunchConfiguration) -> str:
    """``sha256:`` and 64 hexadecimal digits: equal exactly when two configurations ask for the same.

    The order of keys, of security groups and of devices, and keys that are null, make no difference.
    """
    asked = {key: value for key, value in configuration.items() if value is not None}
    normal = _ADAPTER.validate_json(canonical(asked))
    return f"sha256:{hashlib.sha256(canonical(normal)).hexdigest()}"

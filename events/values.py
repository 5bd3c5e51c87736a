"""The values that settings take: ids, addresses, and the structures of EC2's launch template.

They are read again with every stored fact, so none may ever become narrower: what is to be refused of what was
accepted once is refused at the desk (`commands.definition.couplings`).
Source: EC2 API Reference, RequestLaunchTemplateData; DRS API Reference, UpdateLaunchConfiguration.
"""

import re
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

_CLOSED = ConfigDict(extra="forbid", strict=True)
_NONE_LEFT = "must not be empty; leave the key out, or send null to unset what was said before"
_RESERVATION_ARN = r"^arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:[0-9]{12}:group/[A-Za-z0-9_./-]{1,300}$"
_LICENSE_ARN = r"^arn:aws[a-z-]*:license-manager:[a-z0-9-]+:[0-9]{12}:license-configuration[:/][A-Za-z0-9-]{1,128}$"


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


def _licenses(values: "tuple[LicenseSpecification, ...]") -> "tuple[LicenseSpecification, ...]":
    arns = _as_set(tuple(value["licenseConfigurationArn"] for value in values))
    return tuple(LicenseSpecification(licenseConfigurationArn=arn) for arn in arns)


def _cores(value: "CpuOptions") -> "CpuOptions":
    if ("coreCount" in value) != ("threadsPerCore" in value):
        raise ValueError("EC2 takes coreCount and threadsPerCore together: say both, or neither")
    return value


def _one_target(value: "CapacityReservationTarget") -> "CapacityReservationTarget":
    if len(value) != 1:
        raise ValueError("name one of capacityReservationId and capacityReservationResourceGroupArn")
    return value


def _one_reservation(value: "CapacityReservationSpecification") -> "CapacityReservationSpecification":
    if "capacityReservationTarget" in value and value.get("capacityReservationPreference") in {"open", "none"}:
        raise ValueError("EC2 takes no target beside capacityReservationPreference open or none: say one of the two")
    return value


def _published(**more: Any) -> Any:  # noqa: ANN401  pydantic's own; JSON
    """What the validator beside it sees to, as JSON Schema says it."""
    return Field(json_schema_extra=more)


SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
SecurityGroupIds = Annotated[tuple[SecurityGroupId, ...], AfterValidator(_as_set), _published(minItems=1)]
Address = Annotated[str, AfterValidator(_ipv4), _published(format="ipv4")]
InstanceType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", max_length=64)]
InstanceId = Annotated[str, StringConstraints(pattern=r"^i-[0-9a-f]{8,17}$")]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{1,128}$")]
ProfileArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:instance-profile/[A-Za-z0-9_+=,.@/-]{1,600}$"),
]
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]
HostName = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9_.-]{1,255})$")]
Tags = Annotated[dict[TagKey, TagValue], AfterValidator(_tags), _published(minProperties=1)]


@with_config(_CLOSED)
class Licensing(TypedDict):
    """DRS: bring the operating system's own licence."""

    osByol: bool


@with_config(_CLOSED)
class LaunchIntoInstance(TypedDict):
    """DRS: recover into this instance, which carries the tag AWSDRS=AllowLaunchingIntoThisInstance."""

    launchIntoEC2InstanceID: InstanceId


@with_config(_CLOSED)
class MetadataOptions(TypedDict, total=False):
    """EC2 instance metadata service; ``httpTokens: required`` is IMDSv2."""

    httpEndpoint: Literal["enabled", "disabled"]
    httpTokens: Literal["optional", "required"]
    httpPutResponseHopLimit: Annotated[int, Field(ge=1, le=64)]
    httpProtocolIpv6: Literal["enabled", "disabled"]
    instanceMetadataTags: Literal["enabled", "disabled"]


@with_config(_CLOSED)
class CreditSpecification(TypedDict):
    """How a burstable instance pays for its bursts."""

    cpuCredits: Literal["standard", "unlimited"]


@with_config(_CLOSED)
class CpuOptions(TypedDict, total=False):
    """Cores and threads; ``amdSevSnp`` encrypts memory on AMD."""

    coreCount: Annotated[int, Field(ge=1, le=1024)]
    threadsPerCore: Literal[1, 2]
    amdSevSnp: Literal["enabled", "disabled"]


@with_config(_CLOSED)
class CapacityReservationTarget(TypedDict, total=False):
    """One reservation, or a resource group of them."""

    capacityReservationId: Annotated[str, StringConstraints(pattern=r"^cr-[0-9a-f]{8,17}$")]
    capacityReservationResourceGroupArn: Annotated[str, StringConstraints(pattern=_RESERVATION_ARN)]


@with_config(_CLOSED)
class CapacityReservationSpecification(TypedDict, total=False):
    """Whether the instance runs in reserved capacity, and in which."""

    capacityReservationPreference: Literal["capacity-reservations-only", "open", "none"]
    capacityReservationTarget: Annotated[
        CapacityReservationTarget, AfterValidator(_one_target), _published(minProperties=1, maxProperties=1)
    ]


@with_config(_CLOSED)
class LicenseSpecification(TypedDict):
    """A licence configuration of License Manager."""

    licenseConfigurationArn: Annotated[str, StringConstraints(pattern=_LICENSE_ARN)]


@with_config(_CLOSED)
class PrivateDnsNameOptions(TypedDict, total=False):
    """How the instance's private host name is made, and which records answer for it."""

    hostnameType: Literal["ip-name", "resource-name"]
    enableResourceNameDnsARecord: bool
    enableResourceNameDnsAAAARecord: bool


@with_config(_CLOSED)
class MaintenanceOptions(TypedDict):
    """Whether EC2 recovers the instance by itself when its hardware fails."""

    autoRecovery: Literal["default", "disabled"]


@with_config(_CLOSED)
class BlockDevice(TypedDict, total=False):
    """One volume; the device names are DRS's own. Sizes in GiB, throughput in MiB/s."""

    deviceName: Required[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/]{1,64}$")]]
    volumeType: Literal["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]
    volumeSize: Annotated[int, Field(ge=1, le=65536)]
    iops: Annotated[int, Field(ge=100, le=256000)]
    throughput: Annotated[int, Field(ge=125, le=2000)]


Devices = Annotated[tuple[BlockDevice, ...], AfterValidator(_devices), _published(minItems=1)]
Licenses = Annotated[tuple[LicenseSpecification, ...], AfterValidator(_licenses), _published(minItems=1)]
Cpu = Annotated[
    CpuOptions,
    AfterValidator(_cores),
    _published(dependentRequired={"coreCount": ["threadsPerCore"], "threadsPerCore": ["coreCount"]}),
]
Reservation = Annotated[CapacityReservationSpecification, AfterValidator(_one_reservation)]

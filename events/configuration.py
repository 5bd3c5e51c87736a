"""Launch configurations: what may be asked for, what layers of them come to for one server, and their fingerprint.

A configuration is sparse: a key that is absent says nothing, a key that is null unsets what the layers before it
say. Every key accepted here is applied and read back by `commands.drs`; any other is refused.
"""

import hashlib
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from events import values as v
from events.model import canonical


@with_config(ConfigDict(extra="forbid", strict=True, defer_build=True))
class LaunchConfiguration(TypedDict, total=False):
    """What a recovered server is launched with (AWS: DRS launch settings, EC2 launch template)."""

    # DRS launch settings
    launchDisposition: Literal["STARTED", "STOPPED"] | None
    copyPrivateIp: bool | None
    copyTags: bool | None
    licensing: v.Licensing | None
    targetInstanceTypeRightSizingMethod: Literal["NONE", "BASIC", "IN_AWS"] | None
    postLaunchEnabled: bool | None
    name: Annotated[str, StringConstraints(max_length=128)] | None
    recoveryMode: Literal["FAST", "OPTIMAL"] | None
    launchIntoInstanceProperties: v.LaunchIntoInstance | None
    # EC2 launch template
    instanceType: v.InstanceType | None
    instanceProfileName: v.ProfileName | None
    instanceProfileArn: v.ProfileArn | None
    monitoring: bool | None
    disableApiTermination: bool | None
    disableApiStop: bool | None
    instanceInitiatedShutdownBehavior: Literal["stop", "terminate"] | None
    ebsOptimized: bool | None
    keyName: v.KeyName | None
    metadataOptions: v.MetadataOptions | None
    creditSpecification: v.CreditSpecification | None
    cpuOptions: v.Cpu | None
    capacityReservationSpecification: v.Reservation | None
    licenseSpecifications: v.Licenses | None
    privateDnsNameOptions: v.PrivateDnsNameOptions | None
    maintenanceOptions: v.MaintenanceOptions | None
    tags: v.Tags | None
    blockDeviceMappings: v.Devices | None
    # its network interface 0
    subnetId: v.SubnetId | None
    securityGroupIds: v.SecurityGroupIds | None
    staticPrivateIp: v.Address | None
    associatePublicIp: bool | None


BLOCKED = frozenset({
    "imageId", "userData", "kernelId", "ramDiskId", "enclaveOptions", "hibernationOptions", "templateName",
    "placement", "snapshotId", "encrypted", "kmsKeyId", "virtualName", "noDevice",
})  # fmt: skip
"""What DRS manages itself: naming one of these, in a device too, is refused with that reason."""
NETWORK = ("subnetId", "securityGroupIds", "staticPrivateIp", "associatePublicIp")
"""What an exclusion from network configuration keeps from a server; it turns copyPrivateIp off besides."""
ENTAILED: dict[str, dict[str, Any]] = {
    "instanceType": {"targetInstanceTypeRightSizingMethod": "NONE"},
    "staticPrivateIp": {"copyPrivateIp": False},
    "launchIntoInstanceProperties": {"copyPrivateIp": False, "copyTags": False},
}
"""What a setting cannot be without: DRS would overwrite it, or refuse it (DRS User Guide, launch settings)."""

_ADAPTER: TypeAdapter[LaunchConfiguration] = TypeAdapter(LaunchConfiguration)


def effective(*layers: LaunchConfiguration) -> LaunchConfiguration:
    """What one server gets: each layer wins key by key over those before it, and null unsets.

    What a setting entails is wanted with it where nothing else was said of it.
    """
    said: dict[str, Any] = {}
    for layer in layers:
        said |= cast("dict[str, Any]", layer)
    merged = {key: value for key, value in said.items() if value is not None}
    for cause, entailed in ENTAILED.items():
        if cause in merged:
            merged = entailed | merged
    return cast("LaunchConfiguration", merged)


def without_network(layer: LaunchConfiguration) -> LaunchConfiguration:
    """What of a layer reaches a server that is excluded from network configuration."""
    kept = {key: value for key, value in layer.items() if key not in NETWORK}
    if kept.get("copyPrivateIp"):
        kept["copyPrivateIp"] = False
    return cast("LaunchConfiguration", kept)


def fingerprint(configuration: LaunchConfiguration) -> str:
    """``sha256:`` and 64 hexadecimal digits: equal exactly when two configurations ask for the same.

    The order of keys, of security groups, of licences and of devices, and keys that are null, make no difference.
    """
    asked = {key: value for key, value in configuration.items() if value is not None}
    normal = _ADAPTER.validate_json(canonical(asked))
    return f"sha256:{hashlib.sha256(canonical(normal)).hexdigest()}"

"""Where each setting lives in a launch template: how to find it, and how to put it there. Pure.

A lens never touches what is not ours: further interfaces, DRS's own tags, other volumes.
Source: EC2 API Reference, RequestLaunchTemplateData.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
"""LaunchTemplateData, or the answer of GetLaunchConfiguration, as boto3 gives it."""
HAVING = {"iops": {"gp3", "io1", "io2"}, "throughput": {"gp3"}}
"""The volume types that have what (EC2 API Reference, EbsBlockDevice); it goes with a type that has it not."""
TAGGED = ("instance", "volume")


@dataclass(frozen=True, slots=True)
class Lens:
    """One setting in the template: under which top-level key, how to read it, how to write it."""

    top: str
    get: Callable[[Data], Any]
    put: Callable[[Data, Any], None]
    whole: bool = False
    """Whether what is there may say no more than what is wanted."""


def _plain(top: str) -> Lens:
    def put(data: Data, value: Any) -> None:  # noqa: ANN401  JSON
        data[top] = value

    return Lens(top, lambda data: data.get(top), put)


def _inside(top: str, key: str) -> Lens:
    def put(data: Data, value: Any) -> None:  # noqa: ANN401  JSON
        data[top] = {key: value}

    return Lens(top, lambda data: data.get(top, {}).get(key), put)


def _pascal(key: str) -> str:
    return key[0].upper() + key[1:]


def _camel(data: Data) -> Data:
    return {key[0].lower() + key[1:]: _deep(_camel, value) for key, value in data.items()}


def _to_ec2(data: Data) -> Data:
    return {_pascal(key): _deep(_to_ec2, value) for key, value in data.items()}


def _deep(spell: Callable[[Data], Data], value: Any) -> Any:  # noqa: ANN401  JSON
    return spell(value) if isinstance(value, dict) else value


def _structure(top: str) -> Lens:
    """Keys that are not named keep their values."""

    def put(data: Data, value: Data) -> None:
        data[top] = {**data.get(top, {}), **_to_ec2(value)}

    return Lens(top, lambda data: _camel(data.get(top, {})), put)


def _whole(top: str) -> Lens:
    """A structure whose keys exclude each other: what was there before must go."""

    def put(data: Data, value: Data) -> None:
        data[top] = _to_ec2(value)

    return Lens(top, lambda data: _camel(data.get(top, {})), put, whole=True)


def _get_licenses(data: Data) -> tuple[Data, ...]:
    return tuple(sorted(map(_camel, data.get("LicenseSpecifications", [])), key=str))


def _put_licenses(data: Data, value: tuple[Data, ...]) -> None:
    data["LicenseSpecifications"] = [_to_ec2(one) for one in value]


def _interface(data: Data) -> Data:
    """Network interface 0: the only one that is ours."""
    return next((nic for nic in data.get("NetworkInterfaces", []) if nic.get("DeviceIndex", 0) == 0), {})


def _own_interface(data: Data) -> Data:
    own = _interface(data)
    if not own:
        own = {"DeviceIndex": 0}
        data["NetworkInterfaces"] = [own, *data.get("NetworkInterfaces", [])]
    return own


def _nic(key: str) -> Lens:
    def put(data: Data, value: Any) -> None:  # noqa: ANN401  JSON
        _own_interface(data)[key] = value

    return Lens("NetworkInterfaces", lambda data: _interface(data).get(key), put)


def _get_groups(data: Data) -> tuple[str, ...]:
    return tuple(sorted(_interface(data).get("Groups", [])))


def _put_groups(data: Data, value: tuple[str, ...]) -> None:
    _own_interface(data)["Groups"] = list(value)


def _get_address(data: Data) -> str | tuple[str, ...] | None:
    """DRS writes the list, people write the single one: either may hold the address. More than one is no single one."""
    nic = _interface(data)
    single = [nic["PrivateIpAddress"]] if nic.get("PrivateIpAddress") else []
    every = sorted({*single, *(one["PrivateIpAddress"] for one in nic.get("PrivateIpAddresses", []))})
    return tuple(every) if len(every) > 1 else next(iter(every), None)


def _put_address(data: Data, value: str | None) -> None:
    nic = _own_interface(data)
    nic.pop("PrivateIpAddresses", None)
    nic.pop("PrivateIpAddress", None)
    if value:
        nic["PrivateIpAddress"] = value


def _get_tags(data: Data) -> Data:
    """The tags that instance and volumes both get."""
    each = {spec["ResourceType"]: spec["Tags"] for spec in data.get("TagSpecifications", [])}
    both = [{tag["Key"]: tag["Value"] for tag in each.get(kind, [])} for kind in TAGGED]
    return {key: value for key, value in both[0].items() if both[1].get(key) == value}


def _put_tags(data: Data, value: Data) -> None:
    specs = {spec["ResourceType"]: spec["Tags"] for spec in data.get("TagSpecifications", [])}
    for kind in TAGGED:
        kept = [tag for tag in specs.get(kind, []) if tag["Key"] not in value]
        specs[kind] = [*kept, *({"Key": key, "Value": one} for key, one in sorted(value.items()))]
    data["TagSpecifications"] = [{"ResourceType": kind, "Tags": tags} for kind, tags in specs.items()]


def _get_devices(data: Data) -> Data:
    return {
        device["DeviceName"]: {"deviceName": device["DeviceName"], **_camel(device.get("Ebs", {}))}
        for device in data.get("BlockDeviceMappings", [])
    }


def _put_devices(data: Data, value: tuple[Data, ...]) -> None:
    wanted = {one["deviceName"]: _ebs(one) for one in value}
    devices = data.setdefault("BlockDeviceMappings", [])
    for device in devices:
        ebs: Data = device.setdefault("Ebs", {})
        ebs.update(wanted.pop(device["DeviceName"], {}))
        for what, types in HAVING.items():
            if ebs.get("VolumeType", "gp3") not in types:
                ebs.pop(_pascal(what), None)
    devices.extend({"DeviceName": name, "Ebs": ebs} for name, ebs in wanted.items())


def _ebs(device: Data) -> Data:
    return {_pascal(key): value for key, value in device.items() if key != "deviceName"}


LENSES: dict[str, Lens] = {
    "instanceType": _plain("InstanceType"),
    "instanceProfileName": _inside("IamInstanceProfile", "Name"),
    "instanceProfileArn": _inside("IamInstanceProfile", "Arn"),
    "monitoring": _inside("Monitoring", "Enabled"),
    "disableApiTermination": _plain("DisableApiTermination"),
    "disableApiStop": _plain("DisableApiStop"),
    "instanceInitiatedShutdownBehavior": _plain("InstanceInitiatedShutdownBehavior"),
    "ebsOptimized": _plain("EbsOptimized"),
    "keyName": _plain("KeyName"),
    "metadataOptions": _structure("MetadataOptions"),
    "creditSpecification": _structure("CreditSpecification"),
    "cpuOptions": _structure("CpuOptions"),
    "capacityReservationSpecification": _whole("CapacityReservationSpecification"),
    "licenseSpecifications": Lens("LicenseSpecifications", _get_licenses, _put_licenses),
    "privateDnsNameOptions": _structure("PrivateDnsNameOptions"),
    "maintenanceOptions": _structure("MaintenanceOptions"),
    "tags": Lens("TagSpecifications", _get_tags, _put_tags),
    "blockDeviceMappings": Lens("BlockDeviceMappings", _get_devices, _put_devices),
    "subnetId": _nic("SubnetId"),
    "securityGroupIds": Lens("NetworkInterfaces", _get_groups, _put_groups),
    "staticPrivateIp": Lens("NetworkInterfaces", _get_address, _put_address),
    "associatePublicIp": _nic("AssociatePublicIpAddress"),
}

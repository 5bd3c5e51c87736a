"""Which key of the synchronizer's files is which of our settings, and what the others are.

What is a real setting is asked of botocore's service models, so that a key is called unknown only if AWS does
not know it (EC2: RequestLaunchTemplateData; DRS: UpdateLaunchConfiguration, UpdateReplicationConfiguration).
"""

from functools import cache

from botocore.model import ListShape, Shape, StructureShape
from botocore.session import get_session

from events.configuration import BLOCKED
from local.synchronizer.findings import Code, Path
from local.synchronizer.folder import LAUNCH, REPLICATION, TEMPLATES

Pattern = tuple[str | None, ...]
"""A path in a file; None stands for any place in a list."""


def _at(*paths: str) -> dict[Pattern, tuple[str, ...]]:
    """``Monitoring.Enabled monitoring``: where it is in the file, where it goes; ``*`` is any place in a list."""
    pairs = [path.split() for path in paths]
    return {tuple(None if s == "*" else s for s in here.split(".")): tuple(to.split(".")) for here, to in pairs}


SETTINGS = {
    LAUNCH: _at(
        "launchDisposition launchDisposition",
        "copyPrivateIp copyPrivateIp",
        "copyTags copyTags",
        "licensing.osByol licensing.osByol",
        "targetInstanceTypeRightSizingMethod targetInstanceTypeRightSizingMethod",
        "postLaunchEnabled postLaunchEnabled",
        "name name",
        "recoveryMode recoveryMode",
    ),
    TEMPLATES: _at(
        "InstanceType instanceType",
        "IamInstanceProfile.Arn instanceProfileArn",
        "IamInstanceProfile.Name instanceProfileName",
        "Monitoring.Enabled monitoring",
        "DisableApiTermination disableApiTermination",
        "DisableApiStop disableApiStop",
        "InstanceInitiatedShutdownBehavior instanceInitiatedShutdownBehavior",
        "EbsOptimized ebsOptimized",
        "KeyName keyName",
        "MetadataOptions.HttpEndpoint metadataOptions.httpEndpoint",
        "MetadataOptions.HttpTokens metadataOptions.httpTokens",
        "MetadataOptions.HttpPutResponseHopLimit metadataOptions.httpPutResponseHopLimit",
        "MetadataOptions.HttpProtocolIpv6 metadataOptions.httpProtocolIpv6",
        "MetadataOptions.InstanceMetadataTags metadataOptions.instanceMetadataTags",
        "CreditSpecification.CpuCredits creditSpecification.cpuCredits",
        "MaintenanceOptions.AutoRecovery maintenanceOptions.autoRecovery",
        "PrivateDnsNameOptions.HostnameType privateDnsNameOptions.hostnameType",
        "PrivateDnsNameOptions.EnableResourceNameDnsARecord privateDnsNameOptions.enableResourceNameDnsARecord",
        "PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord privateDnsNameOptions.enableResourceNameDnsAAAARecord",
        "TagSpecifications.*.ResourceType tags.of",
        "TagSpecifications.*.Tags.*.Key tags.key",
        "TagSpecifications.*.Tags.*.Value tags.value",
        "NetworkInterfaces.*.DeviceIndex networkInterface.index",
        "NetworkInterfaces.*.SubnetId subnetId",
        "NetworkInterfaces.*.Groups.* securityGroupIds",
        "NetworkInterfaces.*.AssociatePublicIpAddress associatePublicIp",
        "NetworkInterfaces.*.PrivateIpAddress staticPrivateIp",
        "BlockDeviceMappings.*.DeviceName blockDeviceMappings.deviceName",
        "BlockDeviceMappings.*.Ebs.VolumeType blockDeviceMappings.volumeType",
        "BlockDeviceMappings.*.Ebs.VolumeSize blockDeviceMappings.volumeSize",
        "BlockDeviceMappings.*.Ebs.Iops blockDeviceMappings.iops",
        "BlockDeviceMappings.*.Ebs.Throughput blockDeviceMappings.throughput",
    ),
    REPLICATION: {},
}


def setting(layer: str, path: Path) -> tuple[str, ...] | None:
    """Where the value at ``path`` goes, None if it is none of ours."""
    return SETTINGS[layer].get(pattern(path))


def pattern(path: Path) -> Pattern:
    """``path`` without its places in lists."""
    return tuple(None if isinstance(step, int) else step for step in path)


def has_another_form(layer: str, path: Path) -> bool:
    """Whether ``path`` is one of our keys, but has a value where we have a mapping or a list, or the reverse."""
    here = pattern(path)
    return any(here[: len(ours)] == ours or ours[: len(here)] == here for ours in SETTINGS[layer])


def why_not(layer: str, file: str, path: Path) -> tuple[Code, str]:
    """What a key is that is none of ours, and where it belongs."""
    key, name = str(path[0]), file.partition("/")[2]
    if layer != REPLICATION and _knows(_shape(layer), path):
        ours = key[:1].lower() + key[1:] in BLOCKED
        return "NOT_APPLIED", "DRS manages it itself" if ours else "a launch setting that this service does not apply"
    other = TEMPLATES if layer == LAUNCH else LAUNCH
    if layer != REPLICATION and _knows(_shape(other), path[:1]):
        return "NOT_A_LAUNCH_SETTING", f"not a setting of {layer}: it belongs in {other}/{name}"
    if layer == REPLICATION or key.lower() in {member.lower() for member in _shape(REPLICATION).members}:
        return "NOT_A_LAUNCH_SETTING", "a replication setting: this service manages how servers are launched"
    spelt = {ours.lower(): f"; it is written {ours}" for ours in _shape(layer).members}
    return "NOT_A_LAUNCH_SETTING", f"AWS has no such setting in {layer}{spelt.get(key.lower(), '')}"


def _knows(shape: Shape, path: Path) -> bool:
    for step in path:
        if isinstance(shape, ListShape) and isinstance(step, int):
            shape = shape.member
        elif isinstance(shape, StructureShape) and step in shape.members:
            shape = shape.members[str(step)]
        else:
            return False
    return True


@cache
def _shape(layer: str) -> StructureShape:
    service, name = {
        LAUNCH: ("drs", "UpdateLaunchConfigurationRequest"),
        TEMPLATES: ("ec2", "RequestLaunchTemplateData"),
        REPLICATION: ("drs", "UpdateReplicationConfigurationRequest"),
    }[layer]
    shape = get_session().get_service_model(service).shape_for(name)
    if not isinstance(shape, StructureShape):
        raise TypeError(f"{name} is no structure in botocore's model of {service}")
    return shape

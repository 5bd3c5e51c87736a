"""Whether AWS would launch what is asked for, judged before anything is written. Pure.

EC2 takes any template and finds its faults at launch (EC2 User Guide, launch templates), which is when it is too late.
Sources: VPC User Guide, Subnet CIDR blocks (reserved addresses); DRS User Guide, Launch settings.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from commands.aws.calls import Data
from commands.aws.lenses import LENSES
from commands.aws.network import Refusal, network_refusals
from commands.aws.survey import Survey
from commands.outcomes import Ask

GIB = 1024**3
LAUNCH_HERE = ("AWSDRS", "AllowLaunchingIntoThisInstance")


def needs_template(ask: Ask, found: Survey) -> bool:
    """Whether it takes the template as it is to judge."""
    wanted: Mapping[str, Any] = ask.configuration
    return bool(
        wanted.get("blockDeviceMappings")
        or (wanted.get("licensing") or {}).get("osByol")
        or ("subnetId" not in wanted and not found.default_vpcs())
    )


def refusals(ask: Ask, found: Survey, template: Data) -> Iterator[Refusal]:
    """Every reason; none if it would launch. ``template``: the default version's data, if it was read.

    Raises:
        FailedError: what must be known could not be read.
    """
    wanted: Mapping[str, Any] = ask.configuration
    server = found.servers().get(ask.server_id, {})
    subnet = found.subnets().get(wanted["subnetId"]) if "subnetId" in wanted else None
    yield from network_refusals(ask, subnet, server, found, template)
    yield from _instance_type(wanted, subnet, server, found)
    yield from _names(wanted, found)
    yield from _volumes(wanted, server, template)
    yield from _licence(wanted, server, template)
    yield from _target_instance(wanted, found)


def _instance_type(wanted: Mapping[str, Any], subnet: Data | None, server: Data, found: Survey) -> Iterator[Refusal]:
    named = wanted.get("instanceType")
    if not named:
        return
    zones = sorted(zone for offered, zone in found.offers() if offered == named)
    if not zones or (subnet and subnet["AvailabilityZone"] not in zones):
        where = subnet["AvailabilityZone"] if subnet else "this Region"
        instead = f", but in {', '.join(zones)}" if zones else ""
        yield Refusal("INSTANCE_TYPE_UNAVAILABLE", "instanceType", f"{named} is not offered in {where}{instead}")
        return
    why = _unsuited(found.types().get(named, {}), server.get("sourceProperties", {}))
    if why:
        yield Refusal("INSTANCE_TYPE_UNSUITED", "instanceType", f"{named} {why}: choose another type")


def _unsuited(offered: Data, source: Data) -> str:
    """Why a machine would not start on a type: its processor, or drivers that it lacks."""
    processors = offered.get("ProcessorInfo", {}).get("SupportedArchitectures")
    if processors and source.get("architecture") and source["architecture"] not in processors:
        return f"has a processor of {', '.join(processors)}, the server is {source['architecture']}"
    if offered.get("Hypervisor") == "nitro" and source.get("supportsNitroInstances") is False:
        return "is built on Nitro, for which the server has no drivers"
    return ""


def _names(wanted: Mapping[str, Any], found: Survey) -> Iterator[Refusal]:
    name, arn = wanted.get("instanceProfileName"), wanted.get("instanceProfileArn")
    profile = found.profiles().get(name or str(arn).rpartition("/")[2], {}) if name or arn else {}
    if (name and not profile) or (arn and profile.get("Arn") != arn):
        field = "instanceProfileName" if name else "instanceProfileArn"
        yield Refusal("IAM_PROFILE_NOT_FOUND", field, f"{name or arn} is not an instance profile of this account")
    key = wanted.get("keyName")
    if key and key not in found.key_pairs():
        yield Refusal("KEY_PAIR_NOT_FOUND", "keyName", f"{key} is not a key pair of this account and Region")


def _volumes(wanted: Mapping[str, Any], server: Data, template: Data) -> Iterator[Refusal]:
    """Device names are DRS's; a volume must hold the disk that is copied to it."""
    disks = {disk["deviceName"]: disk["bytes"] for disk in server.get("sourceProperties", {}).get("disks", [])}
    known = {*LENSES["blockDeviceMappings"].get(template), *disks}
    for device in wanted.get("blockDeviceMappings", ()):
        name, size = device["deviceName"], device.get("volumeSize")
        field = f"blockDeviceMappings.{name}"
        if name not in known:
            yield Refusal(
                "DEVICE_NOT_FOUND", field, f"the server has no such device; it has {', '.join(sorted(known))}"
            )
        elif size and size * GIB < disks.get(name, 0):
            yield Refusal(
                "VOLUME_TOO_SMALL",
                f"{field}.volumeSize",
                f"the disk holds {disks[name] / GIB:g} GiB, {size} are too few",
            )


def _licence(wanted: Mapping[str, Any], server: Data, template: Data) -> Iterator[Refusal]:
    os = str(server.get("sourceProperties", {}).get("os", {}).get("fullString", ""))
    own = (wanted.get("licensing") or {}).get("osByol")
    if own and "windows" in os.lower() and template.get("Placement", {}).get("Tenancy") != "host":
        yield Refusal(
            "BYOL_NEEDS_DEDICATED_HOST",
            "licensing.osByol",
            "a Windows licence of one's own runs on dedicated hosts only: set the template's tenancy to host, or false",
        )


def _target_instance(wanted: Mapping[str, Any], found: Survey) -> Iterator[Refusal]:
    into = (wanted.get("launchIntoInstanceProperties") or {}).get("launchIntoEC2InstanceID")
    if not into:
        return
    field = "launchIntoInstanceProperties"
    instance = found.instances().get(into)
    if not instance:
        yield Refusal("TARGET_INSTANCE_NOT_FOUND", field, f"{into} is not an instance of this account and Region")
    elif LAUNCH_HERE not in {(tag["Key"], tag["Value"]) for tag in instance.get("Tags", [])}:
        yield Refusal("TARGET_INSTANCE_NOT_ALLOWED", field, f"tag {into} {'='.join(LAUNCH_HERE)} first")

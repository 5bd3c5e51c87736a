"""DRS's launch settings of a server, the template it makes for it, and what it writes there by itself."""

from local.simulator.shapes import GIB, Shape

MANAGED_TAG, MANAGED_BY = "AWSElasticDisasterRecoveryManaged", "drs.amazonaws.com"
SERVER_TAG = "AWSElasticDisasterRecoverySourceServerID"


DEFAULTS: Shape = {
    "launchDisposition": "STARTED",
    "targetInstanceTypeRightSizingMethod": "BASIC",
    "copyPrivateIp": False,
    "copyTags": False,
    "licensing": {"osByol": False},
    "postLaunchEnabled": False,
    "recoveryMode": "OPTIMAL",
}


def initial_settings(server: Shape, template_id: str, general: Shape = DEFAULTS) -> Shape:
    """What GetLaunchConfiguration answers for a server that nobody configured; `general` is for all new servers."""
    own = {
        "sourceServerID": server["sourceServerID"],
        "name": server["tags"].get("Name", ""),
        "ec2LaunchTemplateID": template_id,
        "launchIntoInstanceProperties": {},
    }
    return own | general


def initial_template(server: Shape, *, copy_private_ip: bool = False) -> Shape:
    """Version 1 of a server's launch template. A version without these tags is not launched by DRS."""
    tags = [
        {"Key": MANAGED_TAG, "Value": MANAGED_BY},
        {"Key": SERVER_TAG, "Value": server["sourceServerID"]},
        {"Key": "Name", "Value": server["tags"].get("Name", "")},
    ]
    interfaces: Shape = {"NetworkInterfaces": [{"DeviceIndex": 0, "DeleteOnTermination": True}]}
    return {
        "InstanceType": server["sourceProperties"]["recommendedInstanceType"],
        "InstanceInitiatedShutdownBehavior": "stop",
        "NetworkInterfaces": _with_source_addresses(server, interfaces)
        if copy_private_ip
        else interfaces["NetworkInterfaces"],
        "BlockDeviceMappings": [_volume(disk) for disk in server["sourceProperties"]["disks"]],
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
    }


def _volume(disk: Shape) -> Shape:
    ebs = {"VolumeType": "gp3", "VolumeSize": disk["bytes"] // GIB, "Iops": 3000, "Throughput": 125}
    return {"DeviceName": disk["deviceName"], "Ebs": ebs}


def own_changes(server: Shape, before: Shape, after: Shape, template: Shape) -> Shape:
    """The template's keys that DRS rewrites because the settings changed; empty when it leaves it alone."""
    changes: Shape = {}
    if after["copyPrivateIp"] and not before["copyPrivateIp"]:
        changes["NetworkInterfaces"] = _with_source_addresses(server, template)
    method = "targetInstanceTypeRightSizingMethod"
    if after[method] != before[method] and after[method] != "NONE":
        changes["InstanceType"] = server["sourceProperties"]["recommendedInstanceType"]
    return changes


def grown_volume(template: Shape, device: str, gib: int) -> Shape:
    """The template's keys that DRS rewrites because a source disk grew; empty if the volume is large enough."""
    volumes = template.get("BlockDeviceMappings", [])
    grown = [
        volume | {"Ebs": volume["Ebs"] | {"VolumeSize": max(gib, volume["Ebs"].get("VolumeSize", 0))}}
        if volume.get("DeviceName") == device and "Ebs" in volume
        else volume
        for volume in volumes
    ]
    return {"BlockDeviceMappings": grown} if grown != volumes else {}


def _with_source_addresses(server: Shape, template: Shape) -> list[Shape]:
    """Index 0 gets the source's own addresses, the first one primary; other interfaces stay."""
    ips = server["sourceProperties"]["networkInterfaces"][0]["ips"]
    addresses = [{"Primary": place == 0, "PrivateIpAddress": ip} for place, ip in enumerate(ips)]
    interfaces = template.get("NetworkInterfaces") or [{"DeviceIndex": 0}]
    return [
        {key: value for key, value in interface.items() if key != "PrivateIpAddress"}
        | {"PrivateIpAddresses": addresses}
        if interface.get("DeviceIndex", 0) == 0
        else interface
        for interface in interfaces
    ]

"""The machines that are replicated: what stands in the source data centre, as DRS describes it.

Everything follows from an index, so the same simulator always holds the same servers.
"""

import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.simulator.shapes import GIB, Shape, identifier, timestamp

ANIMALS = (
    "otter",
    "badger",
    "heron",
    "lynx",
    "walrus",
    "magpie",
    "ibex",
    "newt",
    "puffin",
    "stoat",
    "wombat",
)
TOWNS = (
    "lisbon",
    "turku",
    "bergamo",
    "galway",
    "leiden",
    "porto",
    "ghent",
    "tartu",
    "bilbao",
    "malmo",
    "split",
)
INITIATION_STEPS = {
    "WAIT": "SUCCEEDED",
    "CREATE_SECURITY_GROUP": "SKIPPED",
    "LAUNCH_REPLICATION_SERVER": "SKIPPED",
    "BOOT_REPLICATION_SERVER": "SKIPPED",
    "AUTHENTICATE_WITH_SERVICE": "SKIPPED",
    "DOWNLOAD_REPLICATION_SOFTWARE": "SKIPPED",
    "CREATE_STAGING_DISKS": "SUCCEEDED",
    "ATTACH_STAGING_DISKS": "SUCCEEDED",
    "PAIR_REPLICATION_SERVER_WITH_AGENT": "SUCCEEDED",
    "CONNECT_AGENT_TO_REPLICATION_SERVER": "SUCCEEDED",
    "START_DATA_TRANSFER": "SUCCEEDED",
}


@dataclass(frozen=True)
class Model:
    """A kind of machine; `template` is the tag by which drs-tools picks its launch template."""

    template: str | None
    os: str
    cpus: int
    ram_gib: int
    disks: tuple[tuple[str, int], ...]
    instance_type: str


MODELS = (
    Model("web", "Amazon Linux release 2023 (Amazon Linux)", 2, 4, (("/dev/nvme0n1", 8),), "c5.large"),
    Model("app", "Red Hat Enterprise Linux 9.4", 4, 16, (("/dev/sda", 50), ("/dev/sdb", 100)), "m5.xlarge"),
    Model("sql", "Microsoft Windows Server 2022", 8, 64, (("c:0", 100), ("d:0", 500)), "r5.2xlarge"),
    Model(None, "Ubuntu 22.04.5 LTS", 2, 8, (("/dev/xvda", 20),), "m5.large"),
)


@dataclass(frozen=True)
class Place:
    """An account and a Region."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        """The ARN of one of DRS's resources here."""
        return f"arn:aws:drs:{self.region}:{self.account}:{resource}"


def describe(place: Place, index: int, now: datetime, name: str | None, tags: dict[str, str]) -> Shape:
    """The index-th source server here, as DescribeSourceServers shows it: replicated, never launched."""
    model = MODELS[index % len(MODELS)]
    name = name or _name(index)
    server_id = identifier("s", place.account, place.region, index)
    own_tags = {"Name": name} | ({"template": model.template} if model.template else {})
    return {
        "sourceServerID": server_id,
        "arn": place.arn(f"source-server/{server_id}"),
        "tags": own_tags | tags,
        "lastLaunchResult": "NOT_STARTED",
        "dataReplicationInfo": _replication(model, now),
        "lifeCycle": {
            "addedToServiceDateTime": timestamp(now - timedelta(days=2, hours=2)),
            "firstByteDateTime": timestamp(now - timedelta(days=2)),
            "elapsedReplicationDuration": "P2D",
            "lastSeenByServiceDateTime": timestamp(now),
            "lastLaunch": {"initiated": {}},
        },
        "sourceProperties": _properties(model, index, name, now),
        "stagingArea": {"status": "NOT_EXTENDED"},
        "replicationDirection": "FAILOVER",
    }


def extended(staging: Shape, server_id: str, place: Place, now: datetime, tags: dict[str, str]) -> Shape:
    """A staging account's server as its target account describes it: its own id and tags, never launched."""
    return copy.deepcopy(staging) | {
        "sourceServerID": server_id,
        "arn": place.arn(f"source-server/{server_id}"),
        "tags": dict(tags),
        "lastLaunchResult": "NOT_STARTED",
        "lifeCycle": staging["lifeCycle"] | {"addedToServiceDateTime": timestamp(now), "lastLaunch": {"initiated": {}}},
        "stagingArea": {
            "status": "EXTENDED",
            "stagingAccountID": staging["arn"].split(":")[4],
            "stagingSourceServerArn": staging["arn"],
        },
    }


def _name(index: int) -> str:
    """A host name with character; none repeats below some fifty thousand."""
    animal, town = ANIMALS[index % len(ANIMALS)], TOWNS[index // len(ANIMALS) % len(TOWNS)]
    rack = index // (len(ANIMALS) * len(TOWNS))
    return f"{animal}-{town}" + (f"-{rack + 1}" if rack else "")


def _properties(model: Model, index: int, name: str, now: datetime) -> Shape:
    """The addresses are of the default VPC's first subnet, so that copied ones are legal there."""
    cpu: dict[str, Any] = {"cores": 1, "modelName": "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"}
    mac = f"02-E5-D1-{index >> 16:02X}-{index >> 8 & 255:02X}-{index & 255:02X}"
    network = {
        "ips": [f"172.31.{index // 240 % 16}.{index % 240 + 10}"],
        "isPrimary": True,
        "macAddress": mac,
    }
    return {
        "lastUpdatedDateTime": timestamp(now),
        "recommendedInstanceType": model.instance_type,
        "identificationHints": {"hostname": name, "fqdn": f"{name}.corp.example"},
        "networkInterfaces": [network],
        "disks": [{"deviceName": device, "bytes": size * GIB} for device, size in model.disks],
        "cpus": [cpu] * model.cpus,
        "ramBytes": model.ram_gib * GIB,
        "os": {"fullString": model.os},
        "supportsNitroInstances": True,
        "architecture": "x86_64",
    }


def _replication(model: Model, now: datetime) -> Shape:
    return {
        "dataReplicationState": "CONTINUOUS",
        "lagDuration": "P0D",
        "replicatedDisks": [
            {
                "deviceName": device,
                "totalStorageBytes": size * GIB,
                "replicatedStorageBytes": size * GIB,
                "rescannedStorageBytes": size * GIB,
                "backloggedStorageBytes": 0,
            }
            for device, size in model.disks
        ],
        "dataReplicationInitiation": {
            "startDateTime": timestamp(now - timedelta(days=2)),
            "nextAttemptDateTime": timestamp(now),
            "steps": [{"name": name, "status": status} for name, status in INITIATION_STEPS.items()],
        },
    }

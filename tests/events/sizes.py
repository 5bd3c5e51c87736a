"""What an item weighs in DynamoDB, and the largest definition that may be asked for.

Rules: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
"""

from decimal import Decimal
from random import Random
from string import ascii_letters, digits, printable
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from commands.outcomes import SourceServer
from commands.requests import CreateProtectionGroup
from events.doors import parse

LIMIT = 400 * 1024
LICENSE = "arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-"
_CONTAINER, _ELEMENT = 3, 1


def item_size(item: dict[str, Any]) -> int:
    """Bytes of an item in DynamoDB's own notation (``{"S": ...}``): names and values of its attributes."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def row_size(row: dict[str, Any]) -> int:
    """Bytes of an item as boto3's resources take it."""
    return item_size({name: TypeSerializer().serialize(value) for name, value in row.items()})


def _value(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(getattr(value, "value", value))
        case "N":
            return _number(Decimal(value))
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _CONTAINER + sum(_ELEMENT + _value(one) for one in value)
        case "M":
            return _CONTAINER + sum(_ELEMENT + len(key.encode()) + _value(one) for key, one in value.items())
    raise AssertionError(f"no item of ours has a {kind}")


def _number(value: Decimal) -> int:
    """Up to 38 significant digits, two a byte, and a byte; one more if negative."""
    significant = len(value.normalize().as_tuple().digits)
    return (significant + 1) // 2 + 1 + (value < 0)


class Dice:
    """Noise that no compression makes smaller, and the same every time."""

    def __init__(self, seed: int = 500) -> None:
        self._random = Random(seed)  # noqa: S311  no secret, only noise

    def text(self, length: int, alphabet: str = printable[:95]) -> str:
        return "".join(self._random.choices(alphabet, k=length))

    def word(self, length: int) -> str:
        return self.text(length, ascii_letters + digits)

    def hex(self, length: int) -> str:
        return self.text(length, "0123456789abcdef")

    def server_id(self) -> str:
        return f"s-{self.hex(17)}"

    def whole(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def pick(self, *values: Any) -> Any:  # noqa: ANN401  whatever they are
        return self._random.choice(values)


ROLES, STAGES = 40, 10


def server(dice: Dice, number: int, padding: int) -> dict[str, Any]:
    """A server with every setting there is of its own, and ``padding`` more bytes of noise."""
    return {
        "sourceServerId": server_id(number),
        "launchTemplate": {
            "launchDisposition": dice.pick("STARTED", "STOPPED"),
            "copyPrivateIp": False,
            "copyTags": False,
            "licensing": {"osByol": dice.whole(0, 1) == 1},
            "targetInstanceTypeRightSizingMethod": "NONE",
            "postLaunchEnabled": dice.whole(0, 1) == 1,
            "name": dice.word(padding % 128),
            "recoveryMode": dice.pick("FAST", "OPTIMAL"),
            "launchIntoInstanceProperties": {"launchIntoEC2InstanceID": f"i-{dice.hex(17)}"},
            "instanceType": f"m{dice.whole(1, 9)}.{dice.whole(2, 48)}xlarge",
            "instanceProfileName": f"erp-{dice.word(4)}",
            "monitoring": dice.whole(0, 1) == 1,
            "disableApiTermination": dice.whole(0, 1) == 1,
            "disableApiStop": dice.whole(0, 1) == 1,
            "instanceInitiatedShutdownBehavior": dice.pick("stop", "terminate"),
            "ebsOptimized": dice.whole(0, 1) == 1,
            "keyName": f"key-{dice.whole(1, 99)}",
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": dice.whole(1, 64)},
            "creditSpecification": {"cpuCredits": dice.pick("standard", "unlimited")},
            "cpuOptions": {"coreCount": dice.whole(1, 64), "threadsPerCore": dice.whole(1, 2)},
            "capacityReservationSpecification": {"capacityReservationPreference": dice.pick("open", "none")},
            "licenseSpecifications": [{"licenseConfigurationArn": f"{LICENSE}{dice.whole(1, 99):032x}"}],
            "privateDnsNameOptions": {"hostnameType": dice.pick("ip-name", "resource-name")},
            "maintenanceOptions": {"autoRecovery": dice.pick("default", "disabled")},
            "subnetId": f"subnet-{dice.hex(17)}",
            "securityGroupIds": [f"sg-{dice.hex(17)}"],
            "staticPrivateIp": f"10.{dice.whole(0, 255)}.{number // 250}.{number % 250}",
            "associatePublicIp": dice.whole(0, 1) == 1,
            "tags": {"Application": dice.word(6), "CostCentre": dice.word(4), "Owner": dice.word(padding)},
            "blockDeviceMappings": [
                {"deviceName": "/dev/sda1", "volumeType": "gp3", "volumeSize": dice.whole(8, 16384)},
                {"deviceName": "/dev/sdb", "volumeType": "io2", "iops": dice.whole(100, 64000)},
            ],
        },
    }


def server_id(number: int) -> str:
    """A source server's id that nothing compresses."""
    return Dice(number).server_id()


def in_drs(servers: int) -> list[SourceServer]:
    """The same servers as DRS knows them: each is reached by two overrides, and some are excluded."""
    return [
        SourceServer(server_id(n), {"Role": f"role-{n % ROLES}", "Stage": f"stage-{n % STAGES}"}, f"host-{n}")
        for n in range(servers)
    ]


def largest(servers: int, padding: int, *, seed: int = 500) -> CreateProtectionGroup:
    """A group of that many servers, its names at their longest, and as many overrides as there may be."""
    dice = Dice(seed)
    tags = [*(("Role", f"role-{n}") for n in range(ROLES)), *(("Stage", f"stage-{n}") for n in range(STAGES))]
    return parse(
        CreateProtectionGroup,
        {
            "groupName": dice.word(64),
            "description": dice.text(512),
            "assumeRoleName": dice.word(64),
            "externalId": dice.word(1224),
            "launchConfig": {"instanceType": "m5.large", "tags": {"Plan": dice.word(200)}},
            "onNotReady": "proceed",
            "tagOverrides": [
                {"key": key, "value": value, "launchConfig": {"keyName": dice.word(30)}} for key, value in tags
            ],
            "precedence": ["Role", "Stage"],
            "exclusions": [
                {"hostname": f"host-{10 * n}", "excludeNetworkConfiguration": True} for n in range(servers // 10)
            ],
            "servers": [server(dice, number, padding) for number in range(servers)],
        },
    )

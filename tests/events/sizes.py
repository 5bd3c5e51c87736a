"""What an item weighs in DynamoDB, and the largest definition that may be asked for.

Rules: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
"""

from decimal import Decimal
from random import Random
from string import ascii_letters, digits, printable
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from commands.requests import CreateProtectionGroup
from events.doors import parse

LIMIT = 400 * 1024
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


def server(dice: Dice, number: int, padding: int) -> dict[str, Any]:
    """A server with settings of its own of every kind, and ``padding`` more bytes of noise."""
    return {
        "sourceServerId": dice.server_id(),
        "useGroupDefaults": False,
        "launchTemplate": {
            "launchDisposition": dice.pick("STARTED", "STOPPED"),
            "copyPrivateIp": dice.whole(0, 1) == 1,
            "instanceType": f"m{dice.whole(1, 9)}.{dice.whole(2, 48)}xlarge",
            "instanceProfileName": f"erp-{dice.word(4)}",
            "subnetId": f"subnet-{dice.hex(17)}",
            "securityGroupIds": [f"sg-{dice.hex(17)}" for _ in range(2)],
            "staticPrivateIp": f"10.{dice.whole(0, 255)}.{number // 250}.{number % 250}",
            "tags": {"Application": dice.word(6), "CostCentre": dice.word(4), "Owner": dice.word(padding)},
            "blockDeviceMappings": [
                {"deviceName": "/dev/sda1", "volumeType": "gp3", "volumeSize": dice.whole(8, 16384)},
                {"deviceName": "/dev/sdb", "volumeType": "io2", "iops": dice.whole(100, 64000)},
            ],
        },
    }


def largest(servers: int, padding: int, *, seed: int = 500) -> CreateProtectionGroup:
    """A group of that many servers, its names at their longest."""
    dice = Dice(seed)
    return parse(
        CreateProtectionGroup,
        {
            "groupName": dice.word(64),
            "description": dice.text(512),
            "launchConfig": {"instanceType": "m5.large", "tags": {"Plan": dice.word(200)}},
            "onNotReady": "proceed",
            "servers": [server(dice, number, padding) for number in range(servers)],
        },
    )

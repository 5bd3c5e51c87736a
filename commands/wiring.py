"""From the environment to a working service: AWS clients made once, lazily, on the first request.

Environment: EVENT_TABLE, AWS_REGION, and AWS_ACCOUNT_ID or the invoked function's own ARN.
"""

import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from commands.drs import CONFIG, Door
from commands.service import Service
from events.dynamodb import DynamoStore

KEEPING = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
"""For the event table: a put that was sent twice is recognised, and no answer may take as long as a wave's patience."""


def service(now: Callable[[], datetime], sleep: Callable[[float], None], account_id: str) -> Service:
    """The commands' service for this deployment. ``account_id`` is where it runs."""
    store = DynamoStore(_client("dynamodb"), os.environ["EVENT_TABLE"])
    return Service(
        store=store,
        door=lambda target: door(target.region, now, sleep),
        now=now,
        sleep=sleep,
        region=os.environ["AWS_REGION"],
        account_id=account_id,
    )


def account_of(arn: str) -> str:
    """The account in an ARN: ``arn:aws:lambda:<region>:<account>:function:...``."""
    return arn.split(":")[4]


_DOORS: dict[str, Door] = {}


def door(region: str, now: Callable[[], datetime], sleep: Callable[[float], None]) -> Door:
    """The door to one Region's DRS and EC2: made when first asked for (a client of EC2 takes long), then kept."""
    if region not in _DOORS:
        _DOORS[region] = Door(drs_client(region), _client("ec2", region), now, sleep)
    return _DOORS[region]


def configuration_calls() -> int:
    """How many configuration calls this process has made."""
    return sum(door.calls for door in _DOORS.values())


@cache
def drs_client(region: str) -> Any:  # noqa: ANN401  a boto3 client
    """A DRS client that sends everything once."""
    return _client("drs", region)


def _client(name: str, region: str | None = None) -> Any:  # noqa: ANN401  a boto3 client
    config = KEEPING if name == "dynamodb" else CONFIG
    return boto3.client(name, region_name=region, config=config)  # type: ignore[call-overload]  # a name, not a literal

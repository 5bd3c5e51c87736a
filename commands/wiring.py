"""From the environment to a working service: AWS clients made once, lazily, on the first request.

Environment: EVENT_TABLE, LIMIT_TABLE, AWS_REGION, AWS_ACCOUNT_ID or the invoked function's own ARN, and LIMITS, the
request rates that are not the published ones (`commands.aws.paces`).
"""

import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from commands.aws.accounts import Accounts
from commands.aws.buckets import DynamoBuckets
from commands.aws.calls import Calls, Clients
from commands.aws.limiter import Limiter
from commands.aws.paces import paces
from commands.drs import CONFIG, Door
from commands.service import Service
from events.dynamodb import DynamoStore
from events.groups import Target

KEEPING = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
"""For the event table: a put that was sent twice is recognised, and no answer may take as long as a wave's patience."""


def service(now: Callable[[], datetime], sleep: Callable[[float], None], account_id: str) -> Service:
    """The commands' service for this deployment. ``account_id`` is where it runs."""
    store = DynamoStore(_dynamodb(), os.environ["EVENT_TABLE"])
    return Service(
        store=store,
        door=lambda target: door(target, account_id, now, sleep),
        now=now,
        sleep=sleep,
        region=os.environ["AWS_REGION"],
        account_id=account_id,
    )


def account_of(arn: str) -> str:
    """The account in an ARN: ``arn:aws:lambda:<region>:<account>:function:...``."""
    return arn.split(":")[4]


_DOORS: dict[Target, Door] = {}


def door(target: Target, home: str, now: Callable[[], datetime], sleep: Callable[[float], None]) -> Door:
    """The door to one account and Region, made when first asked for, then kept."""
    if target not in _DOORS:
        _DOORS[target] = Door(calls(target, home, now, sleep))
    return _DOORS[target]


def calls(target: Target, home: str, now: Callable[[], datetime], sleep: Callable[[float], None]) -> Calls:
    """Calls to one account and Region, at the pace that all workers share."""
    buckets = DynamoBuckets(_dynamodb(), os.environ["LIMIT_TABLE"])
    limits = paces(os.environ.get("LIMITS", ""))
    limiter = Limiter(buckets, f"{target.account_id}#{target.region}", limits, now, sleep)
    return Calls(clients(target, home, now), limiter, now, sleep)


def configuration_calls() -> int:
    """How many configuration calls this process has made."""
    return sum(door.calls.made for door in _DOORS.values())


@cache
def clients(target: Target, home: str, now: Callable[[], datetime]) -> Clients:
    """The target's clients, which send everything once. ``home`` is the account where this runs."""
    return _accounts(home, now).of(target)


@cache
def _accounts(home: str, now: Callable[[], datetime]) -> Accounts:
    return Accounts(home, CONFIG, now)


@cache
def _dynamodb() -> Any:  # noqa: ANN401  a boto3 client
    return boto3.client("dynamodb", config=KEEPING)

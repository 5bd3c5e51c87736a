"""The published request rates, as settings: how many calls at once, and how many a second. Pure.

Source: EC2 Developer Guide, Request throttling for the Amazon EC2 API. DRS and IAM publish none; theirs are a start,
and are slowed down by what AWS answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

SPARED = 0.05
"""The part of each bucket that is left to others in the account, and to the jitter of the network."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A bucket of ``burst`` tokens, refilled at ``rate`` a second."""

    burst: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(gt=0)]

    __pydantic_config__ = ConfigDict(extra="forbid")
    slowest = 8
    """How many times slower a throttled API is called at most."""
    slow_for = timedelta(seconds=60)

    @property
    def interval(self) -> timedelta:
        """Between two calls once the bucket is empty."""
        return timedelta(seconds=1 / self.rate)

    @property
    def holds(self) -> timedelta:
        """The bucket's size, as the time it takes to fill it."""
        return self.interval * max(int(self.burst * (1 - SPARED)), 1)


_SETTING = TypeAdapter(dict[str, Pace | None])
_WRITE, _READ = Pace(100, 5), Pace(100, 20)
PUBLISHED: Mapping[str, Pace] = {
    "ec2:CreateLaunchTemplateVersion": _WRITE,
    "ec2:ModifyLaunchTemplate": _WRITE,
    "ec2:DescribeLaunchTemplates": _READ,
    "ec2:DescribeLaunchTemplateVersions": _READ,
    "ec2:DescribeSubnets": _READ,
    "ec2:DescribeSecurityGroups": _READ,
    "ec2:DescribeNetworkInterfaces": _READ,
    "ec2:DescribeInstanceTypes": _READ,
    "ec2:DescribeInstanceTypeOfferings": _READ,
    "ec2:DescribeInstances": _READ,
    "ec2:DescribeKeyPairs": _READ,
    "ec2:DescribeVpcs": _READ,
    "drs": Pace(50, 20),
    "iam": Pace(20, 10),
}
"""By bucket: EC2 has one an action, DRS and IAM are taken to have one each."""


def bucket_of(service: str, operation: str) -> str:
    """The bucket that a call takes its token from."""
    return f"{service}:{operation}" if service == "ec2" else service


def paces(text: str) -> dict[str, Pace]:
    """The published ones, changed by a setting: ``{"drs": {"burst": 10, "rate": 4}, "iam": null}``; null = no limit.

    Raises:
        ValueError: it is no such JSON, has no rate at which a call ever goes, or names no bucket that there is.
    """
    said = _SETTING.validate_json(text or "{}")
    unknown = sorted({*said} - {*PUBLISHED})
    if unknown:
        raise ValueError(f"no such bucket: {', '.join(unknown)}; there are {', '.join(PUBLISHED)}")
    return {name: pace for name, pace in {**PUBLISHED, **said}.items() if pace}

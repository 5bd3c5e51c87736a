"""Request limits: a bucket of tokens for each account, Region and operation, by the simulator's clock.

The numbers are of https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: a call takes a token, tokens
come back at a rate, an empty bucket refuses. DRS publishes none, so DRS is limited only if a rate is set by hand.
Buckets are kept also when nothing is enforced: `overdrawn` tells by how much a client exceeded them.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from local.simulator.calls import Call
from local.simulator.errors import AwsError

UNFILTERED = {"DescribeNetworkInterfaces", "DescribeSecurityGroups"}
"""What costs more when it is asked for without ids, filters or pages."""


class Rate(NamedTuple):
    """A bucket's size, and the tokens that come back each second."""

    burst: float
    rate: float


LAUNCH_TEMPLATES, READ, READ_ALL, WRITE = Rate(100, 5), Rate(100, 20), Rate(50, 10), Rate(50, 5)


def published(name: str) -> Rate | None:
    """What AWS publishes for `ec2:DescribeSubnets`, None for services that publish nothing."""
    service, _, operation = name.partition(":")
    if service != "ec2":
        return None
    if operation.endswith(" unfiltered"):
        return READ_ALL
    if operation.startswith(("Describe", "Get", "List", "Search")):
        return READ
    return LAUNCH_TEMPLATES if "LaunchTemplate" in operation else WRITE


@dataclass
class Bucket:
    """The tokens of one operation in one account and Region. `overdrawn` is the most that ever was missing."""

    size: Rate
    tokens: float
    at: datetime
    overdrawn: float = 0

    def refill(self, now: datetime) -> None:
        """Let the tokens come back; a clock that was set back brings none."""
        passed = max(0.0, (now - self.at).total_seconds())
        self.tokens = min(self.size.burst, self.tokens + passed * self.size.rate)
        self.at = now

    def take(self, now: datetime, *, enforced: bool) -> float:
        """Take a token; 0, or the seconds until there is one if it is refused."""
        self.refill(now)
        missing = 1 - self.tokens
        if missing > 0:
            self.overdrawn = max(self.overdrawn, missing)
            if enforced:
                return missing / self.size.rate if self.size.rate else math.inf
        self.tokens -= 1
        return 0


@dataclass
class Limits:
    """All buckets. Published rates are enforced only if `enforced`; those set by hand always are."""

    enforced: bool = False
    _by_hand: dict[str, Rate] = field(default_factory=dict)
    _buckets: dict[tuple[str, str, str], Bucket] = field(default_factory=dict)

    def refusal(self, call: Call, bucket: str, now: datetime) -> AwsError | None:
        """Take a token for this call from that bucket; the service's refusal if there is none."""
        found = self._bucket(call.account, call.region, bucket, now)
        if not found:
            return None
        wait = found.take(now, enforced=self.enforced or self._hand(bucket) is not None)
        if not wait:
            return None
        if call.service == "drs":
            seconds = math.ceil(min(wait, 3600))
            return AwsError("ThrottlingException", "Rate exceeded", 429, retryAfterSeconds=seconds)
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)

    def rate(self, operation: str, burst: float, rate: float) -> None:
        """Limit an operation, `ec2:ModifyLaunchTemplate`, or each of a service, `drs:*`; buckets start full again."""
        self._by_hand[operation] = Rate(burst, rate)
        for key in [key for key in self._buckets if self._hand(key[2]) == Rate(burst, rate)]:
            del self._buckets[key]

    def fill(self, account: str, region: str, operation: str, tokens: float, now: datetime) -> None:
        """Let a bucket hold so many tokens now: 0 is empty."""
        bucket = self._bucket(account, region, operation, now)
        if not bucket:
            raise ValueError(f"{operation} has no bucket: set its rate first")
        bucket.tokens, bucket.at = min(tokens, bucket.size.burst), now

    def peaks(self) -> dict[str, float]:
        """By how many tokens each operation ever exceeded its bucket, in the worst account and Region."""
        peaks: dict[str, float] = {}
        for (_, _, name), bucket in self._buckets.items():
            peaks[name] = max(peaks.get(name, 0), bucket.overdrawn)
        return peaks

    def shape(self, now: datetime) -> dict[str, Any]:
        """As the control API shows them."""
        shown = []
        for (account, region, name), bucket in self._buckets.items():
            bucket.refill(now)
            where = {"account": account, "region": region, "operation": name}
            size = {"burst": bucket.size.burst, "rate": bucket.size.rate}
            shown.append(where | size | {"tokens": bucket.tokens, "overdrawn": bucket.overdrawn})
        return {"enforced": self.enforced, "buckets": shown}

    def clear(self) -> None:
        """Forget all buckets and what was set by hand."""
        self._by_hand.clear()
        self._buckets.clear()

    def _hand(self, operation: str) -> Rate | None:
        return self._by_hand.get(operation) or self._by_hand.get(f"{operation.partition(':')[0]}:*")

    def _bucket(self, account: str, region: str, operation: str, now: datetime) -> Bucket | None:
        key = (account, region, operation)
        if key not in self._buckets:
            size = self._hand(operation) or published(operation)
            if not size:
                return None
            self._buckets[key] = Bucket(size, size.burst, now)
        return self._buckets[key]

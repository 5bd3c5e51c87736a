"""How fast each API of an account and Region is called, by all workers together.

A bucket is AWS's own (EC2 Developer Guide, Request throttling): so many tokens at once, refilled at so many a second.
All that is known of one is when it will be full again (`full_at`); taking a token moves that on by one interval, and
the token may be used from `full_at` minus what the bucket holds. So a token is taken by one addition, workers cannot
take the same one, and who takes one knows at once how long to wait.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from commands.aws.failures import OutOfTimeError
from commands.aws.paces import Pace, bucket_of

AHEAD = timedelta(seconds=2)
"""How far ahead a worker takes tokens, if no wave waits for it: a wave's calls come next but for these."""
BLOCK = 25
"""Tokens taken at once at most."""
KEEPS = timedelta(seconds=1)
"""How long a token is good for: one that nobody used at its time is lost, lest many are used at once later."""
A_LITTLE = 0.2


@dataclass(frozen=True, slots=True)
class Fill:
    """A bucket: when it is full again, and how many times slower it is used, until when."""

    full_at: datetime
    slowness: int = 1
    slow_until: datetime | None = None

    def slowed(self, now: datetime) -> int:
        """The slowness in force."""
        return self.slowness if self.slow_until and now < self.slow_until else 1


class Buckets(Protocol):
    """Where buckets are kept, for all workers: `MemoryBuckets`, or one small item each in DynamoDB."""

    def take(self, bucket: str, step: timedelta, now: datetime, latest: datetime) -> Fill | None:
        """Moves `full_at` (or ``now``, if that is later) on by ``step``, unless that would pass ``latest``."""

    def empty(self, bucket: str, fill: Fill) -> None:
        """The bucket is as ``fill`` says, unless it is known to be full only later."""

    def look(self, bucket: str) -> Fill | None:
        """The bucket as it is."""


@dataclass
class _Line:
    """Who waits for one bucket in this process. Tokens that were taken are for threads that wait already."""

    waiting: int = 0
    tokens: deque[datetime] = field(default_factory=deque)
    counter: Lock = field(default_factory=Lock)
    taking: Lock = field(default_factory=Lock)
    slowness: int = 1
    slower_from: datetime | None = None
    """Since when being throttled is news: before that it is about calls that went out at the old pace."""


class Limiter:
    """Lets calls to one account and Region through at AWS's pace. ``place``: `<account>#<region>`."""

    def __init__(
        self,
        buckets: Buckets,
        place: str,
        paces: Mapping[str, Pace],
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._buckets, self._place, self._paces, self._now, self._sleep = buckets, place, paces, now, sleep
        self._lines: dict[str, _Line] = defaultdict(_Line)

    def wait(self, service: str, operation: str, deadline: datetime, *, urgent: bool = False) -> None:
        """Until the call may go out.

        Raises:
            OutOfTimeError: that is not before the deadline.
        """
        bucket = bucket_of(service, operation)
        pace = self._paces.get(bucket)
        if pace:
            self._until(self._token(bucket, pace, deadline, urgent=urgent))
        if self._now() >= deadline:
            raise OutOfTimeError

    def slow(self, service: str, operation: str, seconds: float) -> None:
        """AWS throttled a call: the bucket is empty for all, and is used at half its pace for a minute."""
        bucket = bucket_of(service, operation)
        pace = self._paces.get(bucket)
        if not pace:
            return
        line, now = self._lines[bucket], self._now()
        with line.counter:
            if line.slower_from is None or now >= line.slower_from:
                line.slowness = min(2 * line.slowness, pace.slowest)
                line.slower_from = now + AHEAD
        empty_for = timedelta(seconds=seconds) + pace.holds
        self._buckets.empty(self._key(bucket), Fill(now + empty_for, line.slowness, now + pace.slow_for))

    def seconds(self, calls: Mapping[tuple[str, str], int]) -> float:
        """How long the limits alone make so many calls of each operation take, from how things stand now."""
        wanted: dict[str, int] = defaultdict(int)
        for (service, operation), number in calls.items():
            wanted[bucket_of(service, operation)] += number
        return max((self._seconds(bucket, number) for bucket, number in wanted.items()), default=0.0)

    def _seconds(self, bucket: str, number: int) -> float:
        pace, now = self._paces.get(bucket), self._now()
        if not pace or not number:
            return 0.0
        fill = self._buckets.look(self._key(bucket)) or Fill(now)
        last = max(fill.full_at, now) + pace.interval * number * fill.slowed(now) - pace.holds
        return max((last - now).total_seconds(), 0.0)

    def _token(self, bucket: str, pace: Pace, deadline: datetime, *, urgent: bool) -> datetime:
        """When a token of the bucket may be used. One thread takes for all that wait, and asks again for them."""
        line = self._lines[bucket]
        with line.counter:
            line.waiting += 1
        try:
            with line.taking:
                while (left := (deadline - self._now()).total_seconds()) > 0:
                    while line.tokens and line.tokens[0] + KEEPS < self._now():
                        line.tokens.popleft()
                    if not line.tokens:
                        line.tokens.extend(self._take(bucket, pace, line, deadline, urgent=urgent))
                    if line.tokens:
                        return line.tokens.popleft()
                    if urgent:
                        break
                    self._sleep(min(A_LITTLE, left))
                raise OutOfTimeError
        finally:
            with line.counter:
                line.waiting -= 1

    def _take(self, bucket: str, pace: Pace, line: _Line, deadline: datetime, *, urgent: bool) -> Iterable[datetime]:
        now = self._now()
        latest = deadline if urgent else min(deadline, now + AHEAD)
        for number in dict.fromkeys((min(line.waiting, BLOCK), 1)):
            step = pace.interval * line.slowness
            fill = self._buckets.take(self._key(bucket), step * number, now, latest + pace.holds)
            if fill:
                heard = fill.slowed(now)
                line.slowness = max(heard, line.slowness) if line.slower_from and now < line.slower_from else heard
                times = (fill.full_at - step * left - pace.holds for left in reversed(range(number)))
                return [max(time, now) for time in times]
        return []

    def _until(self, moment: datetime) -> None:
        left = (moment - self._now()).total_seconds()
        if left > 0:
            self._sleep(left)

    def _key(self, bucket: str) -> str:
        return f"{self._place}#{bucket}"

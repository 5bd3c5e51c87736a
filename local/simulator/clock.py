"""The simulator's time."""

from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import NamedTuple


class Alarm(NamedTuple):
    """A moment in one life of a clock."""

    at: datetime
    life: int


class Clock:
    """The machine's time, moved ahead by hand, or standing still until moved."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._standing_at: datetime | None = None
        self._life = 0
        self._moved = Condition()

    @property
    def frozen(self) -> bool:
        """Whether time passes only by `advance`."""
        return self._standing_at is not None

    def now(self) -> datetime:
        """The moment it is, UTC."""
        return self._standing_at or datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass. It never runs backwards."""
        step = timedelta(seconds=seconds)
        if step < timedelta():
            raise ValueError(f"time cannot run backwards: {seconds} s")
        with self._moved:
            if self._standing_at:
                self._standing_at += step
            else:
                self._ahead += step
            self._moved.notify_all()

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, now or at the given moment."""
        self._standing_at = at or self.now()

    def thaw(self) -> None:
        """Run again from where it stood."""
        with self._moved:
            if self._standing_at:
                self._ahead = self._standing_at - datetime.now(UTC)
                self._standing_at = None
            self._moved.notify_all()

    def reset(self) -> None:
        """Be the machine's time again; whoever waits is told so."""
        with self._moved:
            self._ahead, self._standing_at = timedelta(), None
            self._life += 1
            self._moved.notify_all()

    def alarm(self, seconds: float) -> Alarm:
        """Something to wait for."""
        return Alarm(self.now() + timedelta(seconds=seconds), self._life)

    def wait_for(self, alarm: Alarm) -> bool:
        """Wait in this time, which may never pass. False if the clock was reset since the alarm was set."""
        with self._moved:
            while alarm.life == self._life and (left := (alarm.at - self.now()).total_seconds()) > 0:
                self._moved.wait(None if self.frozen else left)
            return alarm.life == self._life

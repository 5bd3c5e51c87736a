"""What something was, and since when: for reads that lag behind writes."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
KEPT = 256
ALWAYS = datetime.min.replace(tzinfo=UTC)


class View(NamedTuple):
    """What a read sees: everything, all but the last write, or what was written up to a moment."""

    one_back: bool = False
    until: datetime | None = None


NOW = View()


@dataclass
class History(Generic[T]):
    """The last values, each with the moment it was written; the first was there always."""

    _entries: deque[tuple[datetime, T]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def write(self, value: T, at: datetime) -> None:
        """It is this from now on."""
        self._entries.append((at if self._entries else ALWAYS, value))

    @property
    def latest(self) -> T:
        """What it is."""
        return self._entries[-1][1]

    def seen(self, view: View) -> T:
        """What a read sees of it."""
        if view.one_back:
            return self._entries[max(0, len(self._entries) - 2)][1]
        if view.until is None:
            return self.latest
        return next((value for at, value in reversed(self._entries) if at <= view.until), self._entries[0][1])

"""The event store in memory: for tests of everything above it. Passes the same contract as the real one."""

from collections.abc import Iterator
from threading import Lock

from events.commits import Commit
from events.errors import LostRace


class MemoryStore:
    """Commits by stream and version in a dict, one lock around it."""

    def __init__(self) -> None:
        self.reads = 0
        self._streams: dict[str, dict[int, Commit]] = {}
        self._lock = Lock()

    def head(self, stream_id: str, until: int | None = None) -> Commit | None:
        """The newest commit, of version ``until`` at most, or None."""
        with self._lock:
            self.reads += 1
            commits = self._streams.get(stream_id, {})
            versions = [version for version in commits if until is None or version <= until]
            return commits[max(versions)] if versions else None

    def append(self, *commits: Commit) -> None:
        """All of them or none."""
        with self._lock:
            taken = [self._streams.get(commit.stream_id, {}).get(commit.version) for commit in commits]
            if all(there and there.hash == ours.hash for there, ours in zip(taken, commits, strict=True)):
                return
            for commit, there in zip(commits, taken, strict=True):
                if there:
                    raise LostRace(commit.stream_id, there)
            for commit in commits:
                self._streams.setdefault(commit.stream_id, {})[commit.version] = commit

    def history(self, stream_id: str, since: int = 1) -> Iterator[Commit]:
        """Every commit from ``since`` on, oldest first."""
        with self._lock:
            self.reads += 1
            commits = self._streams.get(stream_id, {})
            return iter([commits[version] for version in sorted(commits) if version >= since])

    def recent(self, stream_id: str, before: int | None, limit: int) -> list[Commit]:
        """The ``limit`` newest commits (of those below version ``before``), newest first."""
        with self._lock:
            self.reads += 1
            commits = self._streams.get(stream_id, {})
            below = [version for version in commits if before is None or version < before]
            return [commits[version] for version in sorted(below, reverse=True)[:limit]]

    def born(self, kind: str, after: str = "") -> Iterator[str]:
        """The streams of a kind behind ``after``, in the order of their ids."""
        with self._lock:
            found = [id_ for id_, commits in self._streams.items() if any(one.born == kind for one in commits.values())]
            return iter(sorted(id_ for id_ in found if id_ > after))

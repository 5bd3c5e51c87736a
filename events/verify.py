"""Whether a stream is what was appended: every commit in its place, with the facts and the memo it was sealed with.

What the chain cannot show is that its last commits were taken away, or that its head was written anew under a hash of
its own: for that there are those who saw it before (`projections.verify`), and the doorbell that says REMOVE or MODIFY.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from events.commits import Commit, digest
from events.errors import Corrupt, UnknownFact
from events.streams import EXECUTION, GROUP, ROSTER, WAVE, Kind, Store, Stream

KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in (GROUP, WAVE, EXECUTION, ROSTER)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many commits fit, and the first that does not, with the reason; `version` is None if all do."""

    stream_id: str
    sound: int
    version: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything fits."""
        return self.version is None


def verify(store: Store, stream_id: str) -> Verdict:
    """One stream, from its first commit to its last."""
    kind = KINDS.get(stream_id.partition("#")[0])
    if kind is None:
        return Verdict(stream_id, 0, 1, "there is no such kind of stream")
    return walk(kind, stream_id, store.history(stream_id))


def walk(kind: Kind[Any, Any], stream_id: str, chain: Iterable[Commit]) -> Verdict:
    """The commits of one stream, in the order of their versions."""
    stream: Stream[Any, Any] = Stream(kind, stream_id, kind.initial())
    commits = iter(chain)
    while True:
        try:
            commit = next(commits, None)
            if commit is None:
                return Verdict(stream_id, stream.version)
            if why := _fault(stream, commit):
                return Verdict(stream_id, stream.version, stream.version + 1, why)
            stream = stream.follow(commit)
            if why := _fault_of_memo(stream, commit):
                return Verdict(stream_id, stream.version - 1, stream.version, why)
        except UnknownFact as error:
            return Verdict(stream_id, stream.version, stream.version + 1, f"written by newer code: {error}")
        except Corrupt as error:
            return Verdict(stream_id, stream.version, stream.version + 1, str(error))


def _fault(stream: Stream[Any, Any], commit: Commit) -> str:
    """What is wrong with a commit as the next of a stream."""
    version, first = stream.version + 1, stream.version == 0
    checks = (
        (commit.stream_id != stream.stream_id, f"it is a commit of {commit.stream_id}"),
        (commit.version != version, f"version {version} is missing: {commit.version} comes next"),
        (commit.prev_hash != stream.head, "it follows another commit than the one before it"),
        (commit.hash != commit.expected_hash(), "it is not what was sealed: some attribute was altered"),
        (commit.recorded_at < stream.recorded_at, "it was recorded before the one before it"),
        (commit.born != (stream.kind.name if first else None), "it is not listed as it should be"),
    )
    if why := next((why for wrong, why in checks if wrong), ""):
        return why
    facts = stream.kind.parse(commit.events)
    return "" if tuple(fact.type for fact in facts) == commit.event_types else "its list of facts is not of its facts"


def _fault_of_memo(stream: Stream[Any, Any], commit: Commit) -> str:
    if digest(commit.state) != commit.state_hash:
        return "its memo is not the one that was sealed"
    if commit.fold_version == stream.kind.fold_version and stream.state_hash() != commit.state_hash:
        return "its facts fold to another state than its memo"
    return ""

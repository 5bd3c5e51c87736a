"""Whether a stream is what was appended: every commit in its place, with the facts and the memo it was sealed with.

What the chain cannot show is that its last commits were taken away, or that it was written anew under hashes of its
own: for that there are those who saw it before (`projections.verify`), and the doorbell that says REMOVE or MODIFY.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from events.commits import Commit, digest
from events.errors import MISREAD, Corrupt, UnknownFact
from events.streams import EXECUTION, GROUP, ROSTER, WAVE, Kind, Store, Stream

KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in (GROUP, WAVE, EXECUTION, ROSTER)}
LOWEST = -(10**38 - 1) * 10**88
"""DynamoDB's lowest number (Developer Guide, data types: Number): a walk that begins here passes nothing over."""
Facts = tuple[Any, ...]
Seen = Callable[[Stream[Any, Any], Commit, Facts], None]
"""Is shown each commit that fits: the stream after it, the commit, and its facts."""


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


def _unseen(_stream: Stream[Any, Any], _commit: Commit, _facts: Facts) -> None:
    """Nobody looks."""


def verify(store: Store, stream_id: str, seen: Seen = _unseen) -> Verdict:
    """One stream, from its first commit to its last."""
    kind = KINDS.get(stream_id.partition("#")[0])
    if kind is None:
        return Verdict(stream_id, 0, 1, "there is no such kind of stream")
    return walk(kind, stream_id, store.history(stream_id, LOWEST), seen)


def walk(kind: Kind[Any, Any], stream_id: str, chain: Iterable[Commit], seen: Seen = _unseen) -> Verdict:
    """The commits of one stream, in the order of their versions; whatever they hold, it is said and not raised."""
    stream: Stream[Any, Any] = Stream(kind, stream_id, kind.initial())
    commits = iter(chain)
    while True:
        version = stream.version + 1
        try:
            commit = next(commits, None)
            if commit is None:
                return Verdict(stream_id, stream.version)
            version = min(version, commit.version)
            stream, facts = _followed(stream, commit)
        except UnknownFact as error:
            return Verdict(stream_id, stream.version, version, f"written by newer code: {error}")
        except Corrupt as error:
            return Verdict(stream_id, stream.version, version, str(error))
        except MISREAD as error:
            return Verdict(stream_id, stream.version, version, f"its facts do not fold: {type(error).__name__}")
        seen(stream, commit, facts)


def _followed(stream: Stream[Any, Any], commit: Commit) -> tuple[Stream[Any, Any], Facts]:
    """The stream after its next commit, and the facts in that.

    Raises:
        Corrupt: it is not what was appended there.
    """
    if why := _fault(stream, commit):
        raise Corrupt(why)
    facts = stream.kind.parse(commit.events)
    if tuple(fact.type for fact in facts) != commit.event_types:
        raise Corrupt("its list of facts is not of its facts")
    after = stream.after(commit, facts)
    if digest(commit.state) != commit.state_hash:
        raise Corrupt("its memo is not the one that was sealed")
    if commit.fold_version == stream.kind.fold_version and after.state_hash() != commit.state_hash:
        raise Corrupt("its facts fold to another state than its memo")
    return after, facts


def _fault(stream: Stream[Any, Any], commit: Commit) -> str:
    """What is wrong with a commit as the next of a stream."""
    version, first = stream.version + 1, stream.version == 0
    if commit.version < 1:
        return f"it stands before the first, as version {commit.version}"
    checks = (
        (commit.stream_id != stream.stream_id, f"it is a commit of {commit.stream_id}"),
        (commit.version != version, f"version {version} is missing: {commit.version} comes next"),
        (commit.prev_hash != stream.head, "it follows another commit than the one before it"),
        (commit.hash != commit.expected_hash(), "it is not what was sealed: some attribute was altered"),
        (commit.recorded_at < stream.recorded_at, "it was recorded before the one before it"),
        (commit.born != (stream.kind.name if first else None), "it is not listed as it should be"),
    )
    return next((why for wrong, why in checks if wrong), "")

"""A stream: the commits of one group, wave, execution or roster, loaded as one memo and extended by one commit.

stream = load(store, GROUP, group_id)          # one consistent read
commit = stream.next(context, facts, now)      # pure
store.append(commit)                           # one conditional write
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import orjson
from pydantic import TypeAdapter

from events import evolve, executions, facts, groups, rosters, wave_state, waves
from events.commits import GENESIS, Commit, Context, digest
from events.errors import MISREAD, Corrupt
from events.model import Model, canonical, parsed
from events.moments import iso

S = TypeVar("S", bound=Model)
F = TypeVar("F", bound=Model)
KEYS_KEPT = 64
"""How many idempotency keys a memo remembers."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[S, F]):
    """A kind of stream: its facts, what they fold to, and how. Raise `fold_version` with every change of the fold."""

    name: str
    fold_version: int
    initial: type[S]
    evolve: Callable[[S, F], S]
    facts: TypeAdapter[F]

    def stream_id(self, *key: str | int) -> str:
        """``group#pg-1``, ``wave#exec-1#0``, ``roster#123456789012#eu-west-1``."""
        return "#".join([self.name, *map(str, key)])

    def parse(self, events: bytes) -> tuple[F, ...]:
        """The facts in a commit.

        Raises:
            UnknownFact: one of them was written by newer code.
            Corrupt: they are no list of facts.
        """
        return parsed(self.facts, events, f"a {self.name} fact")


GROUP = Kind("group", 3, groups.Group, evolve.evolve, facts.GROUP_FACTS)
WAVE = Kind("wave", 2, wave_state.Wave, wave_state.evolve, waves.WAVE_FACTS)
EXECUTION = Kind("execution", 2, executions.Execution, executions.evolve, executions.EXECUTION_FACTS)
ROSTER = Kind("roster", 1, rosters.Roster, rosters.evolve, rosters.ROSTER_FACTS)


class Key(Model):
    """An idempotency key that came through a door: what was asked under it, and which commit answered."""

    command_id: str
    payload_hash: str
    version: int


@dataclass(frozen=True, slots=True)
class Stream(Generic[S, F]):
    """A stream as far as it was read: what it folds to, and what the next commit must follow."""

    kind: Kind[S, F]
    stream_id: str
    state: S
    version: int = 0
    keys: tuple[Key, ...] = ()
    head: str = GENESIS
    recorded_at: str = ""

    def key(self, command_id: str) -> Key | None:
        """The earlier request under this idempotency key, if it is remembered."""
        return next((key for key in self.keys if key.command_id == command_id), None)

    def memo(self) -> bytes:
        """The fold up to here, as it is stored beside the facts."""
        return canonical({"keys": [_dump(key) for key in self.keys], "state": _dump(self.state)})

    def state_hash(self) -> str:
        """What the `stateHash` of the head must be, if the code that wrote it folds as this code does."""
        return digest(self.memo())

    def follow(self, commit: Commit) -> "Stream[S, F]":
        """The stream after a commit that was read back; the facts alone decide, the memo is not looked at."""
        if commit.version != self.version + 1:
            raise Corrupt(f"{self.stream_id}: version {commit.version} follows {self.version}")
        if commit.prev_hash != self.head or commit.hash != commit.expected_hash():
            raise Corrupt(f"{self.stream_id}: version {commit.version} is not the one that was appended")
        return self.after(commit, self.kind.parse(commit.events))

    def next(self, context: Context, facts: Iterable[F], now: datetime) -> Commit:
        """The commit that would follow, sealed; never recorded before the one it follows."""
        facts = tuple(facts)
        bare = Commit(
            stream_id=self.stream_id,
            version=self.version + 1,
            command=context.command,
            command_id=context.command_id,
            payload_hash=context.payload_hash,
            actor=context.actor,
            via=context.via,
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            recorded_at=max(iso(now), self.recorded_at),
            event_types=tuple(str(fact.type) for fact in facts),  # type: ignore[attr-defined]  # every fact has one
            events=canonical([_dump(fact) for fact in facts]),
            state=b"",
            fold_version=self.kind.fold_version,
            state_hash="",
            prev_hash=self.head,
            born=self.kind.name if self.version == 0 else None,
        )
        memo = self.after(bare, facts).memo()
        return replace(bare, state=memo, state_hash=digest(memo)).sealed()

    def after(self, commit: Commit, facts: Iterable[F]) -> "Stream[S, F]":
        """The stream after a commit that is known to follow, and the facts in it."""
        state = self.state
        for fact in facts:
            state = self.kind.evolve(state, fact)
        keys = self.keys
        if commit.via != "system":
            key = Key(command_id=commit.command_id, payload_hash=commit.payload_hash, version=commit.version)
            keys = (*keys, key)[-KEYS_KEPT:]
        return Stream(self.kind, self.stream_id, state, commit.version, keys, commit.hash, commit.recorded_at)


class Store(Protocol):
    """Where commits are kept. Every read is consistent, except `born`; `reads` counts the requests it took."""

    reads: int

    def head(self, stream_id: str, until: int | None = None) -> Commit | None:
        """The newest commit (of version ``until`` at most), by one read; None if there is none."""

    def append(self, *commits: Commit) -> None:
        """All of them or none, each on its own stream; raises `LostRace` if a version is taken already."""

    def history(self, stream_id: str, since: int = 1) -> Iterator[Commit]:
        """Every commit from version ``since`` on, oldest first, to the end."""

    def recent(self, stream_id: str, before: int | None, limit: int) -> list[Commit]:
        """The ``limit`` newest commits (of those below version ``before``), newest first."""

    def born(self, kind: str, after: str = "") -> Iterator[str]:
        """The ids of a kind's streams in their order, those behind ``after``; a new one may show a moment late."""


def load(store: Store, kind: Kind[S, F], *key: str | int) -> Stream[S, F]:
    """The stream as it is now: one consistent read, or its whole history if the fold has changed since."""
    stream_id = kind.stream_id(*key)
    commit = store.head(stream_id)
    if commit is None:
        return Stream(kind, stream_id, kind.initial())
    if commit.fold_version == kind.fold_version:
        return remembered(kind, commit)
    return refold(store, kind, stream_id)


def refold(store: Store, kind: Kind[S, F], stream_id: str) -> Stream[S, F]:
    """The stream from its first fact on: what a memo must agree with."""
    stream = Stream(kind, stream_id, kind.initial())
    for commit in store.history(stream_id):
        stream = stream.follow(commit)
    return stream


def remembered(kind: Kind[S, F], commit: Commit) -> Stream[S, F]:
    """The stream as a commit's memo tells it.

    Raises:
        Corrupt: the memo is not the one that was written.
    """
    if digest(commit.state) != commit.state_hash or commit.hash != commit.expected_hash():
        raise Corrupt(f"{commit.stream_id}: version {commit.version} or its memo is not what was appended")
    try:
        memo = orjson.loads(commit.state)
        state = kind.initial.model_validate_json(canonical(memo["state"]))
        keys = tuple(Key.model_validate_json(canonical(key)) for key in memo["keys"])
    except MISREAD:  # without what it was: a memo holds what nobody is to be told
        raise Corrupt(f"{commit.stream_id}: the memo of version {commit.version} is none") from None
    return Stream(kind, commit.stream_id, state, commit.version, keys, commit.hash, commit.recorded_at)


def _dump(model: Model) -> object:
    """Defaults are left out, but for the `type` that tells facts apart."""
    dumped = model.model_dump(mode="json", exclude_defaults=True)
    return {"type": model.type, **dumped} if hasattr(model, "type") else dumped

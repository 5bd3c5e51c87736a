"""A stream against its own chain, and against those who saw it: the read model its last commits, a roster all of it."""

from collections.abc import Iterator
from dataclasses import replace

from events.streams import GROUP, ROSTER, Store, load
from events.verify import KINDS, Verdict, verify
from projections.catch_up import Table


def verified(store: Store, table: Table, stream_id: str) -> Verdict:
    """One stream."""
    verdict = verify(store, stream_id)
    kind, _, group_id = stream_id.partition("#")
    if kind == ROSTER.name and verdict.ok:
        return _all_there(store, verdict)
    row = table.get(group_id) if kind == GROUP.name and verdict.ok else None
    if row is None:
        return verdict
    if row["version"] > verdict.sound:
        gone = f"the read model saw version {row['version']}: it is gone"
        return replace(verdict, version=verdict.sound + 1, why=gone)
    commit = store.head(stream_id, row["version"])
    if commit and commit.fold_version == GROUP.fold_version and commit.state_hash != row["stateHash"]:
        return replace(verdict, version=row["version"], why="the read model was made of another commit of this version")
    return verdict


def _all_there(store: Store, verdict: Verdict) -> Verdict:
    """A group whose stream was taken away whole is listed nowhere; but its roster still knows of it."""
    account, _, region = verdict.stream_id.partition("#")[2].partition("#")
    held = load(store, ROSTER, account, region).state.groups if verdict.sound else ()
    for group_id in held:
        if store.head(GROUP.stream_id(group_id)) is None:
            return replace(verdict, version=verdict.sound, why=f"it holds {group_id}, whose stream is gone")
    return verdict


def all_verified(store: Store, table: Table, after: str = "") -> Iterator[Verdict]:
    """Every stream there is, in the order of their ids within their kinds, those behind ``after``."""
    begun = after.partition("#")[0]
    kinds = [*KINDS]
    for kind in kinds[kinds.index(begun) :] if begun in KINDS else kinds:
        for stream_id in store.born(kind, after if kind == begun else ""):
            yield verified(store, table, stream_id)

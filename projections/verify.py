"""A stream against its own chain, and against what the read model saw of it: so its last commits count, too."""

from collections.abc import Iterator
from dataclasses import replace

from events.streams import GROUP, Store
from events.verify import KINDS, Verdict, verify
from projections.catch_up import Table


def verified(store: Store, table: Table, stream_id: str) -> Verdict:
    """One stream."""
    verdict = verify(store, stream_id)
    kind, _, group_id = stream_id.partition("#")
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


def all_verified(store: Store, table: Table, after: str = "") -> Iterator[Verdict]:
    """Every stream there is, in the order of their ids within their kinds, those behind ``after``."""
    begun = after.partition("#")[0]
    kinds = [*KINDS]
    for kind in kinds[kinds.index(begun) :] if begun in KINDS else kinds:
        for stream_id in store.born(kind, after if kind == begun else ""):
            yield verified(store, table, stream_id)

"""A stream as it was: at a version of it, or at a moment. The same fold as ever, of fewer commits."""

from datetime import datetime
from itertools import takewhile

from events.commits import Commit
from events.moments import iso
from events.streams import F, Kind, S, Store, Stream, remembered


def at_version(store: Store, kind: Kind[S, F], version: int, *key: str | int) -> Stream[S, F]:
    """The stream as it was once ``version`` was its newest commit; empty if it never had so many."""
    commit = store.head(kind.stream_id(*key), version)
    return _of(store, kind, commit if commit and commit.version == version else None, *key)


def at_time(store: Store, kind: Kind[S, F], moment: datetime, *key: str | int) -> Stream[S, F]:
    """The stream as it was at ``moment``; empty if it was not born then.

    Commits are never recorded before the one before them: the last of that time is found by halving, a read each.
    """
    stream_id, then = kind.stream_id(*key), iso(moment)
    newest = store.head(stream_id)
    if newest is None or newest.recorded_at <= then:
        return _of(store, kind, newest, *key)
    found, before, after = None, 0, newest.version
    while after - before > 1 and (commit := store.head(stream_id, (before + after) // 2)):
        if commit.recorded_at <= then:
            found, before = commit, commit.version
        else:
            after = commit.version
    return _of(store, kind, found, *key)


def _of(store: Store, kind: Kind[S, F], commit: Commit | None, *key: str | int) -> Stream[S, F]:
    stream = Stream(kind, kind.stream_id(*key), kind.initial())
    if commit is None:
        return stream
    if commit.fold_version == kind.fold_version:
        return remembered(kind, commit)
    for earlier in takewhile(lambda one: one.version <= commit.version, store.history(stream.stream_id)):
        stream = stream.follow(earlier)
    return stream

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
    """The stream as it was at ``moment``; empty if it was not born then."""
    return _of(store, kind, last_of(store, kind.stream_id(*key), moment), *key)


def last_of(store: Store, stream_id: str, moment: datetime) -> Commit | None:
    """The newest commit that was recorded by ``moment``; nothing is folded.

    Commits are never recorded before the one before them: the last of that time is found by halving, a read each.
    It ends even where commits are missing: the versions between are halved, whatever is found there.
    """
    then = iso(moment)
    newest = store.head(stream_id)
    if newest is None or newest.recorded_at <= then:
        return newest
    found, before, after = None, 0, newest.version
    while after - before > 1:
        middle = (before + after) // 2
        commit = store.head(stream_id, middle)
        if commit and commit.recorded_at > then:
            after = middle
        else:
            found, before = commit, middle
    return found


def _of(store: Store, kind: Kind[S, F], commit: Commit | None, *key: str | int) -> Stream[S, F]:
    stream = Stream(kind, kind.stream_id(*key), kind.initial())
    if commit is None:
        return stream
    if commit.fold_version == kind.fold_version:
        return remembered(kind, commit)
    for earlier in takewhile(lambda one: one.version <= commit.version, store.history(stream.stream_id)):
        stream = stream.follow(earlier)
    return stream

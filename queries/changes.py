"""What each commit of a group changed of its definition, per server: as far as it can be folded, and fits an answer."""

from events import shown_commits
from events.commits import Commit
from events.errors import Corrupt, Unreadable
from events.facts import GroupFact
from events.groups import Group
from events.lookback import at_version
from events.model import canonical
from events.shown_commits import DEFINING, Shown
from events.streams import GROUP, Store, Stream, remembered
from queries.trail import LARGEST

Read = Commit | Unreadable
"""A commit, or what stands in its place."""
Folded = Stream[Group, GroupFact] | Corrupt


def changed(store: Store, group_id: str, read: list[Read]) -> dict[int, list[Shown] | Corrupt]:
    """What these commits changed, by version, or why that cannot be said: folded on from before the first that did.

    ``read``: newest first, and without a gap.
    """
    oldest = next((at for at, one in enumerate(reversed(read)) if defines(one)), None)
    if oldest is None:
        return {}
    # debt(time): what another fold version wrote is folded from the start, once for every such ten commits
    found: dict[int, list[Shown] | Corrupt] = {}
    chain = [*reversed(read)][oldest:]
    stream = _before(store, group_id, chain[0])
    for one in chain:
        after = _folded(stream, one)
        if isinstance(one, Commit) and defines(one):
            found[one.version] = _between(stream, after)
        stream = after
    return found


def defines(one: Read) -> bool:
    """Whether it says that it changed the definition."""
    return isinstance(one, Commit) and bool(DEFINING & {*one.event_types})


def fitting(changes: list[Shown]) -> Shown:
    """``changes``, of many servers as one line if they are too large one by one; `changesLeftOut` counts the rest."""
    if len(canonical(changes)) <= LARGEST:
        return {"changes": changes}
    alike: dict[bytes, list[Shown]] = {}
    for one in changes:
        alike.setdefault(canonical([one["field"], one["from"], one["to"]]), []).append(one)
    size, left, kept = 0, 0, list[Shown]()
    for same in alike.values():
        line = {"sourceServerIds": [one["sourceServerId"] for one in same], **same[0]}
        del line["sourceServerId"]
        weight = len(canonical(line)) + 1
        if size + weight > LARGEST:
            left += len(same)
        else:
            size, kept = size + weight, [*kept, line]
    return {"changes": kept, **({"changesLeftOut": left} if left else {})}


def _before(store: Store, group_id: str, one: Read) -> Folded:
    try:
        return at_version(store, GROUP, one.version - 1, group_id) if isinstance(one, Commit) else one
    except Corrupt as error:
        return error


def _folded(stream: Folded, one: Read) -> Folded:
    """The stream after one more; past what cannot be read it goes on from the next memo of this fold."""
    try:
        if isinstance(one, Unreadable):
            return one
        if not isinstance(stream, Corrupt):
            return stream.follow(one)
        return remembered(GROUP, one) if one.fold_version == GROUP.fold_version else stream
    except Corrupt as error:
        return error


def _between(before: Folded, after: Folded) -> list[Shown] | Corrupt:
    if isinstance(before, Corrupt):
        return before
    return after if isinstance(after, Corrupt) else shown_commits.changes(before.state, after.state)

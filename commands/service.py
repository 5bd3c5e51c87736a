"""The write loop: load, decide, append; and again if somebody else was first."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from commands.asked import Asked
from commands.decide import Command, decide
from commands.definition.drafts import draft
from commands.definition.sight import Sight
from commands.outcomes import Doors
from commands.requests import CreateProtectionGroup
from commands.roster import enrol, holding
from events.commits import Commit, Context
from events.errors import LostRace, Refused
from events.facts import GroupFact
from events.groups import Group
from events.streams import GROUP, ROSTER, Store, Stream, load

ATTEMPTS = 10
"""How often a lost race is run again; 32 writers on one stream were seen to need 7."""
GroupStream = Stream[Group, GroupFact]


@dataclass(frozen=True)
class Service:
    """What the commands work with. `region` and `account_id` are where this deployment lives."""

    store: Store
    door: Doors
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    region: str
    account_id: str
    random: SystemRandom = field(default_factory=SystemRandom)

    def group(self, group_id: str) -> GroupStream:
        """The group as it is now, or a refusal if there is none."""
        stream = load(self.store, GROUP, group_id)
        if not stream.state.exists:
            raise Refused("NOT_FOUND", f"there is no protection group {group_id}", 404, groupId=group_id)
        return stream

    def execute(self, group_id: str, command: Command, context: Context) -> GroupStream:
        """Decides and appends until nobody else is first; the group as it is after.

        The same key again has no effect; nothing due appends nothing.

        Raises:
            Refused: it cannot be done, or the race was lost too often (retryable).
        """
        sight = Sight(self.door)
        for attempt in range(ATTEMPTS):
            stream = load(self.store, GROUP, group_id)
            if answered(stream, context) or self._created_before(stream, command, context):
                return stream
            commit = self._decided(stream, command, context, sight)
            if commit is None:
                return stream
            try:
                self.store.append(commit, *self._roster(stream, commit, context))
            except LostRace as lost:
                if _ours(lost.winner, commit):
                    return load(self.store, GROUP, group_id)
                self.pause(attempt)
            else:
                return stream.follow(commit)
        raise Refused("BUSY", f"{group_id} is being changed by many at once: try again", 503, retryable=True)

    def asked(self, stream: GroupStream, actor: str, now: datetime) -> Asked:
        """What surrounds a command on a group as it is."""
        group_id = stream.stream_id.removeprefix("group#")
        return Asked(now, actor, stream.version + 1, group_id, self.region, self.account_id)

    def pause(self, attempt: int, longest: float = 1.0) -> None:
        """Full jitter before the next attempt (AWS Architecture Blog, Exponential Backoff And Jitter)."""
        self.sleep(self.random.uniform(0, min(longest, 0.01 * 2**attempt)))

    def after(self, seconds: float) -> datetime:
        """The moment ``seconds`` from now: a deadline."""
        return self.now() + timedelta(seconds=seconds)

    def _created_before(self, stream: GroupStream, command: Command, context: Context) -> bool:
        """Whether a create is the one that made this group: its first commit says so when its key is long forgotten."""
        if not isinstance(command, CreateProtectionGroup) or not stream.version:
            return False
        first = next(iter(self.store.history(stream.stream_id)))
        if first.payload_hash != context.payload_hash:
            raise _used(context)
        return True

    def _decided(self, stream: GroupStream, command: Command, context: Context, sight: Sight) -> Commit | None:
        now = self.now()
        asked = self.asked(stream, context.actor, now)
        asked = replace(asked, seen=sight.of(draft(stream.state, command, asked)))
        facts = decide(stream.state, command, asked)
        return stream.next(context, facts, now) if facts else None

    def _roster(self, before: GroupStream, commit: Commit, context: Context) -> tuple[Commit, ...]:
        """The roster's commit, if what the group holds for itself changes."""
        after = before.follow(commit).state
        wanted = holding(after)
        if wanted == holding(before.state):
            return ()
        definition = after.definition or before.state.definition
        assert definition is not None  # noqa: S101  something was held, or is to be
        roster = load(self.store, ROSTER, definition.account_id, definition.region)
        facts = enrol(roster.state, after.group_id, wanted)
        return (roster.next(context, facts, self.now()),) if facts else ()


def _ours(winner: Commit | None, commit: Commit) -> bool:
    """Whether the winner is this very request, appended by an earlier try whose answer was lost."""
    return winner is not None and (winner.stream_id, winner.command_id, winner.payload_hash, winner.actor) == (
        commit.stream_id,
        commit.command_id,
        commit.payload_hash,
        commit.actor,
    )


def answered(stream: Stream[Any, Any], context: Context) -> bool:
    """Whether this very request was answered before.

    Raises:
        Refused: its key was, with another request.
    """
    known = stream.key(context.command_id) if context.through_a_door else None
    if known is None:
        return False
    if known.payload_hash != context.payload_hash:
        raise _used(context)
    return True


def _used(context: Context) -> Refused:
    return Refused(
        "IDEMPOTENCY_CONFLICT",
        f"the key {context.command_id!r} was used for another request: choose a new one",
        409,
        field="requestId",
    )

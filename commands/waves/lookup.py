"""A wave that might be started: its groups, read from the event table at this moment, and what is wrong with any."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from commands.service import GroupStream
from commands.waves.blocks import Block
from commands.waves.requests import WaveToCheck
from commands.waves.start import Waves
from events.errors import Corrupt, Refused, UnknownFact
from events.groups import Target
from events.streams import ROSTER, load

RESTORE = "is not what was written: GET /verify tells more; restore it, or leave it out"


@dataclass(frozen=True)
class Wave:
    """Its groups as they are now, and which of their servers it is about."""

    asked: WaveToCheck
    groups: tuple[GroupStream, ...]
    blocks: tuple[Block, ...] = ()

    @property
    def targets(self) -> set[Target]:
        """Where it would launch; a wave that can start has one."""
        return {stream.state.definition.target for stream in self.groups if stream.state.definition}

    def servers(self, stream: GroupStream) -> list[str]:
        """The servers of one group that it is about."""
        only = self.asked.source_server_ids
        return sorted(id_ for id_ in stream.state.servers if only is None or id_ in only)

    @property
    def all_servers(self) -> list[str]:
        """All of them."""
        return [id_ for stream in self.groups for id_ in self.servers(stream)]


@dataclass
class Lookup:
    """What one question asks the event table: every group, and the roster, once at most."""

    waves: Waves
    known: dict[str, GroupStream | Block] = field(default_factory=dict)

    def wave(self, asked: WaveToCheck) -> Wave:
        """The wave, with a block for each of its groups that cannot be read."""
        blocks = [] if asked.source_server_ids is None else [*self._unheld(asked.source_server_ids)]
        ids = asked.group_ids if asked.source_server_ids is None else self._holding(asked.source_server_ids)
        found = [self._group(id_) for id_ in ids]
        blocks = [*(each for each in found if isinstance(each, Block)), *blocks]
        return Wave(asked, tuple(each for each in found if not isinstance(each, Block)), tuple(blocks))

    def _group(self, group_id: str) -> GroupStream | Block:
        if group_id not in self.known:
            self.known[group_id] = self._read(group_id)
        return self.known[group_id]

    def _read(self, group_id: str) -> GroupStream | Block:
        try:
            return self.waves.service.group(group_id)
        except Refused:
            return Block("NOT_FOUND", f"there is no protection group {group_id}", group_id)
        except UnknownFact:  # a newer deployment wrote it: ask again, of all
            raise
        except Corrupt:
            return Block("CORRUPT_STREAM", f"what is stored of {group_id} {RESTORE}", group_id)

    @cached_property
    def _holders(self) -> dict[str, str] | None:
        """The group that holds each server of this account and Region; None if that cannot be read."""
        service = self.waves.service
        try:
            roster = load(service.store, ROSTER, service.account_id, service.region).state
        except UnknownFact:
            raise
        except Corrupt:
            return None
        return {id_: group_id for group_id, held in roster.groups.items() for id_ in held.servers}

    def _holding(self, server_ids: tuple[str, ...]) -> tuple[str, ...]:
        holders = self._holders or {}
        return tuple(sorted({holders[id_] for id_ in server_ids if id_ in holders}))

    def _unheld(self, server_ids: tuple[str, ...]) -> Iterator[Block]:
        """The servers that no group holds; or that nobody can tell."""
        if self._holders is None:
            why = "what is stored of which group holds them is not what was written: name protectionGroupIds instead"
            yield Block("CORRUPT_STREAM", why, servers=server_ids)
        elif strangers := tuple(id_ for id_ in server_ids if id_ not in self._holders):
            why = "in no protection group of this account and Region: nothing is applied or proved here"
            yield Block("NOT_PROTECTED", why, servers=strangers)

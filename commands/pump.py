"""The apply: under a lease and with a deadline, a few servers at a time, until nothing is due.

Synchronous and asynchronous are this one function: what the deadline leaves, the projector wakes a worker for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import uuid4

from commands.decide import EndApply, RecordOutcomes, StartApply
from commands.outcomes import LAG, OVER, Ask, Fault, Outcome
from commands.record import patient, retry_at
from commands.service import GroupStream, Service
from events import status
from events.commits import Context
from events.configuration import fingerprint
from events.groups import Group, Target

Wave = Literal["first", "again"]
COURTESY = 1.5
"""Seconds between a worker's turns: longer than a wave that waits for its group takes to look again."""
TURN = timedelta(seconds=60)
"""The longest one lease is asked for: whoever dies blocks the group, and a wave, no longer than that."""
ASKED = 100
"""Servers the door is asked for at once: what EC2 takes at once, and one page of what DRS tells of them."""
BATCH = 25
BATCH_FOR = timedelta(seconds=2)
"""A batch of outcomes is frozen at 25, or when its first has waited this long."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's turn on one group."""

    group_id: str
    lease_id: str
    deadline: datetime
    cause: str
    urgent: bool = False

    def context(self, command: str, command_id: str) -> Context:
        """As the worker's own commands are recorded."""
        return Context(command=command, command_id=command_id, actor="system", via="system", causation_id=self.cause)


def pump(
    service: Service, group_id: str, deadline: datetime, *, cause: str = "", wave: Wave | None = None
) -> GroupStream:
    """Applies what is due until nothing is, the deadline comes, or AWS is away. The group as it then is.

    ``cause`` is the id of the command or message because of which this happens. ``wave``: one waits, so that
    its calls go before those of others; at its first asking failed servers are due too, and no backoff counts.
    """
    while True:
        until = min(deadline, service.now() + TURN)
        lease = Lease(group_id, uuid4().hex, until, cause, urgent=wave is not None)
        stream, more = _turn(service, lease, failed_too=wave == "first")
        if not more or service.now() >= deadline:
            return stream
        if wave is None:
            service.sleep(COURTESY)
        wave = wave and "again"  # who was refused for good in its first turn is not asked again in its next


def _turn(service: Service, lease: Lease, *, failed_too: bool) -> tuple[GroupStream, bool]:
    """One lease's worth of applying, and whether only time was short."""
    group_id, deadline = lease.group_id, lease.deadline
    start = StartApply(lease.lease_id, deadline + OVER, failed_too=failed_too)
    stream = service.execute(group_id, start, lease.context("StartApply", lease.lease_id))
    if not _ours(stream.state, lease):
        return stream, False
    tried = _Tried()
    away, more = None, True
    while service.now() < deadline and not away:
        asks = _asks(stream.state, tried, service.now(), failed_too=failed_too)
        more = bool(asks)
        if not more:
            break
        tried.asked(asks)
        outcomes: list[Outcome] = []
        door = service.door(_target(stream.state))
        for batch in _batches(service, door.apply(asks, deadline, urgent=lease.urgent)):
            outcomes += batch
            stream = _record(service, lease, batch)
        tried.heard(outcomes)
        away = _away(outcomes)
    unanswered = bool(tried.unanswered)
    end = _ending(service, lease, stream, away, unanswered=unanswered)
    stream = service.execute(group_id, end, lease.context("EndApply", f"{lease.lease_id} end"))
    return stream, more and not away and not unanswered


@dataclass
class _Tried:
    """Whom a turn has asked for. Each once an epoch, for its backoff may be shorter than the turn.

    A server with a write that was never answered is left alone for the rest of the turn, whatever is wanted of it
    meanwhile: that write may land after what would be written now.
    """

    epochs: set[tuple[str, int]] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)

    def asked(self, asks: Iterable[Ask]) -> None:
        """These are being asked for."""
        self.epochs |= {(ask.server_id, ask.epoch) for ask in asks}

    def heard(self, outcomes: Iterable[Outcome]) -> None:
        """This is what came of it."""
        self.unanswered |= {one.server_id for one in outcomes if isinstance(one, Fault) and one.unanswered}

    def may_ask(self, server_id: str, epoch: int) -> bool:
        """Whether the server may be asked for in this turn."""
        return (server_id, epoch) not in self.epochs and server_id not in self.unanswered


def _ending(service: Service, lease: Lease, stream: GroupStream, away: Fault | None, *, unanswered: bool) -> EndApply:
    """How the lease is given back: at once, or when a write that was never answered cannot land any more."""
    end = EndApply(lease.lease_id)
    if unanswered:
        end = replace(end, held_until=service.now() + OVER)
    if away:
        later = patient(retry_at(lease.group_id, stream.state.outages, service.now()), away)
        end = replace(end, not_before=later, code=away.code, message=away.message)
    return end


def _asks(group: Group, tried: _Tried, now: datetime, *, failed_too: bool) -> list[Ask]:
    """The next servers: first those without an error, so that those which never succeed keep no others waiting."""
    due = [id_ for id_ in status.due(group, now, failed_too=failed_too) if tried.may_ask(id_, group.servers[id_].epoch)]
    untroubled_first = sorted(due, key=lambda id_: bool(group.servers[id_].errors))[:ASKED]
    return asks_for(group, untroubled_first, now)


def asks_for(group: Group, server_ids: Sequence[str], now: datetime) -> list[Ask]:
    """What the door is asked ``now`` for these servers of a group."""
    crowd = Counter(group.wanted(id_).get("subnetId") for id_ in group.servers) if server_ids else Counter()
    return [_ask(group, id_, crowd, now) for id_ in server_ids]


def _ask(group: Group, server_id: str, crowd: Mapping[str | None, int], now: datetime) -> Ask:
    server, wanted = group.servers[server_id], group.wanted(server_id)
    return Ask(
        group_id=group.group_id,
        server_id=server_id,
        epoch=server.epoch,
        configuration=wanted,
        config_hash=fingerprint(wanted),
        force=server.reason == "forced",
        sharing=crowd[wanted.get("subnetId")],
        settled_at=server.wrote_at and server.wrote_at + LAG,
        unknown_until=None if server.last_applied or server.wrote_at else now + LAG,
    )


def _batches(service: Service, outcomes: Iterable[Outcome]) -> Iterator[tuple[Outcome, ...]]:
    batch: list[Outcome] = []
    since = service.now()
    for outcome in outcomes:
        since = since if batch else service.now()
        batch.append(outcome)
        if len(batch) == BATCH or service.now() - since >= BATCH_FOR:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def _record(service: Service, lease: Lease, batch: tuple[Outcome, ...]) -> GroupStream:
    """Appends a frozen batch; its hash is its key, so that the same batch is never recorded twice."""
    key = sha256(repr((lease.lease_id, batch)).encode()).hexdigest()
    return service.execute(lease.group_id, RecordOutcomes(batch), lease.context("RecordOutcomes", key))


def _ours(group: Group, lease: Lease) -> bool:
    return group.lease is not None and group.lease.by == lease.lease_id


def _away(outcomes: list[Outcome]) -> Fault | None:
    """AWS as a whole is away when nothing but outages came back."""
    faults = [one for one in outcomes if isinstance(one, Fault) and one.kind == "outage"]
    return faults[0] if faults and len(faults) == len(outcomes) else None


def _target(group: Group) -> Target:
    assert group.definition is not None  # noqa: S101  a lease is only given on a group that exists
    return group.definition.target

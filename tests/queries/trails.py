"""An audit trail to ask: a table of DynamoDB's with streams in it, and somebody who turns its pages."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from events import facts as f
from events import waves as w
from events.commits import Commit, Context
from events.doors import parse
from events.dynamodb import DynamoStore
from events.executions import ExecutionResumed
from events.memory import MemoryStore
from events.roles import EVERY_ROLE, Role
from events.rosters import Enrolment, GroupEnrolled
from events.streams import EXECUTION, GROUP, ROSTER, WAVE, Kind, Store, load
from queries.answers import Answers
from queries.audit import audit_log
from queries.history import history
from queries.log import Line, Log, Only, Place
from queries.trail import GetAuditLog, GetHistory
from tests.events import endpoint
from tests.events.given import NOON, Clock, sid
from tests.projections.rows import MemoryRows

Json = dict[str, Any]
ACTORS = ("ada@example.com", "grace@example.com", "arn:aws:iam::123456789012:role/Pipeline", "system")


class SlowLog(Log):
    """Every Query takes this long by the clock."""

    def __init__(self, table: str, clock: Clock, seconds: float) -> None:
        super().__init__(endpoint.client(), table)
        self.clock, self.seconds, self.queries = clock, seconds, 0

    def day(
        self, day: str, between: tuple[str, str], only: Only, after: Place | None = None, limit: int | None = None
    ) -> tuple[list[Line], Place | None]:
        self.queries += 1
        self.clock.sleep(self.seconds)
        return super().day(day, between, only, after, limit)


class SlowStore(MemoryStore):
    """Every read of recent commits takes this long by the clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.clock, self.seconds = clock, seconds

    def recent(self, stream_id: str, before: int | None, limit: int) -> list[Commit]:
        self.clock.sleep(self.seconds)
        return super().recent(stream_id, before, limit)


@dataclass
class Trail:
    """Streams in a table of their own, and their questions; ``written`` holds every commit as it was appended."""

    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=MemoryStore)
    log: Log = field(default_factory=lambda: Log(endpoint.client(), ""))
    roles: frozenset[Role] = EVERY_ROLE
    written: list[Commit] = field(default_factory=list, repr=False)

    @classmethod
    def real(cls, clock: Clock | None = None) -> "Trail":
        client, table = endpoint.client(), endpoint.event_table()
        return cls(clock or Clock(), DynamoStore(client, table), Log(client, table))

    def append(self, kind: Kind[Any, Any], key: tuple[str | int, ...], *facts: Any, actor: str = ACTORS[0]) -> Commit:  # noqa: ANN401  facts
        """The next commit of a stream, recorded now."""
        context = Context("Happened", f"key-{len(self.written)}", actor, "api", "", "correlated", "caused")
        commit = load(self.store, kind, *key).next(context, facts, self.clock.now())
        self.store.append(commit)
        self.written.append(commit)
        return commit

    def answers(self) -> Answers:
        rows: Any = MemoryRows()
        now = self.clock.now
        return Answers(lambda: self.store, rows, now, "123456789012", "us-east-1", lambda: self.log, self.roles)

    def page(self, **fields: object) -> Json:
        """One page of the log."""
        return audit_log(self.answers(), parse(GetAuditLog, fields))

    def history(self, group_id: str, **fields: object) -> Json:
        """One page of a group's history."""
        return history(self.answers(), parse(GetHistory, {"groupId": group_id, **fields}))

    def entries(self, **fields: object) -> list[Json]:
        """All entries of the log, page by page."""
        return turned(self.page, **fields)

    def told(self, group_id: str, **fields: object) -> list[Json]:
        """All entries of a group's history, page by page."""
        return turned(lambda **more: self.history(group_id, **more), **fields)


def turned(ask: Any, **fields: object) -> list[Json]:  # noqa: ANN401  a question that has pages
    found: list[Json] = []
    token, as_of = None, None
    while True:
        page = ask(**fields, nextToken=token)
        assert as_of in {None, page["asOf"]}, "all pages are of one moment"
        found, token, as_of = found + page["entries"], page["nextToken"], page["asOf"]
        if token is None:
            return found


def place(entry: Json) -> tuple[str, int]:
    return entry["streamId"], entry["version"]


def places(commits: list[Commit]) -> list[tuple[str, int]]:
    return [(commit.stream_id, commit.version) for commit in commits]


def failed(server: int, text: str = "AWS said no", at: datetime = NOON) -> f.ServerConfigFailed:
    return f.ServerConfigFailed(
        source_server_id=sid(server), epoch=1, fate="failed", code="AccessDeniedException", message=text, at=at
    )


def lived(trail: Trail) -> Trail:
    """Eight days of many streams: days with much, with nothing, and commits of the same millisecond."""
    clock = trail.clock
    for number in range(60):
        actor = ACTORS[number % 4]
        group, execution = f"pg-{number % 3}", f"exec-{number % 2}"
        if number % 5 != 4:
            clock.sleep([0, 1, 0.001, 3600, 40_000][number % 5] if number != 30 else 3 * 86_400)
        trail.append(GROUP, (group,), *[failed(number % 4 + one) for one in range(number % 3)], actor=actor)
        if number % 4 == 0:
            due = f.LaunchConfigsDue(source_server_ids=(sid(1), sid(2)), reason="requested", requested_by=actor)
            trail.append(GROUP, (group,), due, failed(9), actor=actor)
        if number % 6 == 0:
            drop = w.Offender(source_server_id=sid(number % 4), reason="BUSY", message="a job holds it")
            dropped = w.ServersDropped(chunk=0, servers=(drop,), code="CONFLICT", at=NOON)
            trail.append(WAVE, (execution, number % 2), dropped, actor=actor)
        if number % 7 == 0:
            trail.append(EXECUTION, (execution,), ExecutionResumed(wave=0, at=NOON), actor=actor)
            enrolled = GroupEnrolled(group_id=group, enrolment=Enrolment(name=group, servers=(sid(number % 4),)))
            trail.append(ROSTER, ("123456789012", "us-east-1"), enrolled, actor=actor)
    clock.sleep(timedelta(minutes=1).total_seconds())
    return trail


def damage(trail: Trail, key_: str, version: int, kind: str = "group", **attributes: Json | None) -> None:
    """Puts other attributes into a stored commit; None takes one away."""
    store: Any = trail.store
    key = {"streamId": {"S": f"{kind}#{key_}"}, "version": {"N": str(version)}}
    item = {**store._client.get_item(TableName=store._table, Key=key)["Item"], **attributes}
    kept = {name: value for name, value in item.items() if value is not None}
    store._client.put_item(TableName=store._table, Item=kept)


def inserted(trail: Trail, group_id: str, version: str, **attributes: Json) -> None:
    """Puts a copy of the first commit beside it, under a number of its own."""
    store: Any = trail.store
    key = {"streamId": {"S": f"group#{group_id}"}, "version": {"N": "1"}}
    item = store._client.get_item(TableName=store._table, Key=key)["Item"]
    store._client.put_item(TableName=store._table, Item={**item, "version": {"N": version}, **attributes})

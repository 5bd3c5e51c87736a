"""The answers to questions about groups; judged at the moment of the question, or at the one that is asked about."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from events import shown
from events.doors import Json
from events.errors import Refused
from events.lookback import at_time, at_version
from events.moments import iso
from events.roles import Role
from events.streams import GROUP, Store, load
from projections.row import Row, definition_json, definition_of, render
from projections.table import Rows
from queries.log import Log
from queries.questions import (
    AboutGroup,
    GetLaunchConfigStatus,
    GetProtectionGroup,
    GetServerLaunchConfig,
    ListProtectionGroups,
)

RESOLVED = {"tagOverrides", "excluded"}
"""What was made of a server's tags and host name when its group was defined."""
CLOCKS = timedelta(seconds=5)
"""By how much the clock of who asks may be ahead."""


@dataclass(frozen=True)
class Answers:
    """Answers from the read model; from the events where the question asks for no less. `roles`: of who asks."""

    store: Callable[[], Store]
    rows: Rows
    now: Callable[[], datetime]
    account_id: str
    region: str
    log: Callable[[], Log]
    roles: frozenset[Role] = frozenset()

    def status(self, question: GetLaunchConfigStatus) -> Json:
        """The status as the requirement shows it, with groupId, and what makes it checkable."""
        row, at = self._row(question)
        return {"groupId": row["groupId"], **_status(row, at), **_provenance(row)}

    def group(self, question: GetProtectionGroup) -> Json:
        """What the group is, as it was said and may be sent back; beside it what was resolved, and its status."""
        row, at = self._row(question)
        said = definition_json(row)
        servers = said.pop("servers", [])
        return {
            "groupId": row["groupId"],
            **said,
            **_named(servers, selected="serverSelectionTags" in said),
            "resolved": {server["sourceServerId"]: _resolved(server) for server in servers},
            "launchConfigStatus": _status(row, at),
            **_provenance(row),
        }

    def server(self, question: GetServerLaunchConfig) -> Json:
        """What is wanted of one server, what of it is its own, and where it stands."""
        row, at = self._row(question)
        definition = definition_of(row)
        server = next((s for s in definition.servers if s.source_server_id == question.server_id), None)
        if server is None:
            raise Refused("NOT_FOUND", f"{question.server_id} is not in {row['groupId']}", 404, field="serverId")
        return {
            "groupId": row["groupId"],
            "sourceServerId": question.server_id,
            "useGroupDefaults": server.use_group_defaults,
            "launchConfig": definition.wanted(server),
            "launchTemplate": server.launch_template,
            "tagOverrides": server.tag_overrides,
            "excluded": server.excluded,
            "launchConfigStatus": _status(row, at)["serverConfigs"][question.server_id],
            **_provenance(row),
        }

    def groups(self, question: ListProtectionGroups) -> Json:
        """The groups of this account and a Region (the deployment's own), each with its word and its counts."""
        place = f"{self.account_id}#{question.region or self.region}"
        begin = _key(question.next_token, place)
        rows, more = self.rows.named(place, question.limit, begin)
        return {"groups": [self._line(row) for row in rows], "nextToken": _token(more)}

    def _row(self, question: AboutGroup) -> tuple[Row, datetime]:
        """What the group amounted to at the moment that is asked about, and that moment."""
        if question.as_of or question.version:
            return self._then(question)
        return self._now(question), self.now()

    def _then(self, question: AboutGroup) -> tuple[Row, datetime]:
        store, id_ = self.store(), question.group_id
        if question.as_of:
            if question.as_of > self.now() + CLOCKS:
                raise Refused("INVALID_PARAMETER", "asOf: is still to come, and nothing is known of it", field="asOf")
            stream, at = at_time(store, GROUP, question.as_of, id_), question.as_of
        else:
            stream = at_version(store, GROUP, question.version or 0, id_)
            at = datetime.fromisoformat(stream.recorded_at) if stream.version else self.now()
        row = render(stream, at)
        if not stream.version or row.get("deleted"):
            raise Refused("NOT_FOUND", f"there was no protection group {id_} then", 404, groupId=id_)
        return {**row, "asOf": iso(at)}, at

    def _now(self, question: AboutGroup) -> Row:
        row = self.rows.get(question.group_id)
        behind = question.min_version and (row is None or row["version"] < question.min_version)
        if question.consistency == "strong" or behind:
            row = render(load(self.store(), GROUP, question.group_id), self.now())
        if row is None or row.get("deleted"):
            raise Refused(
                "NOT_FOUND",
                f"there is no protection group {question.group_id}; one just created shows within a second, or at"
                " once with consistency=strong",
                404,
                groupId=question.group_id,
            )
        if question.min_version and row["version"] < question.min_version:
            raise Refused(
                "NOT_FOUND",
                f"{question.group_id} has no version {question.min_version} yet",
                404,
                field="minVersion",
                currentVersion=row["version"],
            )
        return row

    def _line(self, row: Row) -> Json:
        """A row of the list; a ready group whose oldest proof has run out is pending, as its status would say."""
        out = row["status"] == "ready" and datetime.fromisoformat(row["freshUntil"]) <= self.now()
        keys = ("groupId", "groupName", "description", "region", "accountId", "counts", "provedAt", "version")
        return {**{key: row.get(key) for key in keys}, "status": "pending" if out else row["status"]}


def _named(servers: list[Json], *, selected: bool) -> Json:
    """The servers as they were said: by id, or (the tags say which) only those with settings of their own."""
    bare = [{key: value for key, value in server.items() if key not in RESOLVED} for server in servers]
    if selected:
        return {"servers": [server for server in bare if len(server) > 1]}
    return {"sourceServerIds": [server["sourceServerId"] for server in servers], "servers": bare}


def _resolved(server: Json) -> Json:
    return {"tagOverrides": server.get("tagOverrides", []), "excluded": server.get("excluded")}


def _status(row: Row, at: datetime) -> Json:
    return shown.at(row["launchConfigStatus"], at)


def _provenance(row: Row) -> Json:
    keys = ("version", "definedIn", "recordedAt", "projectedAt", "asOf")
    return {key: row[key] for key in keys if key in row}


def _token(key: Any) -> str | None:  # noqa: ANN401  DynamoDB's LastEvaluatedKey
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode() if key else None


def _key(token: str | None, place: str) -> dict[str, str] | None:
    """Where a page begins: as the last one said, of the same account and Region."""
    if token is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise _bad_token() from error
    if not isinstance(key, dict) or {*key} != {"groupId", "accountRegion", "groupName"}:
        raise _bad_token()
    if not all(isinstance(value, str) and value for value in key.values()) or key["accountRegion"] != place:
        raise _bad_token()
    return key


def _bad_token() -> Refused:
    return Refused("INVALID_PARAMETER", "nextToken: use the one that the last page gave", field="nextToken")

"""What comes out of the record: the audit trail, and whether what is stored is what was appended."""

from typing import Any

from pydantic import Field

from local.openapi.answers import Answer


class Change(Answer):
    """One field of one server that a definition changed; `member` says that it joined or left.

    Of many servers with the same change there is one, with `sourceServerIds`, if there are too many to be told apart.
    """

    source_server_id: str | None = None
    source_server_ids: list[str] | None = None
    field: str
    found: Any = Field(alias="from")
    wanted: Any = Field(alias="to")


class Entry(Answer):
    """One commit: what was commanded, by whom, through which door, and the facts that followed (docs/events.md).

    `fault`: what of it could not be read, or is not what was sealed. `changesFault`: why its changes cannot be told.
    `changesLeftOut`: how many of them are too much for one answer; with `serverId` those of one server are told.
    """

    stream_id: str
    version: int | str
    recorded_at: str
    command: str
    command_id: str
    actor: str
    via: str
    correlation_id: str
    causation_id: str
    facts: list[dict[str, Any]]
    changes: list[Change] | None = None
    changes_left_out: int | None = None
    changes_fault: str | None = None
    fault: str | None = None


class Page(Answer):
    """A page, newest first; go on with `nextToken` until it is null. A sheet (`format=csv`) is the body itself."""

    entries: list[Entry]
    as_of: str
    next_token: str | None


class History(Page):
    """`GET /protection-groups/{groupId}/history`."""

    group_id: str


class AuditLog(Page):
    """`GET /audit-log`, back to `from`."""

    since: str = Field(alias="from")


class Fault(Answer):
    """A stream that is not what was appended, and the first version that does not fit."""

    stream_id: str
    sound_versions: int
    version: int
    why: str


class Verification(Answer):
    """`GET /verify`; `after` is where to go on if there was no time for all."""

    ok: bool
    streams: int
    commits: int
    faults: list[Fault]
    after: str | None

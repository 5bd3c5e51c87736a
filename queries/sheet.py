"""The audit trail as a sheet: one row for each fact and server. Pure.

Source of the cells that are defused: OWASP, CSV injection.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from events.shown_commits import servers_of

Json = dict[str, Any]
OF_COMMIT = ("recordedAt", "actor", "via", "command", "streamId", "version")
OF_CAUSE = ("correlationId", "causationId")
COLUMNS = (*OF_COMMIT, "fact", "sourceServerId", "code", "message", *OF_CAUSE)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(entries: Iterable[Json], server_id: str | None = None) -> str:
    """CSV with a line of column names; only the rows about one server, if one is named."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerows(rows(entry, server_id))
    return text.getvalue()


def rows(entry: Json, server_id: str | None = None) -> Iterator[list[str]]:
    """The rows of one commit. What names no server has a row with none, and so has a commit without facts."""
    before, behind = [entry[name] for name in OF_COMMIT], [entry[name] for name in OF_CAUSE]
    for fact in entry["facts"] or [{"type": ""}]:
        ids = servers_of(fact)
        for id_ in [server_id] if server_id else ids or [""]:
            cells = [*before, fact["type"], id_, *_said(fact, id_), *behind]
            yield [_defused(str(cell)) for cell in cells]


def _said(fact: Json, server_id: str) -> tuple[str, str]:
    """What was said of this server, else of all of them."""
    named = [*fact.get("offenders", ()), *fact.get("servers", ())]
    own: Json = next((one for one in named if one["sourceServerId"] == server_id and "reason" in one), {})
    return own.get("reason") or fact.get("code", ""), own.get("message") or fact.get("message", "")


def _defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell

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
    """The rows of one commit. What names no server has a row with none, and so has a commit without facts.

    A row of its own has what AWS said of a whole job beside its offenders, and what could not be read of the commit.
    """
    before, behind = [entry[name] for name in OF_COMMIT], [entry[name] for name in OF_CAUSE]
    for fact in _facts(entry):
        ids = servers_of(fact)
        for id_ in [server_id] if server_id else ids or [""]:
            cells = [*before, fact["type"], id_, *_said(fact, id_), *behind]
            yield [_defused(str(cell)) for cell in cells]


def _facts(entry: Json) -> Iterator[Json]:
    """The facts, of which each says one thing."""
    fault = entry.get("fault")
    for fact in entry["facts"] or ([] if fault else [{"type": ""}]):
        yield fact
        if _named(fact) and (fact.get("code") or fact.get("message")):
            yield {key: fact[key] for key in ("type", "code", "message") if key in fact}
    if fault:
        yield {"type": "", "message": fault}


def _said(fact: Json, server_id: str) -> tuple[str, str]:
    """What was said of this server, else of all of them."""
    own: Json = next((one for one in _named(fact) if one["sourceServerId"] == server_id), {})
    code = own.get("reason") or fact.get("code") or fact.get("outcome", "")
    return code, own.get("message") or fact.get("message", "")


def _named(fact: Json) -> list[Json]:
    """The servers of which it says something of their own."""
    lists = [fact[key] for key in ("offenders", "servers") if isinstance(fact.get(key), list)]
    return [one for each in lists for one in each if isinstance(one, dict) and {"sourceServerId", "reason"} <= {*one}]


def _defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell

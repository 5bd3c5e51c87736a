"""What is recorded: a group's history, the audit log, and whether it is still what was appended."""

import csv
from argparse import Namespace
from io import StringIO

from local.command_line.codes import DONE, FAILED, Json, Outcome
from local.command_line.plain import counted, say
from local.command_line.refusals import UsageError
from local.command_line.talk import Talk

PAGE = 100


def history(talk: Talk, arguments: Namespace) -> Outcome:
    """Of one group, with what its definition changed."""
    return _trail(talk, "get_history", {"groupId": arguments.group}, arguments)


def audit(talk: Talk, arguments: Namespace) -> Outcome:
    """Of everything, or of what is named."""
    about = {"groupId": arguments.group, "executionId": arguments.execution}
    return _trail(talk, "get_audit_log", about, arguments)


def verify(talk: Talk, arguments: Namespace) -> Outcome:
    """One stream, or all, page by page: the sum of the pages is one answer."""
    asked = {"groupId": arguments.group, "streamId": arguments.stream}
    answer = talk.ask("verify_streams", asked)
    while answer["after"]:
        say(f"{counted(answer['streams'], 'stream')} verified")
        page = talk.ask("verify_streams", {"after": answer["after"]})
        answer = {
            "ok": answer["ok"] and page["ok"],
            "streams": answer["streams"] + page["streams"],
            "commits": answer["commits"] + page["commits"],
            "faults": [*answer["faults"], *page["faults"]],
            "after": page["after"],
        }
    return answer, DONE if answer["ok"] else FAILED


def _trail(talk: Talk, operation: str, about: Json, arguments: Namespace) -> Outcome:
    """As many entries as were asked for; what else the service answers is of the last page."""
    if arguments.csv and arguments.json:
        raise UsageError("ask for --csv or --json, not for both")
    asked = {**about, **_chosen(arguments)}
    pages: list[Json] = []
    count, token = 0, arguments.next_token
    while True:
        left = arguments.limit - count if arguments.limit else PAGE
        page = talk.ask(operation, {**asked, "limit": min(PAGE, left), "nextToken": token})
        pages.append(page)
        count, token = count + _entries(page), page.get("nextToken")
        if not token or (arguments.limit and count >= arguments.limit):
            break
    if token:
        say(f"preflight: there is more than these {count}: --limit 0 is all, or --next-token {token}")
    return {**page, **_joined(pages, sheet=arguments.csv), "nextToken": token}, DONE


def _chosen(arguments: Namespace) -> Json:
    return {
        "serverId": arguments.server,
        "actor": arguments.actor,
        "type": arguments.type,
        "from": arguments.since,
        "to": arguments.until,
        "format": "csv" if arguments.csv else None,
    }


def _entries(page: Json) -> int:
    """How many entries a page has; in a sheet one has many rows."""
    if "csv" not in page:
        return len(page["entries"])
    return len({(row["streamId"], row["version"]) for row in csv.DictReader(StringIO(page["csv"], newline=""))})


def _joined(pages: list[Json], *, sheet: bool) -> Json:
    """One answer; a sheet's names stand in its first line only."""
    if not sheet:
        return {"entries": [entry for page in pages for entry in page["entries"]]}
    first, *rest = (page["csv"] for page in pages)
    return {"csv": (first + "".join(text.partition("\n")[2] for text in rest)).removesuffix("\n")}

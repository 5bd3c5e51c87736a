"""What is recorded: a group's history, the audit log, and whether it is still what was appended."""

from argparse import Namespace

from local.command_line import tables
from local.command_line.codes import DONE, FAILED, Json, Outcome
from local.command_line.refusals import UsageError
from local.command_line.talk import Talk
from queries.sheet import sheet

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
        talk.say.print(f"{answer['streams']} streams verified")
        page = talk.ask("verify_streams", {"after": answer["after"]})
        answer = {
            "ok": answer["ok"] and page["ok"],
            "streams": answer["streams"] + page["streams"],
            "commits": answer["commits"] + page["commits"],
            "faults": [*answer["faults"], *page["faults"]],
            "after": page["after"],
        }
    return answer, DONE if answer["ok"] else FAILED, tables.verified(answer)


def _trail(talk: Talk, operation: str, about: Json, arguments: Namespace) -> Outcome:
    if arguments.csv and arguments.json:
        raise UsageError("ask for --csv or --json, not for both")
    asked = {
        **about,
        "serverId": arguments.server,
        "actor": arguments.actor,
        "type": arguments.type,
        "from": arguments.since,
        "to": arguments.until,
    }
    answer = _entries(talk, operation, asked, arguments)
    found = answer["entries"]
    return answer, DONE, (sheet(found, arguments.server).rstrip(),) if arguments.csv else tables.entries(found)


def _entries(talk: Talk, operation: str, asked: Json, arguments: Namespace) -> Json:
    """As many entries as were asked for; what else the service answers is of the last page."""
    found: list[Json] = []
    token = arguments.next_token
    while True:
        left = arguments.limit - len(found) if arguments.limit else PAGE
        page = talk.ask(operation, {**asked, "limit": min(PAGE, left), "nextToken": token})
        found += page["entries"]
        token = page.get("nextToken")
        if not token or (arguments.limit and len(found) >= arguments.limit):
            break
    if token:
        talk.say.print(f"preflight: there is more than these {len(found)}: --limit 0 is all, or --next-token {token}")
    return {**page, "entries": found, "nextToken": token}

"""Each command: what may be written behind it, what it does, and by which name it is shown to people."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from local.command_line import changes, executions, groups, records, waves

Commands = Any  # argparse's own class for sub-commands is private


def _groups(commands: Commands, every: ArgumentParser) -> None:
    listed = commands.add_parser("groups", parents=[every], help="all protection groups of a Region")
    listed.add_argument("--of-region", metavar="REGION", help="else the deployment's own")
    listed.set_defaults(run=groups.listed, shown="tables.groups")

    one = commands.add_parser("group", parents=[every], help="a group as it was defined, to be changed and sent back")
    one.set_defaults(run=groups.defined, shown="tables.json")
    server = commands.add_parser("server", parents=[every], help="the configuration of one server, of all layers")
    server.set_defaults(run=groups.server, shown="tables.json")
    status = commands.add_parser("status", parents=[every], help="whether a group is ready, and why not")
    status.set_defaults(run=groups.status, shown="tables.status")
    for each in (one, server, status):
        each.add_argument("group", type=_name, metavar="ID")
        then = each.add_mutually_exclusive_group()
        then.add_argument("--as-of", metavar="TIME", help="what was true then: 2026-11-24T12:00:00Z")
        then.add_argument("--version", type=int, metavar="N", help="what was true at that version")
        if each is status:
            then.add_argument("--watch", action="store_true", help="until nothing is pending")
    server.add_argument("server", type=_name, metavar="SERVER")


def _changes(commands: Commands, every: ArgumentParser) -> None:
    create = commands.add_parser("create", parents=[every], help="a new group, applied at once")
    update = commands.add_parser("update", parents=[every], help="define a group anew; what is left out stays")
    add = commands.add_parser("add", parents=[every], help="servers to a group, applied at once")
    apply = commands.add_parser("apply", parents=[every], help="apply and read back what is due")
    remove = commands.add_parser("remove", parents=[every], help="a server from a group")
    delete = commands.add_parser("delete", parents=[every], help="a group; AWS keeps what was applied")
    for each in (update, add, apply, remove, delete):
        each.add_argument("group", type=_name, metavar="ID")
    for each in (create, update):
        each.add_argument("-f", "--file", required=True, help="JSON, as `group ID` prints it; - is standard input")
    add.add_argument("servers", type=_name, nargs="+", metavar="SERVER")
    remove.add_argument("server", type=_name, metavar="SERVER")
    apply.add_argument("--force", action="store_true", help="what is ready, too")
    for each in (create, update, add, apply):
        patience = each.add_mutually_exclusive_group()
        patience.add_argument("--wait", action="store_true", help="until nothing is pending")
        patience.add_argument("--no-wait", action="store_true", help="only until it is recorded")
    runs = (changes.create, changes.update, changes.add, changes.apply, changes.remove, changes.delete)
    for each, run in zip((create, update, add, apply, remove, delete), runs, strict=True):
        each.add_argument("--request-id", metavar="KEY", help="the same key again has no second effect")
        each.set_defaults(run=run, shown="tables.deleted" if each is delete else "tables.applied")


def _plans(commands: Commands, every: ArgumentParser) -> None:
    plan = commands.add_parser("plan", parents=[every], help="what apply would change; nothing is written")
    plan.add_argument("--force", action="store_true", help="as if it were forced")
    plan.set_defaults(run=groups.plan, shown="diff.plan")
    resolve = commands.add_parser("resolve", parents=[every], help="which servers its tags would select now")
    resolve.set_defaults(run=groups.resolve, shown="diff.resolve")
    for each in (plan, resolve):
        each.add_argument("group", type=_name, metavar="ID")


def _records(commands: Commands, every: ArgumentParser) -> None:
    history = commands.add_parser("history", parents=[every], help="what happened to a group")
    history.add_argument("group", type=_name, metavar="ID")
    audit = commands.add_parser("audit", parents=[every], help="what happened, and who did it")
    about = audit.add_mutually_exclusive_group()
    about.add_argument("--group", metavar="ID")
    about.add_argument("--execution", metavar="ID", help="with its waves")
    for each, run in ((history, records.history), (audit, records.audit)):
        each.add_argument("--actor")
        each.add_argument("--from", dest="since", metavar="TIME", help="2026-11-24T12:00:00Z")
        each.add_argument("--to", dest="until", metavar="TIME")
        each.add_argument("--csv", action="store_true", help="for a spreadsheet: one line for each fact and server")
        each.add_argument("--server", metavar="S")
        each.add_argument("--type", help="of a fact: ServerConfigFailed")
        each.add_argument("--limit", type=_count, default=100, metavar="N", help="entries at most: 100; 0 is all")
        each.add_argument("--next-token", metavar="TOKEN", help="go on where another answer ended")
        each.set_defaults(run=run, shown="tables.entries")

    verify = commands.add_parser("verify", parents=[every], help="whether what is stored is what was appended")
    one = verify.add_mutually_exclusive_group()
    one.add_argument("--group", metavar="ID")
    one.add_argument("--stream", metavar="S", help="group#ID, wave#EXECUTION#N, ...; else all")
    verify.set_defaults(run=records.verify, shown="tables.verified")


def _waves(commands: Commands, every: ArgumentParser) -> None:
    family = commands.add_parser("wave", help="start one, look at one").add_subparsers(
        metavar="start|show", required=True
    )
    start = family.add_parser("start", parents=[every], help="once, whoever asks how often")
    show = family.add_parser("show", parents=[every], help="how far it has come")
    for each in (start, show):
        each.add_argument("execution", type=_name, metavar="EXECUTION")
        each.add_argument("number", type=int, metavar="N", help="from 0")
    start.add_argument("groups", type=_name, nargs="+", metavar="GROUP")
    kind = start.add_mutually_exclusive_group(required=True)
    kind.add_argument("--drill", action="store_true", dest="drill")
    kind.add_argument("--recovery", action="store_false", dest="drill")
    start.add_argument("--on-not-ready", choices=("block", "proceed"), help="else the groups' own policy")
    start.add_argument("--budget", type=int, metavar="SECONDS", help="to apply what is not ready: 120, by API 10")
    start.add_argument("--live-check", action="store_true", help="look at AWS first, however fresh the proof")
    start.add_argument("--wait", action="store_true", help="until its recovery jobs have ended")
    start.set_defaults(run=waves.start, shown="tables.wave")
    show.add_argument("--watch", action="store_true", help="until its recovery jobs have ended")
    show.set_defaults(run=waves.show, shown="tables.wave")

    ready = commands.add_parser("readiness", parents=[every], help="could a wave of these start now?")
    ready.add_argument("groups", type=_name, nargs="*", metavar="GROUP")
    ready.add_argument("--servers", nargs="+", metavar="S", help="of these servers, instead")
    ready.set_defaults(run=waves.readiness, shown="tables.readiness")


def _executions(commands: Commands, every: ArgumentParser) -> None:
    family = commands.add_parser("execution", help="a plan of waves that runs by itself").add_subparsers(
        metavar="start|show|resume|cancel", required=True
    )
    start = family.add_parser("start", parents=[every], help="the same plan again joins the one that runs")
    start.add_argument("-f", "--file", required=True, help="the plan (docs/waves.md) as JSON; - is standard input")
    start.set_defaults(run=executions.start)
    show = family.add_parser("show", parents=[every], help="where it is")
    resume = family.add_parser("resume", parents=[every], help="let it go on with the wave that it waits before")
    resume.add_argument("--wave", type=int, metavar="N", help="if that is the wave, numbered from 0; else refuse")
    cancel = family.add_parser("cancel", parents=[every], help="start no further wave; what launches goes on")
    for each, run in ((show, executions.show), (resume, executions.resume), (cancel, executions.cancel)):
        each.add_argument("execution", type=_name, metavar="ID")
        each.set_defaults(run=run)
    for each, word in ((start, "--wait"), (resume, "--wait"), (show, "--watch")):
        each.add_argument(word, action="store_true", help="until it has ended, or waits for somebody")
    for each in (start, show, resume, cancel):
        each.set_defaults(shown="tables.execution")


def _name(text: str) -> str:
    """What can stand in a path: an empty one would be another question."""
    if not all(part.strip(".") for part in text.split("/")):
        raise ArgumentTypeError(f"{text!r} is no id")
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text} is no number of entries; 0 is all")
    return int(text)


FAMILIES = (_groups, _changes, _plans, _records, _waves, _executions)
"""In the order in which help tells of them."""

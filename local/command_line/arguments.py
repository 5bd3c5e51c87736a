"""What may be written on the command line. Options that say whom to ask may stand before or after the command."""

import argparse
from typing import Any, NoReturn

from local.command_line import executions, groups, records, waves
from local.command_line.refusals import UsageError

TIMEOUT = 3600.0
DEFAULTS: dict[str, Any] = {
    "api": None,
    "direct": None,
    "serve_line": None,
    "token": None,
    "profile": None,
    "region": None,
    "endpoint_url": None,
    "json": False,
    "timeout": TIMEOUT,
}
CODES = """exit codes:
  0 ready or done   2 not yet (pending, running, repair)   3 failed (partly, no-go, or what a plan would be refused)
  4 refused, or nobody could be asked: the message says what to do   64 the command line does not make sense"""
Commands = Any  # argparse's own class for sub-commands is private


class Parser(argparse.ArgumentParser):
    """Says what is wrong by raising, so that there is one place that ends the program; knows whole words only."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  argparse's own
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Not understood."""
        raise UsageError(f"{message}; {self.prog} --help tells what there is")


def parser() -> argparse.ArgumentParser:
    """``run`` is what the command does: with a talk and the arguments."""
    every = _everywhere()
    top = Parser(
        prog="preflight",
        description="Launch configurations applied and proved before the disaster; waves that start at once.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[every],
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for family in (_groups, _plans, _records, _waves, _executions):
        family(commands, every)
    return top


def _everywhere() -> Parser:
    every = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    where = every.add_argument_group("whom to ask")
    where.add_argument("--api", metavar="URL", help="of API Gateway, ending with the stage (PREFLIGHT_API)")
    where.add_argument("--token", help="an id token of Cognito's, else AWS credentials sign (PREFLIGHT_TOKEN)")
    where.add_argument("--direct", metavar="STACK", help="invoke a stack's functions, or commands=NAME,queries=...")
    where.add_argument("--serve-line", metavar="FILE", help="the embedded cloud's line (PREFLIGHT_SERVE_LINE)")
    where.add_argument("--profile", help="of AWS's configuration")
    where.add_argument("--region")
    where.add_argument("--endpoint-url", metavar="URL", help="of AWS's services, with --direct (AWS_ENDPOINT_URL)")
    every.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else")
    every.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="of --wait and --watch: 3600; 0 is without end"
    )
    return every


def _seconds(text: str) -> float:
    if not 0 <= (seconds := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError("seconds are 0 or more")
    return seconds


def _count(text: str) -> int:
    if (count := int(text)) < 0:
        raise argparse.ArgumentTypeError("0 is all, and less there is not")
    return count


def _groups(commands: Commands, every: Parser) -> None:
    listed = commands.add_parser("groups", parents=[every], help="all protection groups of a Region")
    listed.add_argument("--of-region", metavar="REGION", help="else the deployment's own")
    listed.set_defaults(run=groups.listed)

    one = commands.add_parser("group", parents=[every], help="a group as it was defined, to be changed and sent back")
    one.add_argument("group", metavar="ID")
    one.set_defaults(run=groups.defined)

    create = commands.add_parser("create", parents=[every], help="a new group, applied at once")
    update = commands.add_parser("update", parents=[every], help="define a group anew; what is left out stays")
    update.add_argument("group", metavar="ID")
    apply = commands.add_parser("apply", parents=[every], help="apply and read back what is due")
    apply.add_argument("group", metavar="ID")
    apply.add_argument("--force", action="store_true", help="what is ready, too")
    for each, run in ((create, groups.create), (update, groups.update), (apply, groups.apply)):
        if run is not groups.apply:
            each.add_argument("-f", "--file", required=True, help="JSON, see docs/api.md; - is standard input")
        patience = each.add_mutually_exclusive_group()
        patience.add_argument("--wait", action="store_true", help="until nothing is pending")
        patience.add_argument("--no-wait", action="store_true", help="only until it is recorded")
        each.add_argument("--request-id", metavar="KEY", help="the same key again has no second effect")
        each.set_defaults(run=run)


def _plans(commands: Commands, every: Parser) -> None:
    plan = commands.add_parser("plan", parents=[every], help="what apply would change; nothing is written")
    plan.add_argument("group", metavar="ID")
    plan.add_argument("--force", action="store_true", help="as if it were forced")
    plan.set_defaults(run=groups.plan)

    status = commands.add_parser("status", parents=[every], help="whether a group is ready, and why not")
    status.add_argument("group", metavar="ID")
    then = status.add_mutually_exclusive_group()
    then.add_argument("--as-of", metavar="TIME", help="what was true then: 2026-11-24T12:00:00Z")
    then.add_argument("--version", type=int, metavar="N", help="what was true at that version")
    then.add_argument("--watch", action="store_true", help="until nothing is pending")
    status.set_defaults(run=groups.status)


def _records(commands: Commands, every: Parser) -> None:
    history = commands.add_parser("history", parents=[every], help="what happened to a group")
    history.add_argument("group", metavar="ID")
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
        each.set_defaults(run=run)

    verify = commands.add_parser("verify", parents=[every], help="whether what is stored is what was appended")
    one = verify.add_mutually_exclusive_group()
    one.add_argument("--group", metavar="ID")
    one.add_argument("--stream", metavar="S", help="group#ID, wave#EXECUTION#N, ...; else all")
    verify.set_defaults(run=records.verify)


def _waves(commands: Commands, every: Parser) -> None:
    family = commands.add_parser("wave", help="start one, look at one").add_subparsers(
        metavar="start|show", required=True, parser_class=Parser
    )
    start = family.add_parser("start", parents=[every], help="once, whoever asks how often")
    show = family.add_parser("show", parents=[every], help="how far it has come")
    for each in (start, show):
        each.add_argument("execution", metavar="EXECUTION")
        each.add_argument("number", type=int, metavar="N", help="from 0")
    start.add_argument("groups", nargs="+", metavar="GROUP")
    kind = start.add_mutually_exclusive_group(required=True)
    kind.add_argument("--drill", action="store_true", dest="drill")
    kind.add_argument("--recovery", action="store_false", dest="drill")
    start.add_argument("--on-not-ready", choices=("block", "proceed"), help="else the groups' own policy")
    start.add_argument("--budget", type=int, metavar="SECONDS", help="to apply what is not ready: 120, by API 10")
    start.add_argument("--live-check", action="store_true", help="look at AWS first, however fresh the proof")
    start.add_argument("--wait", action="store_true", help="until its recovery jobs have ended")
    start.set_defaults(run=waves.start)
    show.add_argument("--watch", action="store_true", help="until its recovery jobs have ended")
    show.set_defaults(run=waves.show)

    ready = commands.add_parser("readiness", parents=[every], help="could a wave of these start now?")
    ready.add_argument("groups", nargs="*", metavar="GROUP")
    ready.add_argument("--servers", nargs="+", metavar="S", help="of these servers, instead")
    ready.set_defaults(run=waves.readiness)


def _executions(commands: Commands, every: Parser) -> None:
    family = commands.add_parser("execution", help="a plan of waves that runs by itself").add_subparsers(
        metavar="start|show|resume|cancel", required=True, parser_class=Parser
    )
    start = family.add_parser("start", parents=[every], help="the same plan again joins the one that runs")
    start.add_argument("-f", "--file", required=True, help="the plan (docs/waves.md) as JSON; - is standard input")
    start.set_defaults(run=executions.start)
    show = family.add_parser("show", parents=[every], help="where it is")
    show.add_argument("--watch", action="store_true", help="until it has ended")
    resume = family.add_parser("resume", parents=[every], help="let it go on with the wave that it waits before")
    cancel = family.add_parser("cancel", parents=[every], help="start no further wave; what launches goes on")
    for each, run in ((show, executions.show), (resume, executions.resume), (cancel, executions.cancel)):
        each.add_argument("execution", metavar="ID")
        each.set_defaults(run=run)

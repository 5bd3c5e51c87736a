"""What may be written on the command line. Options that say whom to ask may stand before or after the command."""

import argparse
from typing import Any, NoReturn

from local.command_line.refusals import UsageError
from local.command_line.subcommands import FAMILIES

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
  4 refused, or nobody could be asked: the message says what to do   64 the command line does not make sense
  74 done, but standard output did not take the answer   130 interrupted: what was asked for goes on"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong by raising, so that there is one place that ends the program; knows whole words only."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  argparse's own
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Not understood."""
        raise UsageError(f"{message}; {self.prog} --help tells what there is")


def parser() -> argparse.ArgumentParser:
    """``run`` is what the command does, with a talk and the arguments; ``shown`` is what people see, by its name."""
    every = _everywhere()
    top = Parser(
        prog="preflight",
        description="Launch configurations applied and proved before the disaster; waves that start at once.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[every],
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for family in FAMILIES:
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
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds; 0 is without end")
    return seconds

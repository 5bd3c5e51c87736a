"""From the command line to an exit code: the one place that prints the answer, and that ends the program."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

import orjson
from rich.console import Console
from rich.text import Text

from local.command_line.arguments import DEFAULTS, parser
from local.command_line.codes import INTERRUPTED, REFUSED, USAGE, Json, Outcome
from local.command_line.plain import printable
from local.command_line.refusals import Refusal, UsageError, refusal
from local.command_line.talk import Talk
from local.command_line.where import door

WIDE = 160
"""Columns where nobody's terminal says how many there are."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. With ``--json`` standard output gets one JSON document, also if the answer is no."""
    argv = sys.argv[1:] if argv is None else argv
    say = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        answer, code, shown = _outcome(argv, say)
    except UsageError as error:
        return _no(say, {"error": "USAGE", "message": str(error), "retryable": False}, USAGE, argv, "")
    except Refusal as no:
        return _no(say, no.body, REFUSED, argv, no.advice)
    except KeyboardInterrupt:
        say.print("preflight: stopped looking; what was asked for goes on")
        return INTERRUPTED
    try:
        _print(answer, shown, as_json="--json" in argv)
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _outcome(argv: Sequence[str], say: Console) -> Outcome:
    arguments = parser().parse_args(argv, Namespace())
    for name, value in DEFAULTS.items():
        vars(arguments).setdefault(name, value)
    talk = Talk(door(arguments, os.environ), say)
    try:
        outcome: Outcome = arguments.run(talk, arguments)
    except KeyError as error:
        raise refusal("NOT_A_SERVICE", f"the answer has no {error}") from error
    return outcome


def _print(answer: Json, shown: Sequence[object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(f"{orjson.dumps(answer).decode()}\n")
    else:
        out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
        for each in shown:
            if isinstance(each, str):  # for another program: JSON, CSV
                sys.stdout.write(f"{each}\n")
            else:
                out.print(each, soft_wrap=isinstance(each, Text))
    sys.stdout.flush()


def _no(say: Console, body: Json, code: int, argv: Sequence[str], advice: str) -> int:
    if "--json" in argv:
        sys.stdout.write(f"{orjson.dumps(body).decode()}\n")
        sys.stdout.flush()
    word = "" if code == USAGE else f"{body['error']}: "
    say.print(printable(f"preflight: {word}{body.get('message', '')}"), markup=False)
    for key, value in (body.get("details") or {}).items():
        say.print(printable(f"  {key}: {printable(value)}"), markup=False)
    if advice:
        say.print(f"  what to do: {advice}", markup=False)
    return code

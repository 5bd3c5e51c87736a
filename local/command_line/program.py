"""From the command line to an exit code: the one place that prints the answer, and that ends the program."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module

import orjson

from local.command_line.arguments import DEFAULTS, parser
from local.command_line.codes import INTERRUPTED, REFUSED, UNWRITTEN, USAGE, Json
from local.command_line.plain import printable, say
from local.command_line.refusals import Refusal, UsageError, refusal
from local.command_line.talk import Talk

MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
"""What becomes of reading an answer that is not as this command knows it."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. With ``--json`` standard output gets one JSON document, also if the answer is no."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _main(argv, as_json="--json" in argv)
    except KeyboardInterrupt:
        say("preflight: stopped looking; what was asked for goes on")
        return INTERRUPTED


def _main(argv: Sequence[str], *, as_json: bool) -> int:
    try:
        code, text = _outcome(parser().parse_args(argv, Namespace()))
    except SystemExit:  # --help has been printed
        return _written("", 0)
    except UsageError as error:
        say(f"preflight: {error}")
        code, body = USAGE, {"error": "USAGE", "message": str(error), "retryable": False}
    except Refusal as no:
        _tell(no)
        code, body = REFUSED, no.body
    else:
        return _written(text, code)
    return _written(_line(body) if as_json else "", code)


def _outcome(arguments: Namespace) -> tuple[int, str]:
    """The exit code, and what standard output is given: JSON, else as people read it."""
    for name, value in DEFAULTS.items():
        vars(arguments).setdefault(name, value)
    from local.command_line.where import door  # noqa: PLC0415  botocore is slow to come, and --help does without

    talk = Talk(door(arguments, os.environ), drawn=not arguments.json and bool(sys.stderr) and sys.stderr.isatty())
    try:
        answer, code = arguments.run(talk, arguments)
        return code, _line(answer) if arguments.json else _for_people(arguments.shown, answer)
    except MISSHAPEN as error:
        raise refusal("NOT_A_SERVICE", f"this is not how the service answers: {error!r}") from error


def _for_people(shown: str, answer: Json) -> str:
    """By a function's name in `tables` or `diff`: neither is imported for JSON."""
    module, _, function = shown.partition(".")
    draw = getattr(import_module(f"local.command_line.{module}"), function)
    from local.command_line.styles import rendered  # noqa: PLC0415  the same

    return rendered(draw(answer))


def _line(body: Json) -> str:
    return f"{orjson.dumps(body).decode()}\n"


def _written(text: str, code: int) -> int:
    """The exit code, once the text is on standard output."""
    try:
        if sys.stdout is None:
            raise OSError(0, "it is closed")  # noqa: TRY301  as if the system had said so
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        say(f"preflight: it is done, but standard output did not take the answer: {error.strerror}")
        if sys.stdout:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNWRITTEN
    return code


def _tell(no: Refusal) -> None:
    """In one line; below it what else is wrong, and what to do."""
    message, details = str(no.body.get("message", "")), dict(no.body.get("details") or {})
    say(f"preflight: {no.code}: {message}")
    for also in details.pop("validationErrors", [])[1:]:  # the first is the message
        say(f"  also {also['field']}: {also['message']}")
    for key, value in details.items():
        if key != "field" or f"{value}: " not in message:
            say(f"  {key}: {printable(value)}")
    say(f"  what to do: {no.advice}")

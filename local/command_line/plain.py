"""Text from outside as a terminal may be given it: no markup, no escapes, one line."""

import sys
from contextlib import suppress
from typing import Any

import orjson


def printable(value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    """A value in one line: text as it is, nothing as a dash, the rest as JSON."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def counted(number: int, word: str) -> str:
    """``1 job``, ``2 jobs``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def say(text: str) -> None:
    """A line for people, on standard error: standard output is the answer's alone. Nobody need listen."""
    if sys.stderr:
        with suppress(OSError):
            print(printable(text), file=sys.stderr, flush=True)

"""Text from outside as a terminal may be given it: no markup, no escapes, one line."""

from typing import Any

import orjson
from rich.text import Text

STYLES = {
    "ready": "green",
    "recovered": "green",
    "completed": "green",
    "go": "green",
    "failed": "red",
    "partly": "red",
    "no-go": "red",
    "cancelled": "red",
    "pending": "yellow",
    "repair": "yellow",
    "running": "yellow",
    "starting": "yellow",
    "paused": "yellow",
    "cancelling": "yellow",
}


def printable(value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    """A value in one line: text as it is, nothing as a dash, the rest as JSON."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def plain(value: Any, style: str = "") -> Text:  # noqa: ANN401  whatever JSON holds
    """The same, to be printed."""
    return Text(printable(value), style=style)


def word(status: Any) -> Text:  # noqa: ANN401  whatever JSON holds
    """A status, in its colour."""
    return plain(status, STYLES.get(str(status), ""))


def line(*parts: Any) -> Text:  # noqa: ANN401  Text as it is, everything else made plain
    """Parts in one line, a space between."""
    return Text(" ").join(part if isinstance(part, Text) else plain(part) for part in parts)

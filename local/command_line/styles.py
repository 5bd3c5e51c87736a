"""The same text in its colour, for whoever looks at a terminal."""

import sys
from collections.abc import Iterable
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from local.command_line.plain import printable

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
WIDE = 10_000
"""Columns: an id that is broken in two cannot be copied, and a terminal wraps by itself."""
Shown = Iterable[RenderableType]


def plain(value: Any, style: str = "") -> Text:  # noqa: ANN401  whatever JSON holds
    """To be printed as it is."""
    return Text(printable(value), style=style)


def word(status: Any) -> Text:  # noqa: ANN401  whatever JSON holds
    """A status, in its colour."""
    return plain(status, STYLES.get(str(status), ""))


def line(*parts: Any) -> Text:  # noqa: ANN401  Text as it is, everything else made plain
    """Parts in one line, a space between."""
    return Text(" ").join(part if isinstance(part, Text) else plain(part) for part in parts)


def table(*names: str) -> Table:
    """Columns under their names."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        made.add_column(name)
    return made


def rendered(shown: Shown) -> str:
    """As standard output takes it: in colour if that is a terminal and nobody said NO_COLOR."""
    page = StringIO()
    looked_at = bool(sys.stdout) and sys.stdout.isatty()
    console = Console(file=page, highlight=False, width=WIDE, force_terminal=looked_at or None)
    for each in shown:
        if isinstance(each, str):  # for another program: JSON, CSV
            page.write(f"{each}\n")
        else:
            console.print(each, soft_wrap=isinstance(each, Text))
    return page.getvalue()

"""How far it is, as long as somebody waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local.command_line.plain import printable, say

Step = tuple[str, int, int]
"""A word, how many are done, of how many."""
Show = Callable[[Step], None]


def lines() -> Show:
    """For a log: a line whenever something has changed."""
    said: list[Step] = []

    def show(step: Step) -> None:
        if step != (said[-1] if said else None):
            said.append(step)
            say(f"{step[0]}: {step[1]} of {step[2]}")

    return show


@contextmanager
def bar() -> Iterator[Show]:
    """For people at a terminal."""
    from rich.console import Console  # noqa: PLC0415  a pipeline does without
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=None)

        def show(step: Step) -> None:
            drawn.update(task, description=printable(step[0]), completed=step[1], total=step[2])

        yield show

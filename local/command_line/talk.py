"""A talk with the service: ask, ask again what may be asked again, and watch until something has settled."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.command_line.codes import Json
from local.command_line.plain import plain
from local.command_line.refusals import Refusal
from local.command_line.routes import Door

PATIENCE = 120.0
"""Seconds for which what may succeed later is asked again, where somebody waits."""
SHORTEST, LONGEST, GROWTH = 0.3, 5.0, 1.3
"""Seconds between two looks."""
Look = Callable[[], Json]
Step = tuple[str, int, int]
"""How far it is: a word, how many are done, of how many."""


@dataclass(frozen=True)
class Talk:
    """``say`` is for people, on standard error: standard output is the answer's alone."""

    door: Door
    say: Console

    def ask(self, operation: str, fields: Json) -> Json:
        """The answer; fields that are None are not sent.

        Raises:
            Refusal: it is no, or there is none.
        """
        return self.door.ask(operation, {key: value for key, value in fields.items() if value is not None})

    def insist(self, operation: str, fields: Json, *, unreachable_too: bool = False) -> Json:
        """The answer; asked again for a while if that may help. Only what has a key may be asked again.

        Raises:
            Refusal: it is no, and stays it.
        """
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(operation, fields)
            except Refusal as no:
                hopeless = not no.retryable or (no.code == "NO_CONNECTION" and not unreachable_too)
                pause = float(no.body.get("details", {}).get("retryAfter") or LONGEST)
                if hopeless or time.monotonic() + pause > give_up:
                    raise
                self.say.print(plain(f"{no.code}: {no}; asked again in {pause:.0f} s"))
                time.sleep(pause)

    def follow(
        self, what: tuple[str, Json], over: Callable[[Json], bool], step: Callable[[Json], Step], s: float
    ) -> Json:
        """What is found last: once it is over, or after ``s`` seconds (0: without end)."""
        give_up, pause = time.monotonic() + (s or float("inf")), SHORTEST
        with _bar(self.say) as show:
            while True:
                found = self.insist(*what, unreachable_too=True)
                show(step(found))
                if over(found):
                    return found
                if time.monotonic() + pause > give_up:
                    break
                time.sleep(pause)
                pause = min(pause * GROWTH, LONGEST)
        self.say.print(f"preflight: not settled after {s:.0f} s; it goes on all the same")
        return found


@contextmanager
def _bar(say: Console) -> Iterator[Callable[[Step], None]]:
    """A bar for people at a terminal; for a log, a line whenever something has changed."""
    if not say.is_terminal:
        yield _lines(say)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=say, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(step: Step) -> None:
            bar.update(task, description=plain(step[0]).plain, completed=step[1], total=step[2])

        yield show


def _lines(say: Console) -> Callable[[Step], None]:
    said: list[Step] = []

    def show(step: Step) -> None:
        if step != (said[-1] if said else None):
            said.append(step)
            say.print(plain(f"{step[0]}: {step[1]} of {step[2]}"))

    return show

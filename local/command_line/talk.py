"""A talk with the service: ask, ask again what may be asked again, and watch until something has settled."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from local.command_line.codes import Json
from local.command_line.plain import say
from local.command_line.progress import Step, bar, lines
from local.command_line.refusals import Refusal
from local.command_line.routes import Door

PATIENCE = 120.0
"""Seconds for which what may succeed later is asked again, where somebody waits."""
SHORTEST, LONGEST, GROWTH = 0.3, 5.0, 1.3
"""Seconds between two looks."""
Look = tuple[str, Json]
"""An operation, and its fields."""


@dataclass(frozen=True)
class Talk:
    """``drawn``: somebody at a terminal looks on."""

    door: Door
    drawn: bool = False

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
                pause = float((no.body.get("details") or {}).get("retryAfter") or LONGEST)
                if hopeless or time.monotonic() + pause > give_up:
                    raise
                say(f"{no.code}: {no}; asked again in {pause:.0f} s")
                time.sleep(pause)

    def follow(self, look: Look, over: Callable[[Json], bool], step: Callable[[Json], Step], s: float) -> Json:
        """What is found last: once it is over, or after ``s`` seconds (0: without end)."""
        give_up, pause = time.monotonic() + (s or float("inf")), SHORTEST
        with bar() if self.drawn else nullcontext(lines()) as show:
            while True:
                found = self.insist(*look, unreachable_too=True)
                show(step(found))
                if over(found):
                    return found
                if time.monotonic() + pause > give_up:
                    break
                time.sleep(pause)
                pause = min(pause * GROWTH, LONGEST)
        say(f"preflight: not settled after {s:.0f} s; it goes on all the same")
        return found

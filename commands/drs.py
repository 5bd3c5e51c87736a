"""The door to AWS: servers' settings in, outcomes out. It never raises, and it never says proved unread.

What is done for one server is in `commands.aws.apply`; here are the many at once: surveyed in bulk, applied side by
side, stopped early when AWS as a whole is away.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from botocore.config import Config

from commands.aws.apply import ServerApply
from commands.aws.calls import Calls, Data
from commands.aws.failures import ROLE, FailedError, OutOfTimeError
from commands.aws.plan import plan
from commands.aws.round import Round
from commands.aws.survey import source_servers, survey
from commands.aws.templates import Templates
from commands.outcomes import Ask, Fault, Outcome, Plan, Proved, ServerPlan, SourceServer
from events.errors import Refused

WORKERS = 48
"""Servers applied at once: what 20 calls of 300 ms a second, six a server, keep busy."""
IN_VAIN = 16
"""Servers that met nothing but an outage before the others are spared the same."""
TO_ASK = timedelta(seconds=15)
"""How long a list of servers may take; a caller of the API waits for it."""
CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}, max_pool_connections=WORKERS)
"""Of every client: what is sent again, and when, is for `commands.aws.calls` to say."""


@dataclass
class Door:
    """One account and Region, through ``calls``."""

    calls: Calls
    workers: int = WORKERS

    def apply(self, asks: Sequence[Ask], deadline: datetime, *, urgent: bool = False) -> Iterator[Outcome]:
        """One outcome for each server, as they come; none for those the deadline left untouched."""
        progress = _Progress()
        try:
            self.calls.ready()
        except FailedError as failed:
            one = asks[0]
            yield Fault(one.server_id, one.epoch, failed.kind, failed.code, failed.message, self.calls.now())
            return
        with self._round(asks, deadline, urgent=urgent) as (round_, pool):
            tasks = [pool.submit(self._one, round_, ask, progress) for ask in asks]
            for done in as_completed(tasks):
                outcome = done.result()
                if outcome:
                    progress.saw(outcome)
                    yield outcome

    def plan(self, asks: Sequence[Ask], deadline: datetime) -> Plan:
        """What an apply would do, field by field; nothing is written."""
        try:
            self.calls.ready()
        except FailedError as failed:
            return Plan(tuple(ServerPlan(ask.server_id, errors=((failed.code, failed.message),)) for ask in asks))
        with self._round(asks, deadline, urgent=False) as (round_, pool):
            return plan(round_, pool, asks)

    def servers(self, ids: Sequence[str] | None = None) -> list[SourceServer]:
        """The source servers with these ids, or all of account and Region; see `Doorway`."""
        deadline = self.calls.now() + TO_ASK

        def call(service: str, operation: str, arguments: Data) -> Data:
            return self.calls(service, operation, arguments, deadline)

        try:
            return [_source_server(item) for item in source_servers(call, ids)]
        except OutOfTimeError as error:
            raise _unavailable("it did not answer in time") from error
        except FailedError as failed:
            if failed.kind in {"outage", "busy", "transient"}:
                raise _unavailable(failed.code) from failed
            aws = {"code": failed.code, "message": failed.message}
            ours = ROLE if failed.code == ROLE else "AWS_REFUSED"
            raise Refused(ours, f"DRS refused to list servers ({failed.code}): mend it first", 400, aws=aws) from failed

    @contextmanager
    def _round(self, asks: Sequence[Ask], deadline: datetime, *, urgent: bool) -> Iterator[tuple[Round, Executor]]:
        """What the servers share, read side by side before the first of them is touched."""

        def call(service: str, operation: str, arguments: Data) -> Data:
            return self.calls(service, operation, arguments, deadline, urgent=urgent)

        began, templates = self.calls.now(), Templates(call)
        with ThreadPoolExecutor(self.workers) as pool:
            prefetched = pool.submit(templates.read_all, len(asks)).result
            found = survey(call, pool, [ask.server_id for ask in asks], [ask.configuration for ask in asks])
            yield Round(self.calls, call, deadline, began, found, templates, prefetched), pool

    def _one(self, round_: Round, ask: Ask, progress: "_Progress") -> Outcome | None:
        if progress.hopeless.is_set() or self.calls.now() >= round_.deadline:
            return None
        return ServerApply(round_, ask).outcome()


@dataclass
class _Progress:
    """How an apply goes: whether it is of any use to go on."""

    in_vain: int = 0
    any_use: bool = False
    hopeless: Event = field(default_factory=Event)

    def saw(self, outcome: Outcome) -> None:
        """One more outcome: AWS away for so many, or a refusal that is meant for all of them."""
        kind = outcome.kind if isinstance(outcome, Fault) else ""
        self.any_use = self.any_use or isinstance(outcome, Proved) or kind not in {"outage", "group"}
        self.in_vain += kind == "outage"
        if kind == "group" or (not self.any_use and self.in_vain >= IN_VAIN):
            self.hopeless.set()


def _source_server(item: Any) -> SourceServer:  # noqa: ANN401  JSON
    hints = item.get("sourceProperties", {}).get("identificationHints", {})
    host = str(hints.get("hostname") or "").lower().partition(".")[0]
    return SourceServer(item["sourceServerID"], item.get("tags") or {}, host)


def _unavailable(why: str) -> Refused:
    return Refused("AWS_UNAVAILABLE", f"DRS could not be asked ({why}): try again", 503, retryable=True)

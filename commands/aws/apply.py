"""One server's settings made equal to what is asked for: read, judged, written, read back.

The order of calls, and why, is the order in which AWS's own reactions cannot bury what was written (DRS first, for it
may write a template version of its own; then the template, from its default version; then the default by number; then
both are read back). A write is sent once: whoever holds the lease knows that nothing of it can land later than a read
timeout after the last one began.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from commands.aws.calls import Data
from commands.aws.failures import GONE, FailedError, OutOfTimeError
from commands.aws.preflight import needs_template
from commands.aws.round import Round, Snapshot, judge, template_of
from commands.aws.settings import awaits_drs, drs_changes, of_template, template_changes, template_differences
from commands.outcomes import LAG, Ask, Fault, Kind, Proved
from events.configuration import LaunchConfiguration

PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds before a read that may lag is made again: at first, and at most."""


@dataclass
class ServerApply:
    """One server in a round."""

    round: Round
    ask: Ask
    wrote: list[str] = field(default_factory=list)
    wrote_at: datetime | None = None
    unanswered: bool = False
    read_at: datetime = field(init=False)
    """When the first of the reads began that a proof rests on."""
    wanted: LaunchConfiguration = field(init=False)
    """What is asked for, as the template is to hold it."""

    def outcome(self) -> Proved | Fault | None:
        """What came of it; None if the deadline left the server untouched. Never raises."""
        try:
            return self._proved()
        except OutOfTimeError:
            return (
                self._fault("cut", "OUT_OF_TIME", "its time was up: goes on in the next turn") if self.wrote else None
            )
        except FailedError as failed:
            return self._fault(failed.kind, failed.code, failed.message, failed.retry_after)
        except Exception as error:  # noqa: BLE001  whatever it is, it is this server's outcome, not the worker's end
            return self._fault("transient", type(error).__name__, str(error))

    def _fault(self, kind: Kind, code: str, message: str, retry_after: float = 0) -> Fault:
        return Fault(
            server_id=self.ask.server_id,
            epoch=self.ask.epoch,
            kind=kind,
            code=code,
            message=message,
            at=self.round.calls.now(),
            wrote=tuple(self.wrote),
            wrote_at=self.wrote_at if self.wrote else None,
            unanswered=self.unanswered,
            retry_after=retry_after,
        )

    def _proved(self) -> Proved:
        """What was only read, of one layer or both, counts only once no write before it can be hidden by a lag."""
        version = self._applied(self.round.snapshot)
        while (settled := self._settled_at()) and self.read_at < settled:
            self._sleep((settled - self.round.calls.now()).total_seconds())
            version = self._applied(lambda _template_id: None)
        return Proved(
            server_id=self.ask.server_id,
            epoch=self.ask.epoch,
            config_hash=self.ask.config_hash,
            at=self.read_at,
            template_id=version["LaunchTemplateId"],
            template_version=version["VersionNumber"],
            wrote=tuple(self.wrote),
            wrote_at=self.wrote_at if self.wrote else None,
        )

    def _settled_at(self) -> datetime | None:
        return self.ask.settled_at or (None if self.wrote else self.ask.unknown_until)

    def _applied(self, snapshot: Snapshot) -> Data:
        """The default version, once both layers say what is wanted. DRS may have made the template anew: once."""
        try:
            return self._once(snapshot)
        except FailedError as failed:
            if failed.code != GONE:
                raise
            return self._once(lambda _template_id: None)

    def _once(self, snapshot: Snapshot) -> Data:
        ask, survey = self.ask, self.round.survey
        self.read_at = self.round.calls.now()
        found = self._call("drs", "GetLaunchConfiguration", {"sourceServerID": ask.server_id})
        self.wanted = of_template(ask.configuration, found)
        template_id = template_of(found)
        changes = drs_changes(ask.configuration, found)
        before = seen = snapshot(template_id)
        if before is None and (not changes or needs_template(ask, survey)):
            before = self.round.templates.default(template_id)
        judge(ask, survey, before)
        version = self._updated(template_id, changes) if changes or before is None else before
        if version is seen and self._due(version):  # a write starts from how things are now
            version = self.round.templates.default(template_id)
        if self._due(version):
            return self._write_version(template_id, version)
        if version is seen:
            self.read_at = self.round.began
        return version

    def _updated(self, template_id: str, changes: Data) -> Data:
        """The DRS layer, whose answer is its read-back; and the template after what DRS made of it by itself."""
        found = self._write("drs", "UpdateLaunchConfiguration", {"sourceServerID": self.ask.server_id, **changes})
        left = drs_changes(self.ask.configuration, found)
        if left:
            raise FailedError("transient", "NOT_AS_WRITTEN", f"DRS answers with another {', '.join(sorted(left))}")
        return self._read(template_id, lambda version: not awaits_drs(self.ask.configuration, version))

    def _write_version(self, template_id: str, source: Data) -> Data:
        """A new version from the one that was default, made default by its number, and read back."""
        ask, number = self.ask, source["VersionNumber"]
        data = template_changes(self.wanted, ask.server_id, source["LaunchTemplateData"], everything=ask.force)
        created = self._write(
            "ec2",
            "CreateLaunchTemplateVersion",
            {
                "LaunchTemplateId": template_id,
                "SourceVersion": str(number),
                "VersionDescription": ask.description,
                "ClientToken": sha256(f"{template_id} {number} {ask.description}".encode()).hexdigest(),
                "LaunchTemplateData": self.round.calls.request(data),
            },
        )
        warned = created.get("Warning", {}).get("Errors", [])
        if warned:
            raise FailedError("permanent", warned[0].get("Code", "WARNING"), warned[0].get("Message", ""))
        self.round.templates.remember(created["LaunchTemplateVersion"])
        number = created["LaunchTemplateVersion"]["VersionNumber"]
        self._write("ec2", "ModifyLaunchTemplate", {"LaunchTemplateId": template_id, "DefaultVersion": str(number)})
        return self._read_back(template_id, number)

    def _due(self, version: Data) -> bool:
        """Whether a version must be written: something differs, or it is forced and not what this very ask made."""
        forced = self.ask.force and version.get("VersionDescription") != self.ask.description
        data = version["LaunchTemplateData"]
        return bool(template_changes(self.wanted, self.ask.server_id, data, everything=forced))

    def _read_back(self, template_id: str, number: int) -> Data:
        """The default version, once it is the one just made, or one made after it, and says what is wanted."""

        def left(version: Data) -> tuple[str, ...]:
            older = ("number",) if version["VersionNumber"] < number else ()
            return older + template_differences(self.wanted, self.ask.server_id, version["LaunchTemplateData"])

        version = self._read(template_id, lambda version: not left(version))
        if left(version):
            found = f"version {version['VersionNumber']} is the default, with another {', '.join(left(version))}"
            raise FailedError("transient", "NOT_AS_WRITTEN", f"wrote version {number}, but {found}")
        return version

    def _read(self, template_id: str, good: Callable[[Data], bool]) -> Data:
        """The default version, read again until it is good or lag is no longer an excuse."""
        give_up, pause = self.round.calls.now() + LAG, PAUSE
        while not good(version := self.round.templates.default(template_id)) and self.round.calls.now() < give_up:
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return version

    def _write(self, service: str, operation: str, arguments: Data) -> Data:
        """A write, noted before it is sent; one that was not sent, or that AWS refused, is none."""
        self.wrote.append(operation)
        before, self.wrote_at = self.wrote_at, self.round.calls.now()
        try:
            return self._call(service, operation, arguments)
        except (OutOfTimeError, FailedError) as error:
            if isinstance(error, FailedError) and not error.answered:
                self.unanswered = True
            else:
                self.wrote.pop()
                self.wrote_at = before
            raise

    def _call(self, service: str, operation: str, arguments: Data) -> Data:
        return self.round.call(service, operation, arguments)

    def _sleep(self, seconds: float) -> None:
        left = (self.round.deadline - self.round.calls.now()).total_seconds()
        if left <= 0:
            raise OutOfTimeError
        self.round.calls.sleep(min(max(seconds, 0), left))

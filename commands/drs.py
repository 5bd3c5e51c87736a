"""The door to AWS: a server's settings in, an outcome out. It never raises, and it never says proved unread.

The order of calls, and why, is the order in which AWS's own reactions cannot bury what was written
(DRS first, for it may write a template version of its own; then the template, from its default version;
then the default by number; then both are read back). SDK retries are off: a write is sent once, and whoever
holds the lease knows that nothing of it can land later than a read timeout after the last one began.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from commands.aws.faults import fault
from commands.aws.lenses import Data
from commands.aws.settings import awaits_drs, drs_changes, template_changes, template_differences
from commands.outcomes import Ask, Outcome, Proved, SourceServer

if TYPE_CHECKING:
    from mypy_boto3_drs import DrsClient
    from mypy_boto3_ec2 import EC2Client

WORKERS = 8
"""Servers asked for at once by one worker."""
PATIENCE = timedelta(seconds=5)
"""How long a read after a write may lag before it is believed."""
CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}, max_pool_connections=2 * WORKERS)


class OutOfTimeError(Exception):
    """The deadline came before a write: nothing more is sent, the server stays due."""


class RefusedByAwsError(Exception):
    """AWS answered, but not with what a success looks like."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Door:
    """Applies configurations in one account and Region.

    Args:
        drs, ec2: boto3 clients made with `CONFIG`.
        now, sleep: the clock.
    """

    drs: "DrsClient"
    ec2: "EC2Client"
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    calls: int = 0
    _lock: Lock = field(default_factory=Lock)

    def servers(self, ids: Sequence[str] | None = None) -> list[SourceServer]:
        """The source servers with these ids, or all of account and Region."""
        filters: Any = {"sourceServerIDs": list(ids)} if ids is not None else {}
        pages = self.drs.get_paginator("describe_source_servers").paginate(filters=filters)
        return [_source_server(item) for page in pages for item in page["items"]]

    def apply(self, asks: Sequence[Ask], deadline: datetime, *, urgent: bool = False) -> Iterator[Outcome]:
        """One outcome for each server, as they come; none for those the deadline left untouched."""
        del urgent
        with ThreadPoolExecutor(WORKERS) as pool:
            for done in as_completed([pool.submit(self._one, ask, deadline) for ask in asks]):
                outcome = done.result()
                if outcome:
                    yield outcome

    def _one(self, ask: Ask, deadline: datetime) -> Outcome | None:
        wrote: list[str] = []
        try:
            self._in_time(deadline)
            return self._applied(ask, deadline, wrote)
        except OutOfTimeError:
            return None
        except Exception as error:  # noqa: BLE001  whatever it is, it is this server's outcome, not the worker's end
            return fault(ask, error, self.now(), tuple(wrote))

    def _applied(self, ask: Ask, deadline: datetime, wrote: list[str]) -> Proved:
        read_at = self.now()
        settings = self._settings(ask, deadline, wrote)
        template_id = str(settings.get("ec2LaunchTemplateID") or "")
        if not template_id:
            raise RefusedByAwsError("NO_LAUNCH_TEMPLATE", "DRS names no launch template for this server")
        version = self._read(template_id, lambda version: not (wrote and awaits_drs(ask.configuration, version)))
        if self._due(ask, version):
            version = self._write_version(ask, template_id, version, deadline, wrote)
        return Proved(
            server_id=ask.server_id,
            epoch=ask.epoch,
            config_hash=ask.config_hash,
            at=read_at,
            template_id=template_id,
            template_version=version["VersionNumber"],
            wrote=tuple(wrote),
        )

    def _settings(self, ask: Ask, deadline: datetime, wrote: list[str]) -> Data:
        """The DRS layer, equal to what is wanted. Update's answer is its read-back."""
        found: Data = {**self._call(self.drs.get_launch_configuration, sourceServerID=ask.server_id)}
        changes = drs_changes(ask.configuration, found)
        if not changes:
            return found
        self._in_time(deadline)
        wrote.append("UpdateLaunchConfiguration")
        found = self._call(self.drs.update_launch_configuration, sourceServerID=ask.server_id, **changes)
        left = drs_changes(ask.configuration, found)
        if left:
            raise RefusedByAwsError("NOT_AS_WRITTEN", f"DRS answers with another {', '.join(sorted(left))}")
        return found

    def _due(self, ask: Ask, version: Data) -> bool:
        """Whether a new version must be written: something differs, or all of it is forced and not done yet."""
        forced = ask.force and version.get("VersionDescription") != ask.description
        return bool(template_changes(ask.configuration, version["LaunchTemplateData"], everything=forced))

    def _write_version(self, ask: Ask, template_id: str, source: Data, deadline: datetime, wrote: list[str]) -> Data:
        """A new version from the one that was default, made default by its number, and read back."""
        data = self._request(template_changes(ask.configuration, source["LaunchTemplateData"], everything=ask.force))
        token = f"{ask.server_id} {source['VersionNumber']} {ask.description}"
        self._in_time(deadline)
        wrote.append("CreateLaunchTemplateVersion")
        created = self._call(
            self.ec2.create_launch_template_version,
            LaunchTemplateId=template_id,
            SourceVersion=str(source["VersionNumber"]),
            VersionDescription=ask.description,
            ClientToken=sha256(token.encode()).hexdigest(),
            LaunchTemplateData=data,
        )
        warned = created.get("Warning", {}).get("Errors", [])
        if warned:
            raise RefusedByAwsError(warned[0].get("Code", "WARNING"), warned[0].get("Message", ""))
        number = created["LaunchTemplateVersion"]["VersionNumber"]
        self._in_time(deadline)
        wrote.append("ModifyLaunchTemplate")
        self._call(self.ec2.modify_launch_template, LaunchTemplateId=template_id, DefaultVersion=str(number))
        return self._read_back(ask, template_id, number)

    def _read_back(self, ask: Ask, template_id: str, number: int) -> Data:
        """The default version, once it is the one just made and says what is wanted."""

        def left(version: Data) -> tuple[str, ...]:
            return template_differences(ask.configuration, version["LaunchTemplateData"])

        version = self._read(template_id, lambda version: version["VersionNumber"] == number and not left(version))
        if version["VersionNumber"] != number or left(version):
            named = ", ".join(left(version)) or "number"
            found = f"version {version['VersionNumber']} is the default, with another {named}"
            raise RefusedByAwsError("NOT_AS_WRITTEN", f"wrote version {number}, but {found}")
        return version

    def _read(self, template_id: str, good: Callable[[Data], bool]) -> Data:
        """The default version, read again until it is good or lag is no longer an excuse."""
        give_up = self.now() + PATIENCE
        pause = 0.05
        while not good(version := self._default(template_id)) and self.now() < give_up:
            self.sleep(pause)
            pause *= 2
        return version

    def _default(self, template_id: str) -> Data:
        """The version that a recovery would launch now."""
        answer = self._call(
            self.ec2.describe_launch_template_versions, LaunchTemplateId=template_id, Versions=["$Default"]
        )
        return dict(answer["LaunchTemplateVersions"][0])

    def _request(self, data: Data) -> Data:
        """Without what EC2 answers but does not take (the model's own word for what it takes)."""
        model = self.ec2.meta.service_model
        return dict(_only_known(data, model.shape_for("RequestLaunchTemplateData")))

    def _in_time(self, deadline: datetime) -> None:
        if self.now() >= deadline:
            raise OutOfTimeError

    def _call(self, method: Any, **arguments: Any) -> Data:  # noqa: ANN401  a boto3 method
        with self._lock:
            self.calls += 1
        return dict(method(**arguments))


def _source_server(item: Any) -> SourceServer:  # noqa: ANN401  JSON
    hints = item.get("sourceProperties", {}).get("identificationHints", {})
    host = str(hints.get("hostname") or "").lower().partition(".")[0]
    return SourceServer(item["sourceServerID"], item.get("tags") or {}, host)


def _only_known(value: Any, shape: Any) -> Any:  # noqa: ANN401  JSON and a botocore shape
    if shape.type_name == "structure":
        members = shape.members
        return {key: _only_known(one, members[key]) for key, one in value.items() if key in members}
    if shape.type_name == "list":
        return [_only_known(one, shape.member) for one in value]
    return value

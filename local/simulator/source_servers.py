"""A source server as the simulator keeps it."""

from collections.abc import Collection
from dataclasses import dataclass, field

from local.simulator.errors import quota_exceeded
from local.simulator.history import History
from local.simulator.recovery import Job
from local.simulator.shapes import GIB, Shape, timestamp

UNRECOVERABLE = {"STOPPED", "INITIATING", "INITIAL_SYNC", "DISCONNECTED"}
REPLICATING, IN_ALL = 300, 4000


@dataclass
class SourceServer:
    """A server: as DRS describes it, and its launch settings with their history."""

    description: Shape
    history: History[Shape] = field(default_factory=History)

    @property
    def settings(self) -> Shape:
        """Its launch settings."""
        return self.history.latest

    @property
    def id(self) -> str:
        """`s-` and 17 hex digits."""
        return str(self.description["sourceServerID"])

    @property
    def template_id(self) -> str:
        """Its own launch template."""
        return str(self.settings["ec2LaunchTemplateID"])

    @property
    def is_extended(self) -> bool:
        """Whether another account replicates it."""
        return self.staging_account is not None

    @property
    def staging_account(self) -> str | None:
        """Which account that is."""
        account: str | None = self.description["stagingArea"].get("stagingAccountID")
        return account

    @property
    def recoverable(self) -> bool:
        """Whether its replication is in a state that it can be launched from."""
        return self.description["dataReplicationInfo"]["dataReplicationState"] not in UNRECOVERABLE

    def show_launch(self, job: Job, status: str, result: str) -> None:
        """Tell of its last launch."""
        initiated = {
            "apiCallDateTime": timestamp(job.created),
            "jobID": job.id,
            "type": "DRILL" if job.is_drill else "RECOVERY",
        }
        self.description["lastLaunchResult"] = result
        self.description["lifeCycle"]["lastLaunch"] = {"initiated": initiated, "status": status}

    def grow_disk(self, device: str, gib: int) -> None:
        """Let one of its disks be larger; it cannot shrink."""
        disks = {disk["deviceName"]: disk for disk in self.description["sourceProperties"]["disks"]}
        if device not in disks:
            raise ValueError(f"{self.id} has no disk {device}, only {', '.join(disks)}")
        if gib * GIB < disks[device]["bytes"]:
            raise ValueError(f"{device} has {disks[device]['bytes'] // GIB} GiB: a source disk does not shrink")
        disks[device]["bytes"] = gib * GIB
        for disk in self.description["dataReplicationInfo"]["replicatedDisks"]:
            if disk["deviceName"] == device:
                disk["totalStorageBytes"] = gib * GIB


def refuse_over_quota(servers: Collection[SourceServer], *, replicating: bool) -> None:
    """Raise if one more server breaks a quota of DRS.md section 5; extended ones are replicated by others."""
    if len(servers) >= IN_ALL:
        raise quota_exceeded(f"An account has {IN_ALL} source servers in a Region", "L-E28BE5E0", "SourceServer")
    own = sum(not server.is_extended for server in servers) if len(servers) >= REPLICATING else 0
    if replicating and own >= REPLICATING:
        more = "more are extended from staging accounts"
        text = f"An account replicates {REPLICATING} source servers in a Region; {more}"
        raise quota_exceeded(text, "L-C1D14A2B", "SourceServer")

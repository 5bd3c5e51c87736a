"""How the simulated AWS is disposed, for a test: who may come in, how fast it is, what it offers."""

from local.simulator.identities import HOUR, Role
from local.simulator.machines import Place
from local.simulator.world import World


class Disposed:
    """Settings of a running simulator; `reset` undoes them all."""

    world: World

    def add_role(
        self,
        account: str,
        name: str = "PreflightRole",
        external_id: str | None = None,
        trusts: str | None = None,
        max_seconds: int = HOUR,
    ) -> str:
        """Let an account (home's if none is named) assume a role of another one; the role's ARN."""
        role = Role(account, name, external_id, trusts or self.world.home.account, max_seconds)
        with self.world.lock:
            self.world.identities.roles[role.arn] = role
        return role.arn

    def revoke(self, role_arn: str | None = None) -> int:
        """End the sessions of a role at once, or all there are; how many."""
        with self.world.lock:
            return self.world.identities.revoke(role_arn)

    def latency(self, seconds: float, operation: str = "*") -> None:
        """Let every call take so much longer, by the machine's clock; 0 is as before."""
        with self.world.lock:
            self.world.knobs.latency[operation] = seconds

    def lag(self, drs: float = 0, templates: float = 0) -> None:
        """Let reads see nothing that was written in the last seconds of the simulator's clock."""
        with self.world.lock:
            self.world.knobs.lag = {"drs": drs, "templates": templates}

    def right_sizing(self, every: float | None = HOUR) -> None:
        """Let DRS look at instance types by itself, every so many seconds, or never (as at first)."""
        with self.world.lock:
            self.world.knobs.right_sizing = every
            self.world.catch_up()

    def grow_disk(self, server_id: str, device: str, gib: int) -> None:
        """Let a disk of a source server grow: `grow_disk(server_id, "/dev/sda", 60)`."""
        self.world.grow_disk(server_id, device, gib)

    def job_speed(self, times: float) -> None:
        """Let recovery jobs that are accepted from now on run so many times as fast; `math.inf` ends them at once."""
        with self.world.lock:
            self.world.knobs.job_speed = times

    def throttle(self, *, published: bool = True) -> None:
        """Enforce the request limits that AWS publishes, or none but those set by hand."""
        with self.world.lock:
            self.world.limits.enforced = published

    def limit(self, operation: str, burst: float, rate: float) -> None:
        """Limit an operation by hand: `limit("drs:*", 50, 20)` is each of DRS's, 50 at once and 20 a second."""
        with self.world.lock:
            self.world.limits.rate(operation, burst, rate)

    def tokens(self, operation: str, tokens: float, place: Place | None = None) -> None:
        """Let a bucket hold so many tokens now: `tokens("ec2:ModifyLaunchTemplate", 0)`."""
        where = place or self.world.home
        with self.world.lock:
            self.world.limits.fill(where.account, where.region, operation, tokens, self.world.clock.now())

    def overdrawn(self) -> dict[str, float]:
        """By how many tokens each operation ever exceeded its bucket, enforced or not; 0 is never."""
        with self.world.lock:
            return self.world.limits.peaks()

    def withdraw(self, instance_type: str, zone: str | None = None) -> None:
        """Let a type no longer be offered in an Availability Zone, or nowhere."""
        with self.world.lock:
            self.world.catalogue.withdrawn.add((instance_type, zone))

    def uninitialize(self, place: Place | None = None) -> None:
        """Let DRS be one that nobody has initialised there; InitializeService undoes it."""
        with self.world.lock:
            self.world.uninitialized.add(place or self.world.home)

    def remove_default_vpc(self, place: Place | None = None) -> None:
        """Let an account have no default VPC in a Region."""
        with self.world.lock:
            self.world.estate(place or self.world.home).remove_default_vpc()

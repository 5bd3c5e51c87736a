"""Settings that hold until they are changed, unlike faults, which strike so often and are gone."""

from dataclasses import dataclass, field

from local.simulator.calls import Call


@dataclass
class Knobs:
    """How the simulated AWS is disposed.

    `latency` is seconds of the machine's clock by operation (`*`, `ec2:*`, `GetLaunchConfiguration`, the most exact
    counts): a call waits for so long before it has its effect, beside all others, and holds nobody up.
    `lag` is how many seconds of the simulator's clock reads are behind writes: of settings (`drs`), of `templates`.
    `right_sizing` is how often DRS looks at instance types by itself, None is never.
    `job_speed` is how many times as fast as the real drill jobs run that are accepted from now on.
    """

    latency: dict[str, float] = field(default_factory=dict)
    lag: dict[str, float] = field(default_factory=dict)
    right_sizing: float | None = None
    job_speed: float = 1

    def latency_of(self, call: Call) -> float:
        """The machine's seconds that this call takes longer."""
        if not self.latency:
            return 0
        names = (call.name, call.operation, f"{call.service}:*", "*")
        return next((self.latency[name] for name in names if name in self.latency), 0)

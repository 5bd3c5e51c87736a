"""`moto.drs.models`: moto wants a backend by this name; the state itself is in `local.simulator.world`."""

from moto.core.base_backend import BackendDict, BaseBackend


class DrsBackend(BaseBackend):  # type: ignore[misc]  # moto ships no types
    """Nothing but the key to `moto.drs.urls`."""


drs_backends = BackendDict(DrsBackend, "drs")

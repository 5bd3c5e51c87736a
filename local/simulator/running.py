"""Which simulator a request is for: its HTTP server's, or the one that answers in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from local.simulator.world import World

KEY = "simulator.world"
_in_process: list[World] = []
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


class Headers(Protocol):
    """The headers of a request, whoever read them."""

    def get(self, name: str, /) -> str | None:
        """One header's value."""


class Scope(NamedTuple):
    """What a request was signed with and for."""

    access_key: str
    region: str
    service: str


def scope(headers: Headers) -> Scope | None:
    """The SigV4 scope of a request, None if it is not signed."""
    found = _CREDENTIAL.search(headers.get("Authorization") or "")
    return Scope(*found.groups()) if found else None


def in_process() -> World:
    """The simulator that answers boto3 in this process."""
    if not _in_process:
        raise RuntimeError("no simulator runs in this process: open `Simulator.in_process()` first")
    return _in_process[-1]


@contextmanager
def answering(world: World) -> Iterator[None]:
    """Let this one answer boto3 in this process."""
    _in_process.append(world)
    try:
        yield
    finally:
        _in_process.remove(world)

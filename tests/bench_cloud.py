"""The embedded cloud with what tests want beside it: fresh servers, waiting, and its environment."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from events import entry
from local.cloud import Cloud
from local.deployment import PARAMETERS

T = TypeVar("T")
PATIENCE = 45.0
"""Seconds that stream, queue and worker are given before a test calls them stuck."""


class BenchCloud(Cloud):
    """One cloud for a whole test session; every test takes servers of its own."""

    def __init__(self, servers: int) -> None:
        super().__init__(servers=servers)
        self._free: list[str] = []

    def take_servers(self, count: int) -> list[str]:
        """Source servers that no other test has."""
        if not self._free:
            self._free = self.simulator.server_ids()
        taken, self._free[:count] = self._free[:count], []
        assert len(taken) == count, "the bench has no servers left: start it with more"
        return taken

    def until(self, look: Callable[[], T | None]) -> T:
        """What `look` finds, once it finds something."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            found = look()
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError(f"not found within {PATIENCE} s\n{self.log()}")

    def streams(self) -> dict[str, int]:
        """Every stream of the event table with its newest version by a caller: as before, if nothing was commanded.

        Workers go on by themselves meanwhile, and watch the waves of other tests.
        """
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.description["tables"]["EventTable"],
                FilterExpression="via <> :system",
                ExpressionAttributeValues={":system": {"S": "system"}},
                ProjectionExpression="streamId, version",
                ConsistentRead=True,
            )
        )
        newest: dict[str, int] = {}
        for page in pages:
            for item in page["Items"]:
                stream_id, version = item["streamId"]["S"], int(item["version"]["N"])
                newest[stream_id] = max(version, newest.get(stream_id, 0))
        return newest

    @contextmanager
    def environment(self) -> Iterator[None]:
        """This process sees what a deployed function sees, so that its handler can be called here."""
        tables = self.description["tables"]
        seen = {
            "AWS_ACCESS_KEY_ID": self.description["account"],
            "AWS_SECRET_ACCESS_KEY": "preflight",
            "AWS_REGION": self.description["region"],
            "AWS_DEFAULT_REGION": self.description["region"],
            "AWS_ENDPOINT_URL": self.description["endpoint"],
            "AWS_ENDPOINT_URL_DRS": self.description["simulator"],
            "AWS_ENDPOINT_URL_EC2": self.description["simulator"],
            "AWS_ENDPOINT_URL_IAM": self.description["simulator"],
            "AWS_ENDPOINT_URL_STS": self.description["simulator"],
            "EVENT_TABLE": tables["EventTable"],
            "GROUP_TABLE": tables["GroupTable"],
            "LIMIT_TABLE": tables["LimitTable"],
            "DEFAULT_ROLE": PARAMETERS["DefaultRole"],
            "PRINCIPAL_ROLES": PARAMETERS["PrincipalRoles"],
        }
        before = {name: os.environ.get(name) for name in seen}
        os.environ.update(seen)
        entry._access.cache_clear()  # what another process would read anew
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

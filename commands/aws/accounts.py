"""Clients for each account and Region, with the rights of its role: the only place where credentials are met.

A role is assumed with its external id (IAM User Guide, The confused deputy problem), once for all who ask meanwhile:
they are told the same, also if it fails. It is assumed anew some minutes before its session ends, and when AWS calls
that expired all the same. So no credentials are fetched while a call is on its way, and none waits in a queue for it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from events.groups import Target

SESSION = "preflight"
BEFORE_IT_ENDS = timedelta(minutes=5)
"""More than the longest turn of a worker."""
Client = Any  # boto3 makes its clients when asked for them


@dataclass
class _Rights:
    """A target's session, until when it is used, and its clients, each made when first asked for."""

    session: boto3.Session
    until: datetime | None = None
    clients: dict[str, Client] = field(default_factory=dict)


class Accounts:
    """Clients by target and service.

    Args:
        home: the account this runs in, which needs no role.
        config: of every client.
        now: by whose clock sessions end.
    """

    def __init__(self, home: str, config: Config, now: Callable[[], datetime]) -> None:
        self._home, self._config, self._now = home, config, now
        self._rights: dict[Target, Future[_Rights]] = {}
        self._lock = Lock()

    def of(self, target: Target) -> "TargetClients":
        """One target's clients."""
        return TargetClients(self, target)

    def client(self, target: Target, service: str) -> Client:
        """A client of ``service`` for the target's own account."""
        rights = self._current(target)
        with self._lock:
            if service not in rights.clients:
                rights.clients[service] = _client(rights.session, service, target.region, self._config)
            return rights.clients[service]

    def renew(self, target: Target, used: Client) -> None:
        """AWS calls the credentials of ``used`` expired: new ones from now on, once however many say so."""
        with self._lock:
            held = self._rights.get(target)
            if held and held.done() and used in held.result().clients.values():
                del self._rights[target]

    def _current(self, target: Target) -> _Rights:
        """What is held, or what somebody is fetching already, or what this thread then fetches for all."""
        with self._lock:
            held = self._rights.get(target)
            if held and not (held.done() and self._over(held.result())):
                ours = None
            else:
                held = ours = self._rights[target] = Future()
        if ours:
            self._fetch(target, ours)
        return held.result()

    def _fetch(self, target: Target, rights: Future[_Rights]) -> None:
        try:
            rights.set_result(self._made(target))
        except BaseException as error:  # noqa: BLE001  whatever it is, everybody who waits is told
            with self._lock:
                self._rights.pop(target, None)
            rights.set_exception(error)

    def _over(self, rights: _Rights) -> bool:
        return rights.until is not None and self._now() >= rights.until

    def _made(self, target: Target) -> _Rights:
        own = boto3.Session(region_name=target.region)
        if target.assume_role_name:
            return self._assumed(own, target)
        if target.account_id != self._home:
            raise ValueError(f"no role is named for account {target.account_id}")
        return _Rights(own)

    def _assumed(self, own: boto3.Session, target: Target) -> _Rights:
        given = _client(own, "sts", target.region, self._config).assume_role(
            RoleArn=f"arn:{_partition(target.region)}:iam::{target.account_id}:role/{target.assume_role_name}",
            RoleSessionName=SESSION,
            ExternalId=target.external_id,
        )["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=target.region,
        )
        return _Rights(session, given["Expiration"] - BEFORE_IT_ENDS)


@dataclass(frozen=True, slots=True)
class TargetClients:
    """The clients of one account and Region: `commands.aws.calls.Clients`."""

    accounts: Accounts
    target: Target

    def client(self, service: str) -> Client:
        """A client of ``service``."""
        return self.accounts.client(self.target, service)

    def renew(self, used: Client) -> None:
        """The credentials of this client have expired."""
        self.accounts.renew(self.target, used)


def _client(session: boto3.Session, service: str, region: str, config: Config) -> Client:
    return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # any service


def _partition(region: str) -> str:
    return boto3.Session().get_partition_for_region(region)

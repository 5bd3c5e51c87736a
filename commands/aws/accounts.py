"""Clients for each account and Region, with the rights of its role: the only place where credentials are met.

A role is assumed with its external id (IAM User Guide, The confused deputy problem). botocore keeps the session and
renews it some minutes before it ends; one that AWS calls expired all the same is given up for a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.session import get_session

from events.groups import Target

SESSION = "preflight"
Client = Any  # boto3 makes its clients when asked for them


class Accounts:
    """Clients by target and service, each made when first asked for, then kept.

    Args:
        home: the account this runs in, which needs no role.
        config: of every client.
    """

    def __init__(self, home: str, config: Config) -> None:
        self._home, self._config = home, config
        self._sessions: dict[Target, boto3.Session] = {}
        self._clients: dict[tuple[Target, str], Client] = {}
        self._lock = Lock()

    def of(self, target: Target) -> "TargetClients":
        """One target's clients."""
        return TargetClients(self, target)

    def client(self, target: Target, service: str) -> Client:
        """A client of ``service`` for the target's own account."""
        with self._lock:
            key = (target, service)
            if key not in self._clients:
                session = self._sessions.setdefault(target, self._session(target))
                self._clients[key] = _client(session, service, target.region, self._config)
            return self._clients[key]

    def renew(self, target: Target, used: Client) -> None:
        """AWS calls the credentials of ``used`` expired: new ones from now on, once however many say so."""
        with self._lock:
            if used in [client for (of, _), client in self._clients.items() if of == target]:
                self._sessions.pop(target, None)
                self._clients = {key: client for key, client in self._clients.items() if key[0] != target}

    def _session(self, target: Target) -> boto3.Session:
        if not target.assume_role_name:
            if target.account_id != self._home:
                raise ValueError(f"no role is named for account {target.account_id}")
            return boto3.Session(region_name=target.region)
        session = get_session()
        resolver = CredentialResolver([_Assumed(self._assume(target))])
        session.register_component("credential_provider", resolver)
        return boto3.Session(botocore_session=session, region_name=target.region)

    def _assume(self, target: Target) -> Callable[[], dict[str, str]]:
        sts = _client(boto3.Session(region_name=target.region), "sts", target.region, self._config)

        def assume() -> dict[str, str]:
            answer = sts.assume_role(
                RoleArn=f"arn:{_partition(target.region)}:iam::{target.account_id}:role/{target.assume_role_name}",
                RoleSessionName=SESSION,
                ExternalId=target.external_id,
            )["Credentials"]
            ends: datetime = answer["Expiration"]
            return {
                "access_key": answer["AccessKeyId"],
                "secret_key": answer["SecretAccessKey"],
                "token": answer["SessionToken"],
                "expiry_time": ends.isoformat(),
            }

        return assume


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


class _Assumed(CredentialProvider):
    """What botocore asks for credentials."""

    METHOD = "assume-role"

    def __init__(self, assume: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._assume = assume

    def load(self) -> RefreshableCredentials:
        """The role's credentials, which renew themselves."""
        return RefreshableCredentials.create_from_metadata(self._assume(), self._assume, self.METHOD)


def _client(session: boto3.Session, service: str, region: str, config: Config) -> Client:
    return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # any service


def _partition(region: str) -> str:
    return boto3.Session().get_partition_for_region(region)

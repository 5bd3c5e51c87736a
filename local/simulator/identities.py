"""Who calls: accounts, the roles that let another account in, and the sessions that STS gave out.

A key of twelve digits is that account; a session's key is the account of its role; every other key is the home
account's (deployed functions have the keys of roles that the simulator never heard of).

An external id is enforced as IAM's user guide has it ("The confused deputy problem"); a session ends by the
simulator's clock, and how each service then refuses it is its own: EC2 RequestExpired 400, DRS
ExpiredTokenException 403, IAM and STS ExpiredToken 403.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from local.simulator.errors import AwsError
from local.simulator.shapes import identifier

ACCOUNT_DIGITS = 12
HOUR = 3600
EXPIRED = {
    "drs": ("ExpiredTokenException", "The security token included in the request is expired", 403),
    "ec2": ("RequestExpired", "Request has expired.", 400),
    "iam": ("ExpiredToken", "The security token included in the request is expired", 403),
    "sts": ("ExpiredToken", "The security token included in the request is expired", 403),
}
WRONG_TOKEN = {
    "drs": ("UnrecognizedClientException", "The security token included in the request is invalid.", 403),
    "ec2": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    "iam": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    "sts": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
}


@dataclass(frozen=True)
class Role:
    """A role of an account, and whom it lets in; `external_id` None asks for none."""

    account: str
    name: str
    external_id: str | None
    trusts: str
    max_seconds: int = HOUR

    @property
    def arn(self) -> str:
        """What AssumeRole is asked for."""
        return f"arn:aws:iam::{self.account}:role/{self.name}"

    def lets_in(self, account: str, external_id: str | None) -> bool:
        """Whether its trust policy allows the call."""
        return account == self.trusts and self.external_id in {None, external_id}


@dataclass(frozen=True)
class Session:
    """Keys that STS gave out for a role."""

    role: Role
    name: str
    access_key: str
    secret: str
    token: str
    expires: datetime
    revoked: bool = False

    @property
    def arn(self) -> str:
        """Who the caller then is."""
        return f"arn:aws:sts::{self.role.account}:assumed-role/{self.role.name}/{self.name}"

    @property
    def user_id(self) -> str:
        """The role's id and the session's name."""
        return f"{_key('AROA', self.role.arn)}:{self.name}"


@dataclass
class Identities:
    """All roles and sessions of one simulator."""

    home_account: str
    roles: dict[str, Role] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    def account_of(self, access_key: str) -> str:
        """Whose key it is."""
        if session := self.sessions.get(access_key):
            return session.role.account
        is_account = len(access_key) == ACCOUNT_DIGITS and access_key.isdecimal()
        return access_key if is_account else self.home_account

    def refusal(self, service: str, access_key: str, token: str | None, now: datetime) -> AwsError | None:
        """What a service says to a session that is over, or to a token that is not its key's."""
        session = self.sessions.get(access_key)
        if not session:
            return None
        if token != session.token:
            return AwsError(*WRONG_TOKEN[service])
        return expired(service) if session.revoked or now >= session.expires else None

    def assume(self, caller: str, asked: dict[str, str], seconds: int, now: datetime) -> Session:
        """A session of the role, or AccessDenied; `asked` is AssumeRole's request, `caller` an account."""
        arn, external_id = asked["RoleArn"], asked.get("ExternalId")
        role = self.roles.get(arn)
        if not role or not role.lets_in(caller, external_id):
            who = f"arn:aws:iam::{caller}:root"
            raise AwsError(
                "AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
            )
        if seconds > role.max_seconds:
            raise AwsError(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        number = len(self.sessions)
        key, secret, token = (_key(kind, arn, number, now) for kind in ("ASIA", "secret", "token"))
        session = Session(role, asked["RoleSessionName"], key, secret * 2, token * 8, now + timedelta(seconds=seconds))
        self.sessions[key] = session
        return session

    def revoke(self, role_arn: str | None = None) -> int:
        """End the sessions of a role, or all; how many there were."""
        ended = [each for each in self.sessions.values() if role_arn in {None, each.role.arn}]
        self.sessions.update({each.access_key: replace(each, revoked=True) for each in ended})
        return len(ended)

    def clear(self) -> None:
        """Forget them all."""
        self.roles.clear()
        self.sessions.clear()


def expired(service: str) -> AwsError:
    """What a service says to credentials whose time is over."""
    return AwsError(*EXPIRED[service])


def _key(prefix: str, *parts: object) -> str:
    """Twenty characters, as an access key has."""
    return prefix + identifier("key", prefix, *parts)[4:].upper()[: 20 - len(prefix)]

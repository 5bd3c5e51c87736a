"""What AWS's errors mean for a server: for good, try again, wait, or the whole group. By code, never by text.

    FailedError         a call, or what it answered, is no success; says which of `Kind` it is
    OutOfTimeError      the deadline came: nothing more is sent, the server stays due

Sources: DRS API Reference, Common errors and each operation's errors; EC2 API Reference, error codes; STS AssumeRole.
"""

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from commands.outcomes import Kind
from events.facts import KEPT_TEXT, cut

DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
THROTTLED = {
    "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
}  # fmt: skip
EXPIRED = {"ExpiredTokenException", "ExpiredToken", "RequestExpired"}
GONE = "InvalidLaunchTemplateId.NotFound"
UNREACHABLE, ROLE = "AWS_UNREACHABLE", "ROLE_NOT_ASSUMED"
_PERMANENT = DENIED | {
    "ValidationException", "ResourceNotFoundException", "ServiceQuotaExceededException", "VersionLimitExceeded",
    "InvalidParameterValue", "InvalidParameterCombination", "MissingParameter",
}  # fmt: skip
_AWAY = THROTTLED | EXPIRED | {"InternalServerException", "InternalError", "InternalFailure", "ServiceUnavailable"}
_SERVER_ERROR = 500
_SECRETS = re.compile(
    r"Encoded authorization failure message: \S+"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"
    r"|(?i:(?:session|security)-?token|signature|secret\w*)[=:]\s*\S+"
)


class OutOfTimeError(Exception):
    """The deadline came before a call: nothing more is sent."""


class FailedError(Exception):
    """What became of a call. ``answered``: whether AWS said no; else a write may still land."""

    def __init__(self, kind: Kind, code: str, message: str, *, answered: bool = True, retry_after: float = 0) -> None:
        super().__init__(message)
        self.kind, self.code, self.answered, self.retry_after = kind, code, answered, retry_after
        self.message = cut(without_secrets(message), KEPT_TEXT)

    @property
    def throttled(self) -> bool:
        """Whether AWS did nothing for sure, and asks for patience."""
        return self.code in THROTTLED


def without_secrets(text: str) -> str:
    """A text of AWS's without keys, tokens, signatures and encoded messages."""
    return _SECRETS.sub("[left out]", text)


def failure(service: str, operation: str, error: Exception) -> FailedError:
    """The meaning of what boto3 raised for a call."""
    if isinstance(error, FailedError):
        return error
    if isinstance(error, ParamValidationError):
        return FailedError("permanent", "ValidationException", f"{service}:{operation}: {error}")
    if not isinstance(error, ClientError):
        away = isinstance(error, BotoCoreError)
        code = UNREACHABLE if away else type(error).__name__
        return FailedError("outage" if away else "transient", code, str(error), answered=False)
    said, status = error.response["Error"], error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    code = said.get("Code", "Unknown")
    kind = _kind(code, status)
    message = _message(f"{service}:{operation}", code, error)
    if error.operation_name == "AssumeRole" and kind != "outage":
        kind, code = "group", ROLE
    answered = kind != "outage" or code in THROTTLED | EXPIRED
    return FailedError(kind, code, message, answered=answered, retry_after=asked_to_wait(error))


def _kind(code: str, status: int) -> Kind:
    if code == "UninitializedAccountException":
        return "group"
    if code == "ConflictException":
        return "busy"
    if code in _AWAY or status >= _SERVER_ERROR:
        return "outage"
    return "permanent" if code in _PERMANENT else "transient"


def _message(action: str, code: str, error: ClientError) -> str:
    """AWS's words, and what they leave unsaid: the action that was denied, the fields that were wrong."""
    text = error.response["Error"].get("Message", "")
    if error.operation_name == "AssumeRole":
        return f"sts:AssumeRole: {text}; check assumeRoleName, externalId and the role's trust policy"
    if code in DENIED:
        return f"{action} is not allowed: {text}"
    answer: Mapping[str, Any] = error.response
    fields = [f"{field.get('name')}: {field.get('message')}" for field in answer.get("fieldList", [])]
    unsaid = [field for field in fields if field not in text]
    return "; ".join([text, *unsaid])


def asked_to_wait(error: ClientError) -> float:
    """Seconds AWS asks for, by header (DRS: Retry-After) or by the error's own member; 0 if it does not say."""
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    asked: Any = headers.get("retry-after") or error.response.get("retryAfterSeconds") or 0
    try:
        return float(asked)
    except ValueError:
        return 0  # the header may be a date, which DRS does not send

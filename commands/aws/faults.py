"""What AWS's errors mean for a server: for good, try again, or AWS as a whole is away. By code, never by text.

Sources: DRS API Reference, Common errors and each operation's errors; EC2 API Reference, error codes.
"""

from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from commands.outcomes import Ask, Fault, Kind
from events.facts import KEPT_TEXT, cut

_PERMANENT = {
    "ValidationException", "UninitializedAccountException", "AccessDeniedException", "UnauthorizedOperation",
    "ResourceNotFoundException", "ServiceQuotaExceededException", "NO_LAUNCH_TEMPLATE",
}  # fmt: skip
_AWAY = {
    "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException", "InternalServerException",
    "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "ExpiredToken", "ExpiredTokenException",
}  # fmt: skip
_SERVER_ERROR = 500


def fault(ask: Ask, error: Exception, at: datetime, wrote: tuple[str, ...]) -> Fault:
    """The outcome of a call that did not succeed."""
    kind, code, message = _meaning(error)
    return Fault(
        server_id=ask.server_id,
        epoch=ask.epoch,
        kind=kind,
        code=code,
        message=cut(message, KEPT_TEXT),
        at=at,
        wrote=wrote,
    )


def _meaning(error: Exception) -> tuple[Kind, str, str]:
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "Unknown")
        message = error.response["Error"].get("Message", "")
        status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
        if code in _AWAY or status >= _SERVER_ERROR:
            return "outage", code, message
        return ("permanent" if code in _PERMANENT else "transient"), code, message
    if isinstance(error, BotoCoreError):
        return "outage", type(error).__name__, str(error)
    code = getattr(error, "code", type(error).__name__)
    return ("permanent" if code in _PERMANENT else "transient"), code, str(error)

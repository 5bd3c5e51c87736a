"""What goes wrong is told twice: shortly to the caller, wholly to the log."""

from aws_lambda_powertools import Logger

from events.doors import refusal
from events.errors import PreflightError, Refused

log = Logger(child=True)


def told(error: Exception) -> Refused:
    """What a caller is told of an error; the log is told, too, and of what is not ours all of it."""
    refused = refusal(error)
    if isinstance(error, PreflightError):
        log.warning("refused", error=refused.code, reason=refused.message)
    else:
        log.error("a request broke", exc_info=error)
    return refused

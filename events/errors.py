"""The few ways in which this service says no.

    PreflightError
    |-- Refused          the request cannot be done; nothing was written
    |-- LostRace         another commit took this version first; load and decide again
    `-- Corrupt          a stored commit is not what was written
        |-- Unreadable   it cannot even be read as a commit
        `-- UnknownFact  it is, but by code newer than this: a deployment is under way

A failure of AWS is none of these: it is a fact (`ServerConfigFailed`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from events.commits import Commit


MISREAD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading or folding stumbles with over what nobody wrote; pydantic's and orjson's errors are of these."""


class PreflightError(Exception):
    """Whatever this service raises on purpose."""


class Refused(PreflightError):
    """A request that cannot be done, in words for whoever asked. Nothing was written.

    Args:
        code: a stable word, e.g. ``SERVER_CONFLICT``; callers branch on it.
        message: one sentence that says what to do next.
        status: what HTTP calls it.
        details: what a caller can act on: the field, the ids, the versions.
    """

    def __init__(self, code: str, message: str, status: int = 400, /, **details: Any) -> None:  # noqa: ANN401  details are JSON
        super().__init__(message)
        self.code, self.message, self.status, self.details = code, message, status, details

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later, unchanged."""
        return bool(self.details.get("retryable", False))

    def body(self) -> dict[str, Any]:
        """The one error shape of every door: ``{error, message, retryable, details?}``."""
        details = {key: value for key, value in self.details.items() if key != "retryable"}
        body = {"error": self.code, "message": self.message, "retryable": self.retryable}
        return {**body, "details": details} if details else body


class LostRace(PreflightError):
    """Somebody else wrote this version first. ``winner`` is their commit, where the store could tell."""

    def __init__(self, stream_id: str, winner: "Commit | None") -> None:
        super().__init__(f"{stream_id} moved on while a decision was being made")
        self.stream_id, self.winner = stream_id, winner


class Corrupt(PreflightError):
    """A stored commit does not say what was written. Restore it from the point-in-time backup."""


class Unreadable(Corrupt):
    """An item of the event table is no commit. ``item`` is as it stands there, for whoever shows what is left of it."""

    def __init__(self, why: str, item: Mapping[str, Any]) -> None:
        super().__init__(why)
        self.item = item


class UnknownFact(Corrupt):
    """A commit holds a fact this code does not know: it was written by a newer deployment."""

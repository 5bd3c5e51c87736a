"""Exit codes: how what was asked about stands, in one number."""

from typing import Any

Json = dict[str, Any]
DONE, NOT_YET, FAILED, REFUSED, USAGE, UNWRITTEN, INTERRUPTED = 0, 2, 3, 4, 64, 74, 130
GROUP = {"ready": DONE, "not_configured": DONE, "pending": NOT_YET, "failed": FAILED}
WAVE = {"recovered": DONE, "starting": NOT_YET, "running": NOT_YET, "partly": FAILED, "failed": FAILED}
EXECUTION = {
    "completed": DONE,
    "running": NOT_YET,
    "paused": NOT_YET,
    "cancelling": NOT_YET,
    "failed": FAILED,
    "cancelled": FAILED,
}
VERDICT = {"go": DONE, "repair": NOT_YET, "no-go": FAILED}
WORST = (FAILED, NOT_YET, DONE)

Outcome = tuple[Json, int]
"""What was answered, and the exit code."""


def worst(found: set[int]) -> int:
    """The one code for several."""
    return next(code for code in WORST if code in {*found, DONE})

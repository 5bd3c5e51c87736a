"""When the answer is no, and what to do then.

Exception
|-- UsageError   the command line does not make sense: nobody was asked            exit code 64
`-- Refusal      an `error` answer; or nobody could be asked, or did not answer    exit code 4
"""

import re
from pathlib import Path

from local.command_line.codes import Json

ADVICE = {
    "NO_CONNECTION": "check the address and the network. AWS's is the stack's output ApiUrl; the embedded cloud's is in"
    " the line that `make serve` prints, as long as it runs",
    "NO_CREDENTIALS": "sign in to AWS (`aws sso login`, AWS_ACCESS_KEY_ID ..., --profile), or give a --token",
    "UNAUTHENTICATED": "sign in again: a token of Cognito's lasts an hour, and it must be the id token",
    "UnrecognizedClientException": "AWS does not know these credentials: sign in again, or name another --profile",
    "InvalidClientTokenId": "AWS does not know these credentials: sign in again, or name another --profile",
    "InvalidSignatureException": "the signature does not fit: check the secret key, --region and this machine's clock",
    "SignatureDoesNotMatch": "the signature does not fit: check the secret key, --region and this machine's clock",
    "ExpiredTokenException": "these credentials have expired: sign in again",
    "MissingAuthenticationTokenException": "there is no such route at this address: --api ends with the stage, as the"
    " stack's output ApiUrl does; or the service there is older than this command",
    "API_KEY_NEEDED": "set PREFLIGHT_API_KEY: audit and verify ask a program for a key of the usage plan. The stack's"
    " output AuditKeyId names one (`aws apigateway get-api-key --include-value`); --direct and --token need none",
    "API_KEY_QUOTA_EXCEEDED": "use a key of your own, wait until tomorrow, or ask --direct",
    "AccessDeniedException": "IAM does not allow this principal to call it (execute-api:Invoke, lambda:InvokeFunction)",
    "NOT_A_SERVICE": "check --api, it ends with the stage; or the service there is of another age than this command",
}
GUIDE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
"""Its first table has a row for each of the service's codes."""
ELSE = "read docs/troubleshooting.md"
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#]*)[^)]*\)")
_LINK_ALONE = re.compile(rf"\({_LINK.pattern}\)")
"""In parentheses of its own."""


class UsageError(Exception):
    """The command line does not make sense; the text says what to write instead."""


class Refusal(Exception):
    """The answer is no. ``body`` is ``{error, message, retryable, details?}``, as the service shapes it."""

    def __init__(self, body: Json) -> None:
        super().__init__(body.get("message", ""))
        self.body = body
        self.code = str(body["error"])
        self.retryable = bool(body.get("retryable"))

    @property
    def advice(self) -> str:
        """What to do, where the message itself does not say."""
        return ADVICE.get(self.code) or _guided(self.code) or ELSE


def _guided(code: str) -> str:
    """What the guide says of a code, its links as files; nothing where there is no guide, or no such row."""
    try:
        rows = [line.split(" | ") for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    except OSError:
        return ""
    found = next((row[-1].removesuffix(" |") for row in rows if f"`{code}`" in row[0]), "")
    within = _LINK_ALONE.sub(r"(\1: docs/\2)", found)
    return _LINK.sub(r"\1 (docs/\2)", within)


def refusal(code: str, message: str, *, retryable: bool = False) -> Refusal:
    """A no of our own, in the shape that the service's have."""
    return Refusal({"error": code, "message": message, "retryable": retryable})

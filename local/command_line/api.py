"""Through API Gateway, signed with IAM (SigV4) or with an id token of Cognito's."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from local.command_line.aws import in_plain_words
from local.command_line.codes import Json
from local.command_line.refusals import ADVICE, Refusal, refusal
from local.command_line.routes import ROUTES

SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 10, 60
"""API Gateway itself gives up after 29 s."""
REFUSED, TRY_AGAIN = 300, {429, 502, 503, 504}
BESIDE = {"asOf": "X-As-Of", "from": "X-From", "nextToken": "X-Next-Token"}
"""What stands beside a sheet, as `events.rest` says it, whose models would be slow to come."""
Sign = Callable[[AWSRequest], None]


@dataclass(frozen=True)
class Api:
    """``url`` ends with the stage. ``key``: of a usage plan; the audit log and verification ask programs for one."""

    url: str
    sign: Sign
    key: str = ""
    session: URLLib3Session = field(init=False)

    def __post_init__(self) -> None:
        trusted: Any = os.environ.get("AWS_CA_BUNDLE") or True
        timeout: Any = (SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)  # botocore takes both, its stubs do not
        proxies = get_environ_proxies(self.url)
        object.__setattr__(self, "session", URLLib3Session(verify=trusted, proxies=proxies, timeout=timeout))

    def ask(self, operation: str, fields: Json) -> Json:
        """The answer.

        Raises:
            Refusal: it is no, or there is none.
        """
        route = ROUTES[operation]
        path, body = route.filled(fields)
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/csv"}
        headers |= {"x-api-key": self.key} if self.key and route.keyed else {}
        request = AWSRequest(route.method, self.url + path, headers, None if body is None else orjson.dumps(body))
        with in_plain_words(self.url):
            self.sign(request)
            answer = self.session.send(request.prepare())
        if answer.status_code < REFUSED and answer.headers.get("Content-Type", "").startswith("text/csv"):
            return _sheet(answer.content.decode(), answer.headers)
        return _judged(answer.status_code, answer.content, answer.headers.get("x-amzn-errortype", ""))


def signed(credentials: Credentials | None, region: str) -> Sign:
    """As an IAM principal.

    Raises:
        Refusal: there are no credentials.
    """
    if credentials is None:
        raise refusal("NO_CREDENTIALS", "no AWS credentials were found, and no token was given")
    return SigV4Auth(credentials, "execute-api", region).add_auth


def bearing(token: str) -> Sign:
    """As whoever has this id token."""

    def sign(request: AWSRequest) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

    return sign


def _sheet(text: str, headers: Mapping[str, str]) -> Json:
    """As a direct call answers: what is beside the sheet stands in headers, a token only if there is more."""
    return {"csv": text, **{name: headers[header] for name, header in BESIDE.items() if header in headers}}


def _judged(status: int, content: bytes, kind: str) -> Json:
    """The answer; what API Gateway refuses by itself has another shape than our errors, and gets theirs."""
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise refusal("NOT_A_SERVICE", f"HTTP {status}, and no JSON object", retryable=status in TRY_AGAIN)
    kind = kind.partition(":")[0]
    if isinstance(body.get("error"), str) and "message" in body:
        raise Refusal({**body, "error": kind} if kind in ADVICE else body)  # AWS's own word says more
    if status >= REFUSED:
        word = kind or str(body.get("__type", "")).rpartition("#")[2] or f"HTTP_{status}"
        message = body.get("message") or body.get("Message") or f"HTTP {status}"
        raise refusal(word, str(message), retryable=status in TRY_AGAIN)
    return body

"""Whom to ask: from the arguments, else from the environment."""

import re
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from local.command_line.api import Api, bearing, signed
from local.command_line.aws import in_plain_words
from local.command_line.codes import Json
from local.command_line.direct import Direct, functions
from local.command_line.refusals import UsageError
from local.command_line.routes import Door

HERE = {"127.0.0.1", "::1", "localhost"}
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.")
NOWHERE = (
    "say whom to ask: --api URL (or PREFLIGHT_API), --direct STACK (or PREFLIGHT_STACK), or --serve-line FILE (or"
    " PREFLIGHT_SERVE_LINE) with the line that `make serve` prints"
)


@dataclass(frozen=True)
class Place:
    """What was said, whoever said it. ``line`` is the embedded cloud's own description."""

    api: str = ""
    direct: str = ""
    line: Json | None = None


def door(arguments: Namespace, environment: Mapping[str, str]) -> Door:
    """The way to the service.

    Raises:
        UsageError: nothing says which, or what is said does not make sense.
        Refusal: nobody's credentials are there to sign with.
    """
    place = _place(arguments, environment)
    session = _session(arguments, environment, place.line)
    if place.direct:
        return _direct(arguments, place, session)
    token = arguments.token or environment.get("PREFLIGHT_TOKEN", "")
    url = _url(place.api or str((place.line or {})["frontend" if token else "api"]), token=token)
    if token:
        return Api(url, bearing(token))
    with in_plain_words(url):
        key = environment.get("PREFLIGHT_API_KEY") or str((place.line or {}).get("auditKey", ""))
        return Api(url, signed(session.get_credentials(), _region(arguments, url, session)), key)


def _place(arguments: Namespace, environment: Mapping[str, str]) -> Place:
    if arguments.api and arguments.direct:
        raise UsageError("ask either --api or --direct, not both")
    line = _line(arguments.serve_line) if arguments.serve_line else None
    if arguments.api or arguments.direct or line:
        return Place(arguments.api or "", arguments.direct or "", line)
    api, stack = environment.get("PREFLIGHT_API", ""), environment.get("PREFLIGHT_STACK", "")
    if api or stack:
        return Place(api, "" if api else stack)
    if file := environment.get("PREFLIGHT_SERVE_LINE"):
        return Place(line=_line(file))
    raise UsageError(NOWHERE)


def _line(file: str) -> Json:
    """The last line that is a JSON object: `make` may say something before it."""
    try:
        lines = [text for text in Path(file).read_text().splitlines() if text.startswith("{")]
        line = orjson.loads(lines[-1]) if lines else None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: not the line that `make serve` prints ({error})") from error
    if line is None:
        raise UsageError(f"{file}: the line of `make serve` is not there yet: wait some seconds, then ask again")
    if not {"api", "frontend", "endpoint", "functions", "region", "account"} <= {*line}:
        raise UsageError(f"{file}: not the line that `make serve` prints")
    return dict(line)


def _session(arguments: Namespace, environment: Mapping[str, str], line: Json | None) -> Session:
    """The embedded cloud's root, if its line is there and no profile is named; else as AWS's own tools find it."""
    region = arguments.region or (line or {}).get("region") or environment.get("AWS_REGION")
    session = Session(profile=arguments.profile)
    try:
        session.get_scoped_config()
    except BotoCoreError as error:  # no such profile
        raise UsageError(str(error)) from error
    if region:
        session.set_config_variable("region", region)
    if line and not arguments.profile:
        session.set_credentials(str(line["account"]), "preflight")
    return session


def _direct(arguments: Namespace, place: Place, session: Session) -> Direct:
    _region(arguments, "", session)
    endpoint = arguments.endpoint_url or (place.line or {}).get("endpoint")
    if "=" in place.direct:
        return Direct(session, named=functions(place.direct), endpoint=endpoint)
    return Direct(session, place.direct, place.line["functions"] if place.line else None, endpoint)


def _url(text: str, token: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{text}: an address of the API looks like https://ID.execute-api.REGION.amazonaws.com/live")
    if token and parts.scheme == "http" and parts.hostname not in HERE:
        raise UsageError(f"{text}: a token is sent over https only")
    if not token.isascii() or any(letter.isspace() for letter in token):
        raise UsageError("the token is none: it is one word")
    return text.rstrip("/")


def _region(arguments: Namespace, url: str, session: Session) -> str:
    """Where the signature counts: as said, else as the address itself says."""
    named = _REGION.search(url)
    region = arguments.region or (named and named[1]) or session.get_config_variable("region")
    if not region:
        raise UsageError("say the --region (or set AWS_REGION): nothing else here does")
    return str(region)

"""JSON that people write."""

import sys
from pathlib import Path

import orjson

from local.command_line.codes import Json
from local.command_line.refusals import UsageError


def object_in(file: str) -> Json:
    """The object in a file, or on standard input if it is called ``-``.

    Raises:
        UsageError: there is none.
    """
    name = "standard input" if file == "-" else file
    try:
        body = orjson.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{name} is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError(f"{name} must hold one JSON object")
    return body

"""What an import has to tell, and the one way it fails: `ImportRefused`, when a file cannot be understood at all."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any  # what YAML makes of a file nobody has checked yet
Path = tuple[str | int, ...]
Code = Literal[
    "NOT_A_LAUNCH_SETTING",  # no launch setting of the layer whose folder it is in
    "NOT_APPLIED",  # a real one, which this service refuses
    "PLACEHOLDER",  # a sample's value that nobody filled in
    "INVALID_VALUE",  # not a value that this service would accept there
    "EMPTY",  # a file, or a key, that says nothing
    "TIE",  # two overrides disagree about one server
    "UNMATCHED",  # an override or a tag that selects nothing
    "EXCLUDED",  # every server it is for is excluded from it
    "UNKNOWN_SERVER",  # a table names a server that DRS does not
    "NO_HOSTNAME",  # a server that no table can name
    "IGNORED_FILE",  # a file that the synchronizer does not read
    "MISSING_FILE",  # a file that the synchronizer would read
]
SHOWN = 160
_PLACEHOLDER = re.compile(r"(?<![a-z0-9])x{3,}(?![a-z0-9])|<[^<>]+>|\$\{[^{}]*\}", re.IGNORECASE)


class ImportRefused(Exception):
    """The folder cannot be imported; the text is one line and names the file, and the line in it if there is one."""


@dataclass(frozen=True)
class Finding:
    """Something in the folder that did not become part of a definition, or not everywhere.

    `file` is relative to the folder (a server's id if DRS is the reason), `key` a dotted path in it, empty for
    the whole file; what is below `key` is meant too.
    """

    code: Code
    file: str
    key: str
    value: Json
    message: str


def dotted(path: Path) -> str:
    """``NetworkInterfaces[0].Groups[1]``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def shown(path: Path, value: Json) -> Json:
    """``value`` as JSON can hold it and a log may: cut, and user data not at all."""
    if any(str(step).lower() == "userdata" for step in path):
        return "(not shown)"
    if isinstance(value, dict):
        return {str(key): shown((*path, str(key)), each) for key, each in value.items()}
    if isinstance(value, list):
        return [shown(path, each) for each in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return str(value)[:SHOWN]


def is_placeholder(*values: Json) -> bool:
    """Whether one of them is a sample's: ``sg-xxxxxxxxxxxxxxxxx``, ``<account>``, ``${Subnet}``."""
    return any(isinstance(value, str) and _PLACEHOLDER.search(value) for value in values)

"""What botocore's model of a request, or of an answer, demands: members, types, enums, patterns, lengths."""

import re
from collections.abc import Iterator
from datetime import datetime

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local.simulator.shapes import Json

Problem = tuple[str, str]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": datetime,
    "blob": bytes,
}


def problems(shape: Shape, value: Json, path: str = "", *, closed: bool = False) -> Iterator[Problem]:
    """Every (field, what is wrong) of `value`; members that the model does not know are wrong if it is `closed`."""
    if not _has_type(shape.type_name, value):
        yield path, f"must be of type {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from _of_structure(shape, value, path, closed=closed)
    elif isinstance(shape, ListShape):
        yield from _of_length(shape, len(value), path)
        for index, member in enumerate(value):
            yield from problems(shape.member, member, f"{path}[{index}]", closed=closed)
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from problems(shape.key, key, f"{path}.{key}")
            yield from problems(shape.value, member, f"{path}.{key}", closed=closed)
    elif isinstance(shape, StringShape):
        yield from _of_string(shape, value, path)
    elif shape.type_name in {"integer", "long"}:
        yield from _of_length(shape, value, path)


def _has_type(name: str, value: Json) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, _TYPES.get(name, object))


def _of_structure(shape: StructureShape, value: dict[str, Json], path: str, *, closed: bool) -> Iterator[Problem]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _join(path, name), "is required"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from problems(member, value[name], _join(path, name), closed=closed)
    for name in sorted(set(value) - set(shape.members)) if closed else ():
        yield _join(path, name), f"is not a member of {shape.name}"


def _of_string(shape: StringShape, value: str, path: str) -> Iterator[Problem]:
    yield from _of_length(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        yield path, f"must be one of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield path, f"must match {pattern}"


def _of_length(shape: Shape, size: int, path: str) -> Iterator[Problem]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield path, f"must be at least {low}"
    if high is not None and size > high:
        yield path, f"must be at most {high}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

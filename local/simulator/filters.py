"""EC2's filters: the values of one are alternatives, several filters all hold, `*` and `?` are wildcards.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html. A filter leads to members of the shape that
the operation answers: `Groups.GroupId` are the ids of all groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from local.simulator.errors import AwsError
from local.simulator.shapes import Json, Shape


def keep(items: Sequence[Shape], filters: Sequence[Shape], paths: Mapping[str, str], tags: str = "Tags") -> list[Shape]:
    """The items that pass every filter; InvalidParameterValue for one that neither `paths` nor tags know."""
    found = list(items)
    for each in filters:
        name, wanted = each.get("Name", ""), each.get("Values", [])
        exact = {value for value in wanted if not _is_pattern(value)}
        patterns = [value for value in wanted if _is_pattern(value)]
        path = paths.get(name)
        if path is None and not name.startswith("tag"):
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        found = [
            item
            for item in found
            if any(
                value in exact or any(fnmatchcase(value, pattern) for pattern in patterns)
                for value in (_values(item, path.split(".")) if path else _tag_values(item.get(tags, []), name))
            )
        ]
    return found


def alternatives(filters: Sequence[Shape], name: str) -> set[str] | None:
    """The values of one filter, if it is there and has no wildcards: so that not everything need be looked at."""
    for each in filters:
        if each.get("Name") == name and not any(map(_is_pattern, each.get("Values", []))):
            return set(each.get("Values", []))
    return None


def _is_pattern(value: str) -> bool:
    return "*" in value or "?" in value


def _values(value: Json, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif path:
        if value.get(path[0]) is not None:
            yield from _values(value[path[0]], path[1:])
    else:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _tag_values(tags: Sequence[Shape], name: str) -> Iterator[str]:
    """Of `tag:Owner` the value, of `tag-key` all keys, of `tag-value` all values."""
    kind, _, key = name.partition(":")
    for tag in tags:
        if kind == "tag-key":
            yield tag["Key"]
        elif kind == "tag-value" or tag["Key"] == key:
            yield tag["Value"]

"""YAML as the synchronizer writes it: one mapping a file. What PyYAML would let pass is refused with its line.

PyYAML keeps the last of two equal keys and says nothing, and `yes:` is the key True; here both are errors. The rest
of its YAML 1.1 stays, as the synchronizer has it: the value `no` is false.
"""

from collections.abc import Iterator

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, ScalarNode

from local.synchronizer.findings import ImportRefused, Json, Path

MAX_LEAVES, MAX_DEPTH, MAX_BITS = 10_000, 20, 64
_KEYS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"})


class _Loader(yaml.SafeLoader):
    """`SafeLoader`, except that a key is text and may be there once only."""

    def compose_mapping_node(self, anchor: Json) -> MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode) or key.tag not in _KEYS:
                raise ConstructorError(None, None, "a key that is not text: quote it", key.start_mark)
            if key.value in seen:
                raise ConstructorError(None, None, f"the key {key.value!r} is there twice", key.start_mark)
            seen.add(key.value)
        return node


def read_mapping(text: str, file: str) -> dict[str, Json]:
    """The mapping in ``text``; empty if there is none.

    Raises:
        ImportRefused: not one YAML mapping, a key twice, or too large or deep for a configuration.
    """
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ImportRefused(f"{file}, line {mark.line + 1 if mark else 1}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = " ".join(str(error).split())[:200]
        raise ImportRefused(f"{file}: not YAML that can be read: {why}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ImportRefused(f"{file}, line 1: holds a {type(content).__name__}, not settings by name")
    for count, (path, value) in enumerate(leaves(content)):
        if count >= MAX_LEAVES or len(path) > MAX_DEPTH:
            raise ImportRefused(f"{file}: more than {MAX_LEAVES} values, or more than {MAX_DEPTH} levels deep")
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise ImportRefused(f"{file}: {path[-1]} is a number of {value.bit_length()} bits")
    return content


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every value that holds no other; below `MAX_DEPTH` levels, whatever is there. An empty list is a leaf."""
    if len(path) <= MAX_DEPTH and isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif len(path) <= MAX_DEPTH and isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    else:
        yield path, value


def at(content: Json, path: Path) -> Json:
    """What is at ``path``."""
    for step in path:
        content = content[step]
    return content

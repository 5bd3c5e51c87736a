"""One value of a file: where among our settings it goes, and whether they would take it."""

import json
from typing import cast

from pydantic import TypeAdapter, ValidationError

from events.configuration import LaunchConfiguration
from local.synchronizer import keys
from local.synchronizer.findings import Code, Json, Path, is_placeholder
from local.synchronizer.folder import Document

Settings = dict[str, Json]
Place = tuple[str, ...]
"""Where a value goes: ``("blockDeviceMappings", "/dev/sda1", "iops")``; in lists, by what is named."""
_SAID: Place = ("",)
"""Where a value goes that only says what its neighbours are about."""
_ADAPTER: TypeAdapter[LaunchConfiguration] = TypeAdapter(LaunchConfiguration)


class NotTaken(Exception):
    """A value that is not taken: the code and the text of its finding."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def place(document: Document, path: Path, value: Json) -> tuple[Place, Json] | None:
    """Where ``value`` goes, and what goes there; None if it only says what its neighbours are about.

    Raises:
        NotTaken: the setting is none of ours, or the value is none for it.
    """
    to = keys.setting(document.layer, path)
    if to is None and not keys.has_another_form(document.layer, path):
        raise NotTaken(*keys.why_not(document.layer, document.file, path))
    if value is None or value in ("", {}, []):
        _may_be_empty(to, value)
    if to is None:
        raise NotTaken("INVALID_VALUE", "not what AWS takes there: a list, a mapping or a single value")
    goes, value = _within(document, path, to, value)
    if goes == _SAID:
        return None
    _valid(goes, value)
    return goes, value


def assembled(values: dict[Place, Json]) -> Settings:
    """The settings that the values come to, normalised as the service keeps them.

    Raises:
        ValidationError: the service would refuse them.
    """
    tree: Settings = {}
    for (*above, last), value in values.items():
        node = tree
        for step in above:
            node = node.setdefault(step, {})
        node[last] = value
    for setting in {"securityGroupIds", "blockDeviceMappings"} & tree.keys():
        tree[setting] = list(tree[setting].values())
    return cast("Settings", _ADAPTER.dump_python(_ADAPTER.validate_json(json.dumps(tree)), mode="json"))


def _may_be_empty(to: Place | None, value: Json) -> None:
    if to != ("tags", "value") or value != "":
        raise NotTaken("EMPTY", "says nothing")


def _within(document: Document, path: Path, to: Place, value: Json) -> tuple[Place, Json]:
    """Where it goes, its neighbours in the list considered."""
    if path[0] not in {"TagSpecifications", "NetworkInterfaces", "BlockDeviceMappings"}:
        return to, value
    element = document.content[str(path[0])][path[1]]
    match path[0]:
        case "TagSpecifications":
            return _tag(element, path, to, value)
        case "NetworkInterfaces":
            return _interface(element, path, to, value)
        case _:
            return _device(element, to, value)


def _tag(specification: Json, path: Path, to: Place, value: Json) -> tuple[Place, Json]:
    """A tag goes with its Key; its Value has no place of its own."""
    tag = specification["Tags"][path[3]] if len(path) > len(("TagSpecifications", 0, "Tags")) else {}
    key = tag.get("Key")
    if to == ("tags", "value"):
        if "Key" not in tag or (isinstance(key, dict | list) and key):
            raise NotTaken("INVALID_VALUE", "a tag without a Key")
        return _SAID, value
    if specification.get("ResourceType") != "instance":
        raise NotTaken("NOT_APPLIED", "only the tags of ResourceType instance are applied")
    if to == ("tags", "of"):
        _not_alone(specification)
        return _SAID, value
    return ("tags", str(key)), tag.get("Value", "") if isinstance(key, str) else key


def _interface(interface: Json, path: Path, to: Place, value: Json) -> tuple[Place, Json]:
    index = interface.get("DeviceIndex")
    if (path[1] if index is None else index) != 0:
        raise NotTaken("NOT_APPLIED", "only network interface 0 is applied")
    if to == ("networkInterface", "index"):
        _not_alone(interface)
        return _SAID, value
    return (*to, str(value)) if to == ("securityGroupIds",) else to, value


def _device(device: Json, to: Place, value: Json) -> tuple[Place, Json]:
    name = device.get("DeviceName")
    if not isinstance(name, str):
        raise NotTaken("INVALID_VALUE", "a device needs its DeviceName")
    return (to[0], name, to[1]), value


def _not_alone(element: Json) -> None:
    if len(element) == 1:
        raise NotTaken("EMPTY", "names something, and says nothing of it")


def _valid(goes: Place, value: Json) -> None:
    if is_placeholder(*goes[1:], value):
        raise NotTaken("PLACEHOLDER", "a placeholder that nobody filled in: left out")
    if not isinstance(value, str | int | float):
        raise NotTaken("INVALID_VALUE", f"a {type(value).__name__} is no value for it")
    alone = {goes: value}
    if goes[0] == "blockDeviceMappings":
        alone[goes[0], goes[1], "deviceName"] = goes[1]
    try:
        assembled(alone)
    except ValidationError as error:
        raise NotTaken("INVALID_VALUE", error.errors()[0]["msg"]) from error

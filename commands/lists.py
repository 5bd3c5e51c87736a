"""The lists in a request about a group: each within its limits, each of its entries once. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from events.configuration import LaunchConfiguration
from events.groups import MAX_SERVERS, Exclusion, ServerDefinition, TagOverride
from events.model import Model, ServerId
from events.values import TagKey, TagValue

MAX_OVERRIDES = 50
MAX_SELECTION_TAGS = 10


class ServerRequest(Model):
    """One server, as a request names it: what was resolved for it is not the caller's to say."""

    source_server_id: ServerId
    use_group_defaults: bool = True
    launch_template: LaunchConfiguration = LaunchConfiguration()

    @property
    def definition(self) -> ServerDefinition:
        """The same, before anything is resolved for it."""
        return ServerDefinition(
            source_server_id=self.source_server_id,
            use_group_defaults=self.use_group_defaults,
            launch_template=self.launch_template,
        )


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _limited(ids: list[str]) -> None:
    twice = _twice(ids)
    if twice:
        raise PydanticCustomError("DUPLICATE_SERVER", "names {ids} more than once", {"ids": ", ".join(twice[:5])})
    if len(ids) > MAX_SERVERS:
        raise PydanticCustomError(
            "QUOTA_EXCEEDED",
            "names {count} servers; DRS recovers at most 500 at once: split the group",
            {"count": len(ids)},
        )


def _ids(values: tuple[str, ...]) -> tuple[str, ...]:
    _limited(list(values))
    return values


def _servers(values: tuple[ServerRequest, ...]) -> tuple[ServerRequest, ...]:
    _limited([value.source_server_id for value in values])
    return values


def _overrides(values: tuple[TagOverride, ...]) -> tuple[TagOverride, ...]:
    twice = _twice(value.name for value in values)
    if twice:
        raise PydanticCustomError(
            "DUPLICATE_TAG_OVERRIDE",
            "says {tags} more than once: put what is to be said of a tag into one override",
            {"tags": ", ".join(twice[:5])},
        )
    hollow = [value.name for value in values if not value.launch_config]
    if hollow:
        raise ValueError(f"{', '.join(hollow[:5])}: says nothing in its launchConfig: say something, or leave it out")
    return values


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = _twice(values)
    if twice:
        raise ValueError(f"names {', '.join(twice[:5])} more than once")
    return values


def _whom(values: tuple[Exclusion, ...]) -> tuple[Exclusion, ...]:
    for value in values:
        if (value.source_server_id is None) == (value.hostname is None):
            raise ValueError("each exclusion names either a sourceServerId or a hostname")
    return values


ServerIds = Annotated[tuple[ServerId, ...], AfterValidator(_ids)]
Servers = Annotated[tuple[ServerRequest, ...], AfterValidator(_servers)]
SelectionTags = Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=MAX_SELECTION_TAGS)]
TagOverrides = Annotated[tuple[TagOverride, ...], Field(max_length=MAX_OVERRIDES), AfterValidator(_overrides)]
Precedence = Annotated[tuple[TagKey, ...], Field(max_length=MAX_OVERRIDES), AfterValidator(_once)]
Exclusions = Annotated[tuple[Exclusion, ...], Field(max_length=MAX_SERVERS), AfterValidator(_whom)]

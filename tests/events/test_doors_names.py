"""A field has one name, outside: whoever says its Python name is told so, in every model, however deep."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands.requests import ApplyLaunchConfigs
from events.doors import parse
from events.errors import Refused
from events.model import Model
from tests.fuzz import OPERATIONS
from tests.ways import Json

UNKNOWN = "UNKNOWN_FIELDS_PRESENT"


def renamed(schema: Json, defs: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every place in a model's JSON where a field with two words stands, and its Python name there."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for each in (*schema.get("anyOf", []), *schema.get("allOf", [])):
        yield from renamed(each, defs, at)
    if "items" in schema and len(at) < 6:
        yield from renamed(schema["items"], defs, (*at, 0))
    for name, inner in schema.get("properties", {}).items():
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        if snake != name and "title" in schema and schema["title"] != "LaunchConfiguration":
            yield at, snake
        yield from renamed(inner, defs, (*at, name))


def holding(at: tuple[str | int, ...], name: str) -> Any:  # noqa: ANN401  JSON
    value: Any = {name: "said"}
    for part in reversed(at):
        value = [value] if part == 0 else {part: value}
    return value


PLACES = [
    pytest.param(operation.model, at, name, id=f"{operation.name} {'.'.join(map(str, (*at, name)))}")
    for _, operation in OPERATIONS
    for schema in [operation.model.model_json_schema(by_alias=True)]
    for at, name in dict.fromkeys(renamed(schema, schema.get("$defs", {})))
]


@pytest.mark.parametrize(("model", "at", "name"), PLACES)
def test_a_fields_python_name_is_refused_wherever_it_stands(
    model: type[Model], at: tuple[str | int, ...], name: str
) -> None:
    with pytest.raises(Refused) as no:
        parse(model, holding(at, name))
    field = ".".join(map(str, (*at, name)))
    assert {"field": field, "error": UNKNOWN, "message": "is not a field that is applied"} in [
        fault for fault in no.value.details["validationErrors"] if fault["field"] == field
    ]


def test_a_dry_run_that_is_misspelt_is_no_forced_apply() -> None:
    with pytest.raises(Refused) as no:
        parse(ApplyLaunchConfigs, {"groupId": "pg-1", "dry_run": True, "force": True})
    assert (no.value.code, no.value.details["field"]) == (UNKNOWN, "dry_run")


def test_every_model_with_such_a_field_was_tried() -> None:
    assert len(PLACES) > 60

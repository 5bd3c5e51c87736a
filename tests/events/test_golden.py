"""What was ever stored is read for ever: every fact there is, and whole commits, as they were written once.

golden/facts.json keeps, for each fact, the bytes in the table (`stored`) and what they mean (`means`). Add an example
with every new field; never change one. A fact or a field without an example fails here.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter

from events.commits import GENESIS, Commit, digest, unpack
from events.configuration import LaunchConfiguration
from events.dynamodb import decode, encode
from events.executions import EXECUTION_FACTS, ExecutionFact, Plan, PlannedWave
from events.facts import GROUP_FACTS, GroupFact
from events.groups import Definition, Exclusion, ServerDefinition, TagOverride, Target
from events.model import canonical
from events.rosters import ROSTER_FACTS, RosterFact
from events.streams import EXECUTION, GROUP, ROSTER, WAVE, Kind, Stream, _dump, remembered
from events.waves import WAVE_FACTS, GroupEvidence, Offender, ServerLaunch, WaveFact

GOLDEN = Path(__file__).parent / "golden"
FACTS = json.loads((GOLDEN / "facts.json").read_text())
CHAIN = json.loads((GOLDEN / "commits.json").read_text())
ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "group": GROUP_FACTS,
    "wave": WAVE_FACTS,
    "execution": EXECUTION_FACTS,
    "roster": ROSTER_FACTS,
}
KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in (GROUP, WAVE, EXECUTION, ROSTER)}
UNIONS = {"group": GroupFact, "wave": WaveFact, "execution": ExecutionFact, "roster": RosterFact}
NAMING = ("ServersDropped", "ServersLaunching")
EXAMPLES = [(kind, example) for kind, examples in FACTS.items() for example in examples]


def known(union: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401  a union of models
    for one in get_args(union):
        yield from known(one) if get_args(one) else [one]


EVERY = {kind: [*known(union)] for kind, union in UNIONS.items()}


def named(example: Any) -> str:  # noqa: ANN401  a parameter
    return example if isinstance(example, str) else str(example["stored"]["type"])


def without_news(now: Any, said: Any, meant: Any) -> Any:  # noqa: ANN401  JSON
    """``now`` without the fields that nobody knew when it was ``meant``, as far as they have their defaults."""
    if isinstance(now, dict) and isinstance(meant, dict):
        said = said or {}
        return {key: without_news(now[key], said.get(key), meant.get(key)) for key in now if key in {*meant, *said}}
    if isinstance(now, list) and isinstance(meant, list) and len(now) == len(meant):
        return [without_news(*each) for each in zip(now, said or [None] * len(now), meant, strict=True)]
    return now


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=named)
def test_a_stored_fact_means_what_it_meant(kind: str, example: dict[str, Any]) -> None:
    """Fields that were added since, at any depth, have their defaults; none has another value."""
    (fact,) = KINDS[kind].parse(canonical([example["stored"]]))
    said = fact.model_dump(mode="json", exclude_defaults=True)
    assert without_news(fact.model_dump(mode="json"), said, example["means"]) == example["means"]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=named)
def test_a_stored_fact_is_written_back_to_the_byte(kind: str, example: dict[str, Any]) -> None:
    fact = ADAPTERS[kind].validate_json(canonical(example["stored"]))
    assert canonical(_dump(fact)) == canonical(example["stored"])


@pytest.mark.parametrize(("kind", "model"), [(kind, one) for kind, models in EVERY.items() for one in models])
def test_every_fact_and_every_field_has_a_golden_example(kind: str, model: type[BaseModel]) -> None:
    name = model.model_fields["type"].default
    found = [example["stored"] for example in FACTS[kind] if example["stored"]["type"] == name]
    shown = {key for stored in found for key in stored}
    assert {str(field.alias) for field in model.model_fields.values()} - shown == set()


def test_no_golden_example_is_of_a_fact_that_nobody_knows() -> None:
    for kind, examples in FACTS.items():
        names = {model.model_fields["type"].default for model in EVERY[kind]}
        assert {example["stored"]["type"] for example in examples} <= names


def stored(item: dict[str, Any]) -> dict[str, Any]:
    """A DynamoDB item; its binary attributes are in base64 in the file."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item["item"].items()
    }


@pytest.mark.parametrize(
    "item", CHAIN, ids=lambda item: f"{item['item']['streamId']['S']} {item['item']['version']['N']}"
)
def test_a_stored_commit_is_read_as_it_was_written(item: dict[str, Any]) -> None:
    commit = decode(stored(item))
    assert commit.events.decode() == item["events"]
    assert commit.state.decode() == item["state"]
    assert commit.expected_hash() == commit.hash == item["item"]["hash"]["S"]
    assert digest(commit.state) == commit.state_hash


@pytest.mark.parametrize(
    "item", CHAIN, ids=lambda item: f"{item['item']['streamId']['S']} {item['item']['version']['N']}"
)
def test_a_stored_commit_is_written_back_the_same_but_for_how_it_is_packed(item: dict[str, Any]) -> None:
    """Another zlib may pack to other bytes; they unpack to the same. The first items were not listed by their day."""
    there, again = stored(item), encode(decode(stored(item)))
    for attribute in ("events", "state"):
        assert unpack(again.pop(attribute)["B"]) == unpack(there.pop(attribute)["B"])
    assert again == {"bucket": {"S": there["recordedAt"]["S"][:10]}, **there}


@pytest.mark.parametrize("stream_id", sorted({item["item"]["streamId"]["S"] for item in CHAIN}))
def test_a_stored_stream_folds_to_the_memo_that_was_stored_with_it(stream_id: str) -> None:
    """If this fails, the fold has changed: raise its `fold_version` and write new golden commits beside these."""
    kind = KINDS[stream_id.partition("#")[0]]
    chain = [decode(stored(item)) for item in CHAIN if item["item"]["streamId"]["S"] == stream_id]
    stream = Stream(kind, stream_id, kind.initial())
    before = GENESIS
    for commit in chain:
        assert commit.prev_hash == before
        stream, before = stream.follow(commit), commit.hash
        if commit.fold_version == kind.fold_version:
            assert stream.state_hash() == commit.state_hash
            assert remembered(kind, commit) == stream


@pytest.mark.parametrize("name", KINDS)
def test_there_are_golden_commits_of_the_fold_that_is_in_use(name: str) -> None:
    folds = {
        decode(stored(item)).fold_version for item in CHAIN if item["item"]["streamId"]["S"].startswith(f"{name}#")
    }
    assert max(folds) == KINDS[name].fold_version


def test_golden_definitions_say_all_that_a_definition_can_say() -> None:
    """Nested fields have no names of their own among the facts, so they are counted here."""
    examples = [example["stored"] for example in FACTS["group"] if "definition" in example["stored"]]
    definitions = [example["definition"] for example in examples]
    servers = [server for definition in definitions for server in definition.get("servers", [])]
    assert shown_by(definitions) == aliases(Definition)
    assert shown_by(servers) == aliases(ServerDefinition)
    assert shown_by(over for one in definitions for over in one.get("tagOverrides", [])) == aliases(TagOverride)
    assert shown_by(out for one in definitions for out in one.get("exclusions", [])) == aliases(Exclusion)
    assert shown_by(server.get("launchTemplate", {}) for server in servers) == {*get_type_hints(LaunchConfiguration)}


def test_golden_waves_and_executions_say_all_that_they_can_say() -> None:
    """The same of what is nested in their facts."""
    waves, executions = ([example["stored"] for example in FACTS[kind]] for kind in ("wave", "execution"))
    claims = [fact for fact in waves if fact["type"] == "WaveClaimed"]
    servers = {kind: [one for fact in waves if fact["type"] == kind for one in fact["servers"]] for kind in NAMING}
    plans = [fact["plan"] for fact in executions if "plan" in fact]
    assert shown_by(group for claim in claims for group in claim["groups"]) == aliases(GroupEvidence)
    assert shown_by(claim["target"] for claim in claims if "target" in claim) == aliases(Target)
    assert shown_by(servers["ServersDropped"]) == aliases(Offender)
    assert shown_by(servers["ServersLaunching"]) == aliases(ServerLaunch)
    assert shown_by(one for fact in waves for one in fact.get("offenders", [])) == aliases(Offender)
    assert shown_by(plans) == aliases(Plan)
    assert shown_by(wave for plan in plans for wave in plan["waves"]) == aliases(PlannedWave)


def shown_by(examples: Iterable[dict[str, Any]]) -> set[str]:
    return {key for example in examples for key in example}


def aliases(model: type[BaseModel]) -> set[str]:
    return {str(field.alias) for field in model.model_fields.values()}


def test_the_golden_commits_show_every_attribute_of_a_commit() -> None:
    first = stored(CHAIN[0])
    attributes = {"".join([name.split("_")[0], *map(str.title, name.split("_")[1:])]) for name in
                  (field.name for field in fields(Commit))}  # fmt: skip
    assert set(first) == attributes
    assert all(first[name] != {"S": ""} for name in attributes)

"""Whatever is asked of any operation, valid or not, the answer is one that docs/openapi.json publishes.

schemathesis makes requests of the document: at every boundary of every field, and such as nobody thought of. They go
over real HTTP, through the APIs of programs and of people, to the functions of a cloud of their own.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup
from schemathesis.openapi import checks

from local.openapi.published import ANSWERS
from tests.bench_cloud import BenchCloud
from tests.contract import DOORS, Contract, boundaries, number_of

Json = dict[str, Any]
WIDE = {"create_protection_group", "update_protection_group", "add_servers_to_group", "get_audit_log"}
"""Of boundaries they have thousands, or they take seconds."""
LIST = "list_protection_groups"


@pytest.fixture(scope="module")
def contract() -> Iterator[Contract]:
    with BenchCloud(servers=6) as cloud:
        yield Contract(cloud)


def ask_at_boundaries(contract: Contract, name: str, every: int) -> None:
    for case in boundaries(contract.operation(name)):
        if number_of(case) % every == 0:
            contract.ask(case)


def ask_anything(contract: Contract, name: str, mode: GenerationMode, examples: int) -> None:
    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(contract.operation(name).as_strategy(mode))
    def answered(case: Any) -> None:  # noqa: ANN401  schemathesis's own
        contract.ask(case)

    answered()


@pytest.mark.parametrize("name", ANSWERS)
def test_at_the_boundaries_every_answer_is_as_published(contract: Contract, name: str) -> None:
    ask_at_boundaries(contract, name, every=8 if name in WIDE else 1)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_as_published(contract: Contract, name: str, mode: GenerationMode) -> None:
    ask_anything(contract, name, mode, examples=10)


def test_operations_were_done_and_refused(contract: Contract) -> None:
    if {*contract.answered} != {*ANSWERS}:
        pytest.skip("this is about the whole file")
    assert {name: statuses for name, statuses in contract.answered.items() if min(statuses) >= 300} == {}
    assert {name: statuses for name, statuses in contract.answered.items() if 400 not in statuses} == {}


@pytest.mark.parametrize("door", DOORS)
def test_what_the_gateway_refuses_by_itself_is_published(contract: Contract, door: str) -> None:
    contract.pace(0)
    try:
        contract.ask(contract.operation(LIST).Case(), door)
    finally:
        contract.pace(100_000)
    assert 429 in contract.answered.pop(LIST)


SPOILT = {
    checks.UndefinedStatusCode: lambda shown: shown["responses"].pop("200"),
    checks.JsonSchemaError: lambda shown: shown["responses"]["200"]["content"].update(
        {"application/json": {"schema": {"required": ["colour"]}}}
    ),
    checks.UndefinedContentType: lambda shown: shown["responses"]["200"].update(content={"text/csv": {}}),
    checks.MissingHeaders: lambda shown: shown["responses"]["200"].update(headers={"X-Colour": {"required": True}}),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_document_that_says_something_else_is_found_out(contract: Contract, fault: type[Exception]) -> None:
    with pytest.raises(FailureGroup) as found:
        contract.ask(contract.operation(LIST, SPOILT[fault]).Case())
    assert [type(each) for each in found.value.exceptions] == [fault]


def test_a_document_that_allows_less_than_is_accepted_is_found_out(contract: Contract) -> None:
    def stricter(shown: Json) -> None:
        [limit] = [each for each in shown["parameters"] if each["name"] == "limit"]
        limit["schema"]["maximum"] = 10

    cases = boundaries(contract.operation(LIST, stricter))
    with pytest.raises(FailureGroup) as found:
        [contract.ask(case) for case in cases]
    assert [type(each) for each in found.value.exceptions] == [AcceptedNegativeData]


@pytest.mark.long
@pytest.mark.parametrize("name", ANSWERS)
def test_at_all_boundaries_every_answer_is_as_published(contract: Contract, name: str) -> None:
    ask_at_boundaries(contract, name, every=1)


@pytest.mark.long
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_of_many_is_as_published(contract: Contract, name: str, mode: GenerationMode) -> None:
    ask_anything(contract, name, mode, examples=150)

"""What every test may ask for: the embedded cloud and a desk, each started when the first test needs it."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.simulator.simulator import Simulator
    from tests.bench_cloud import BenchCloud
    from tests.kit import Desk


@pytest.fixture(scope="session")
def cloud() -> Iterator["BenchCloud"]:
    """template.yaml on ministack, with 120 source servers in DRS. Shared: make your own groups, with your own names."""
    from tests.bench_cloud import BenchCloud  # noqa: PLC0415  only for those who ask

    with BenchCloud(servers=120) as running:
        yield running


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a function, for this machine and its Python: look at it, and leave it as it is."""
    from local import package  # noqa: PLC0415  only for those who ask

    target = tmp_path_factory.mktemp("package") / "function"
    package.build(target, here=True)
    return target


@pytest.fixture(scope="session")
def ministack(request: pytest.FixtureRequest) -> str:
    """Where DynamoDB is: in the embedded cloud, or at PREFLIGHT_DYNAMODB_ENDPOINT."""
    elsewhere = os.environ.get("PREFLIGHT_DYNAMODB_ENDPOINT")
    return elsewhere or str(request.getfixturevalue("cloud").description["endpoint"])


@pytest.fixture(scope="module")
def simulator() -> "Iterator[Simulator]":
    """DRS with three source servers, shared by a module."""
    from local.simulator.simulator import Simulator  # noqa: PLC0415  only for those who ask

    with Simulator.serve(servers=3) as running:
        yield running


@pytest.fixture
def desk(simulator: "Simulator") -> "Desk":
    """The commands of one deployment, new, in front of a DRS that is as at the start."""
    from tests.commands.bench import fresh  # noqa: PLC0415  only for those who ask

    return fresh(simulator)


LONGEST = ("test_contract", "test_wave_interleavings", "test_workers_killed", "test_executions_interleavings")
"""Files that take longest: begun first, so that of several workers none ends alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which files are begun; within them it is their own."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure on the embedded cloud tells what its functions said."""
    report = yield
    running = getattr(item, "funcargs", {}).get("cloud")
    if running and report.failed:
        report.sections.append(("embedded cloud", running.log()))
    return report

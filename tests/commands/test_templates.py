"""Default versions of many templates by few calls, and never by an answer from before the question."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from typing import Any

import pytest

from commands.aws.failures import FailedError
from commands.aws.templates import AT_ONCE, PAGE, WORTH, Templates
from local.simulator.simulator import Simulator

Data = dict[str, Any]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=40) as running:
        yield running


class Line:
    """The way to EC2: a call may be held up on its way back, and every call is written down."""

    def __init__(self, simulator: Simulator) -> None:
        simulator.reset()
        self.simulator, self.ec2 = simulator, simulator.client("ec2")
        self.said: list[tuple[str, Data]] = []
        self.held: Event | None = None
        self.arrived = Event()
        self._lock = Lock()

    def __call__(self, service: str, operation: str, arguments: Data) -> Data:
        with self._lock:
            self.said.append((operation, arguments))
        method = {"DescribeLaunchTemplates": self.ec2.describe_launch_templates}.get(
            operation, self.ec2.describe_launch_template_versions
        )
        assert service == "ec2"
        try:
            answer = dict(method(**arguments))
        except Exception as error:
            raise FailedError("transient", type(error).__name__, str(error)) from error
        held, self.held = self.held, None
        if held:
            self.arrived.set()
            assert held.wait(10)
        return answer

    def ids(self) -> list[str]:
        return [self.simulator.server(id_).template_id for id_ in self.simulator.server_ids()]

    def edit(self, number: int, instance_type: str) -> None:
        self.simulator.edit(self.simulator.server_ids()[number], template={"InstanceType": instance_type})

    def names(self) -> list[str]:
        return [name for name, _ in self.said]


@pytest.fixture
def line(simulator: Simulator) -> Line:
    return Line(simulator)


def test_one_page_is_read_for_many_servers_and_none_for_few(line: Line) -> None:
    templates = Templates(line)
    templates.read_all(WORTH - 1)
    assert line.said == []
    templates.read_all(WORTH)
    [(name, asked)] = line.said
    assert (name, asked["MaxResults"], "LaunchTemplateId" in asked) == ("DescribeLaunchTemplateVersions", PAGE, False)
    assert {templates.snapshot(id_)["LaunchTemplateId"] for id_ in line.ids()} == {*line.ids()}  # type: ignore[index]


def test_no_more_pages_are_read_than_save_calls(simulator: Simulator) -> None:
    line, templates = Line(simulator), None
    simulator.add_servers(200)
    templates = Templates(line)
    templates.read_all(WORTH)
    assert len(line.said) == 1
    templates.read_all(2 * WORTH)
    assert len(line.said) == 3, "both pages"
    templates.read_all(100 * WORTH)
    assert len(line.said) == 5, "there are no more than two"


def test_what_a_version_says_is_read_once_and_then_only_which_number_is_the_default(line: Line) -> None:
    templates, [template_id, *_] = Templates(line), line.ids()
    first = templates.default(template_id)
    assert templates.default(template_id) == first
    assert line.names() == ["DescribeLaunchTemplateVersions", "DescribeLaunchTemplates"]
    line.edit(0, "t3.nano")
    changed = templates.default(template_id)
    assert (changed["VersionNumber"], changed["LaunchTemplateData"]["InstanceType"]) == (2, "t3.nano")


def test_a_default_that_went_back_to_an_older_version_is_that_version(line: Line) -> None:
    templates, [template_id, *_] = Templates(line), line.ids()
    first = templates.default(template_id)
    line.edit(0, "t3.nano")
    assert templates.default(template_id)["VersionNumber"] == 2
    line.ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="1")
    assert templates.default(template_id) == first


def test_who_asks_while_a_look_is_on_its_way_is_not_answered_by_it(line: Line) -> None:
    """The answer of the first look is on its way back when the default changes and somebody else asks."""
    templates, [template_id, *_] = Templates(line), line.ids()
    templates.default(template_id)
    release = line.held = Event()
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(templates.default, template_id)
        assert line.arrived.wait(10)
        line.edit(0, "t3.nano")
        late = pool.submit(templates.default, template_id)
        assert late.result(10)["LaunchTemplateData"]["InstanceType"] == "t3.nano"
        release.set()
        assert early.result(10)["VersionNumber"] == 1, "that was so when it asked"


def test_many_who_ask_at_the_same_time_are_answered_by_few_looks_each_with_its_own(line: Line) -> None:
    templates, ids = Templates(line), line.ids()
    templates.read_all(len(ids))
    line.said.clear()
    together = Barrier(len(ids))

    def ask(template_id: str) -> str:
        together.wait(10)
        return str(templates.default(template_id)["LaunchTemplateId"])

    with ThreadPoolExecutor(len(ids)) as pool:
        assert list(pool.map(ask, ids)) == ids
    assert {*line.names()} == {"DescribeLaunchTemplates"}
    assert len(line.said) <= len(ids) // 2, f"at most {AT_ONCE} go alone, the others together"
    assert sum(len(asked["LaunchTemplateIds"]) for _, asked in line.said) == len(ids)


def test_one_that_is_gone_fails_itself_and_nobody_who_asked_with_it(line: Line) -> None:
    templates, ids = Templates(line), line.ids()[:8]
    templates.read_all(len(ids))
    line.ec2.delete_launch_template(LaunchTemplateId=ids[0])
    together = Barrier(len(ids))

    def ask(template_id: str) -> str:
        together.wait(10)
        try:
            return str(templates.default(template_id)["LaunchTemplateId"])
        except FailedError as failed:
            return failed.code

    with ThreadPoolExecutor(len(ids)) as pool:
        assert list(pool.map(ask, ids)) == ["ClientError", *ids[1:]]

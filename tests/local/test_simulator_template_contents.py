"""Every key that a launch template can hold goes through the simulator unharmed: query in, XML out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.simulator import Simulator

Json: TypeAlias = Any
DATA = ServiceModel(Loader().load_service_model("ec2", "service-2"), "ec2").shape_for("RequestLaunchTemplateData")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=1) as simulator:
        yield simulator


def values(shape: Shape) -> st.SearchStrategy[Json]:
    if isinstance(shape, StructureShape):
        members = {name: values(member) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(required, optional=members).filter(bool)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member), min_size=1, max_size=2)
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 65535)
    scalars: dict[str, st.SearchStrategy[Json]] = {
        "boolean": st.booleans(),
        "integer": st.integers(low, high),
        "long": st.integers(low, high),
        "double": st.sampled_from([0.5, 12.25]),
        "timestamp": st.integers(0, 2**32).map(lambda second: datetime.fromtimestamp(second, UTC)),
    }
    letters = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
    return scalars.get(shape.type_name, letters)


@pytest.mark.parametrize("name", sorted(DATA.members))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent=st.data())
def test_whatever_is_written_under_a_key_is_read_back_the_same(
    served: Simulator, name: str, sent: st.DataObject
) -> None:
    ec2, template_id = served.client("ec2"), served.server(served.server_ids()[0]).template_id
    data = {name: sent.draw(values(DATA.members[name]))}
    written = ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data)
    number = str(written["LaunchTemplateVersion"]["VersionNumber"])
    (read,) = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=[number])[
        "LaunchTemplateVersions"
    ]
    assert written["LaunchTemplateVersion"]["LaunchTemplateData"] == data
    assert read["LaunchTemplateData"] == data

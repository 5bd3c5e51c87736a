"""Someone in the console: changes that nobody asked of us, held against the same model as ours."""

from collections.abc import Iterator

from botocore.model import StructureShape
from moto.core.utils import get_service_model

from local.simulator.errors import validation_failed
from local.simulator.shapes import Shape
from local.simulator.validation import Problem, problems


def refuse_impossible(settings: Shape, template: Shape) -> None:
    """Raise if DRS has no such launch setting, or EC2 no such key in a launch template."""
    allowed = get_service_model("drs").shape_for("UpdateLaunchConfigurationRequest")
    known = get_service_model("ec2").shape_for("RequestLaunchTemplateData")
    required = dict.fromkeys(allowed.required_members, "s-00000000000000000")
    wrong = [*_unknown(allowed, settings), *problems(allowed, required | settings), *_unknown(known, template)]
    if wrong:
        raise validation_failed(wrong)


def _unknown(shape: StructureShape, sent: Shape) -> Iterator[Problem]:
    for name in sent:
        if name not in shape.members:
            yield name, f"is not a member of {shape.name}"

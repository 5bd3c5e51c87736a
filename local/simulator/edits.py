"""Someone in the console: changes that nobody asked of us, held against the same model as ours."""

from moto.core.utils import get_service_model

from local.simulator.errors import validation_failed
from local.simulator.shapes import Shape
from local.simulator.validation import problems


def refuse_impossible(settings: Shape, template: Shape) -> None:
    """Raise if DRS has no such launch setting, or EC2 no such key in a launch template."""
    allowed = get_service_model("drs").shape_for("UpdateLaunchConfigurationRequest")
    known = get_service_model("ec2").shape_for("RequestLaunchTemplateData")
    required = dict.fromkeys(allowed.required_members, "s-00000000000000000")
    strange = ((name, f"is not a member of {known.name}") for name in template if name not in known.members)
    wrong = [*problems(allowed, required | settings, closed=True), *strange]
    if wrong:
        raise validation_failed(wrong)

"""Launch configuration templates: the launch settings that new servers begin with.

https://docs.aws.amazon.com/drs/latest/APIReference/API_CreateLaunchConfigurationTemplate.html. An account has one in a
Region; servers that are there already keep their settings.
"""

from dataclasses import dataclass, field

from local.simulator.errors import AwsError, not_found
from local.simulator.launch_settings import DEFAULTS
from local.simulator.machines import Place
from local.simulator.shapes import Shape, identifier

KIND = "LaunchConfigurationTemplate"


@dataclass
class ConfigurationTemplates:
    """Those of one account and Region."""

    place: Place
    by_id: dict[str, Shape] = field(default_factory=dict)
    _made: int = 0

    def create(self, asked: Shape) -> Shape:
        """The first one; what it leaves out is DRS's default."""
        if self.by_id:
            raise AwsError(
                "ServiceQuotaExceededException",
                "An account has one launch configuration template in a Region",
                402,
                serviceCode="drs",
                resourceType=KIND,
            )
        self._made += 1
        template_id = identifier("lct", self.place.account, self.place.region, self._made)
        arn = self.place.arn(f"launch-configuration-template/{template_id}")
        own = {"launchConfigurationTemplateID": template_id, "arn": arn, "tags": {}}
        self.by_id[template_id] = DEFAULTS | {"launchIntoSourceInstance": False} | asked | own | _tags(asked)
        return self.by_id[template_id]

    def update(self, asked: Shape) -> Shape:
        """Patch it."""
        template = self.get(asked["launchConfigurationTemplateID"])
        template.update(asked)
        return template

    def delete(self, template_id: str) -> None:
        """Forget it."""
        self.get(template_id)
        del self.by_id[template_id]

    def get(self, template_id: str) -> Shape:
        """The one with this id, or ResourceNotFoundException."""
        if template_id not in self.by_id:
            raise not_found(KIND, template_id)
        return self.by_id[template_id]

    def initial(self) -> Shape:
        """The launch settings that a new server begins with, beside its own name and template."""
        template = next(iter(self.by_id.values()), DEFAULTS)
        return {name: template[name] for name in DEFAULTS}


def _tags(asked: Shape) -> Shape:
    return {"tags": dict(asked["tags"])} if "tags" in asked else {}

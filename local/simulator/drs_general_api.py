"""DRS's operations on an account as such: initialisation, what new servers begin with, tags."""

from local.simulator.drs_request import DrsRequest
from local.simulator.machines import Place
from local.simulator.render import RestJson


class GeneralApi(DrsRequest):
    """The requests that are about no server in particular."""

    def initialize_service(self) -> RestJson:
        """Let DRS be used in this Region; once more is no harm."""
        self.world.uninitialized.discard(Place(self.current_account, self.region))
        return RestJson({})

    def create_launch_configuration_template(self) -> RestJson:
        """What new servers begin with."""
        return RestJson({"launchConfigurationTemplate": self.estate.configuration_templates.create(self.asked)})

    def update_launch_configuration_template(self) -> RestJson:
        """Patch it; servers that are there keep their settings."""
        return RestJson({"launchConfigurationTemplate": self.estate.configuration_templates.update(self.asked)})

    def describe_launch_configuration_templates(self) -> RestJson:
        """By id, or all there are, which is one at most."""
        templates, ids = self.estate.configuration_templates, self.asked.get("launchConfigurationTemplateIDs")
        return self.paged([templates.get(each) for each in ids] if ids else list(templates.by_id.values()))

    def delete_launch_configuration_template(self) -> RestJson:
        """New servers begin with DRS's defaults again."""
        self.estate.configuration_templates.delete(self.asked["launchConfigurationTemplateID"])
        return RestJson({})

    def tag_resource(self) -> RestJson:
        """Add tags to a server, a job or a launch configuration template, or change them."""
        self.estate.tags_of(self.asked["resourceArn"]).update(self.asked["tags"])
        return RestJson({})

    def untag_resource(self) -> RestJson:
        """Take tags away; those that are not there are no error."""
        tags = self.estate.tags_of(self.asked["resourceArn"])
        for key in self.asked["tagKeys"]:
            tags.pop(key, None)
        return RestJson({})

    def list_tags_for_resource(self) -> RestJson:
        """All tags of a resource."""
        return RestJson({"tags": self.estate.tags_of(self.asked["resourceArn"])})

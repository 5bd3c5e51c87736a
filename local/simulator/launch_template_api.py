"""EC2's launch templates as EC2 treats them.

moto's own are not used: they ignore SourceVersion and ClientToken, never warn, and refuse `$Latest` as a default.
"""

from collections.abc import Callable, Iterator

from local.simulator import filter_paths
from local.simulator.ec2_request import Ec2Request
from local.simulator.errors import AwsError
from local.simulator.history import NOW, View
from local.simulator.launch_templates import DEFAULT, LATEST, Author, LaunchTemplate, Version
from local.simulator.render import Ec2Xml
from local.simulator.shapes import Shape

LARGEST_PAGE = 200


class LaunchTemplateApi(Ec2Request):
    """The requests about launch templates."""

    def create_launch_template(self) -> Ec2Xml:
        """A template with one version."""
        asked = self.asked
        tags = {
            tag["Key"]: tag["Value"]
            for specification in asked.get("TagSpecifications", [])
            for tag in specification["Tags"]
        }
        name, data = asked["LaunchTemplateName"], asked.get("LaunchTemplateData", {})
        owner = self.current_account + self.region
        template = self.estate.templates.create(owner, name, data, self._author(), tags=tags)
        return Ec2Xml({"LaunchTemplate": _template(template)})

    def create_launch_template_version(self) -> Ec2Xml:
        """A version on top of SourceVersion, or of nothing; once for a ClientToken; never the default yet."""
        asked = self.asked

        def write() -> Shape:
            version = self._named().write(
                asked.get("LaunchTemplateData", {}),
                self._author(),
                source=asked.get("SourceVersion"),
                description=asked.get("VersionDescription"),
            )
            return {"LaunchTemplateVersion": _version(self._named(), version)}

        answer = self._once(write)
        if self.fault.error == "warning":
            warning = {"Code": "InvalidParameterValue", "Message": self.fault.message or "asked for"}
            answer = answer | {"Warning": {"Errors": [warning]}}
        return Ec2Xml(answer)

    def modify_launch_template(self) -> Ec2Xml:
        """Make another version the default, by number or as `$Latest`."""
        asked = self.asked

        def choose() -> Shape:
            template = self._named()
            template.make_default(asked.get("DefaultVersion", DEFAULT), self.now)
            return {"LaunchTemplate": _template(template)}

        return Ec2Xml(self._once(choose))

    def delete_launch_template(self) -> Ec2Xml:
        """Delete a template; DRS makes a new one for its server."""
        template = self._named()
        self.estate.delete_template(template, self.now)
        return Ec2Xml({"LaunchTemplate": _template(template)})

    def describe_launch_templates(self) -> Ec2Xml:
        """Templates by id, by name, or all."""
        asked = self.asked
        find = self.estate.templates.find
        named = [find(template_id) for template_id in asked.get("LaunchTemplateIds", [])]
        named += [find(None, name) for name in asked.get("LaunchTemplateNames", [])]
        return self.filtered(
            "LaunchTemplates",
            [self._seen(each) for each in named or self.estate.templates],
            filter_paths.LAUNCH_TEMPLATES,
            largest=LARGEST_PAGE,
        )

    def describe_launch_template_versions(self) -> Ec2Xml:
        """Versions of one template, or `$Default` and `$Latest` of every template of account and Region."""
        asked = self.asked
        if asked.get("Filters"):
            raise AwsError("InvalidParameterValue", "Filters of launch template versions are not simulated.")
        if asked.get("LaunchTemplateId") or asked.get("LaunchTemplateName"):
            return self.paged("LaunchTemplateVersions", list(self._versions(self._named())), LARGEST_PAGE)
        if not asked.get("Versions"):
            raise AwsError("MissingParameter", "Without a launch template, name $Latest or $Default.")
        if not set(asked["Versions"]) <= {DEFAULT, LATEST}:
            raise AwsError("InvalidParameterValue", "Without a launch template, only $Latest and $Default.")
        versions = [shape for template in self.estate.templates for shape in self._versions(template)]
        return self.paged("LaunchTemplateVersions", versions, LARGEST_PAGE)

    def _versions(self, template: LaunchTemplate) -> Iterator[Shape]:
        """The versions asked for, each once; all of them newest first if none is named."""
        asked = self.asked
        view = self.view("templates", self.estate.owner(template.id))
        default, latest = template.numbers(view)
        named = [template.version(each, view) for each in asked.get("Versions", [])]
        low, high = int(asked.get("MinVersion", 1)), min(int(asked.get("MaxVersion", latest)), latest)
        for version in dict.fromkeys(each.number for each in named) or range(high, low - 1, -1):
            yield _version(template, template.versions[version - 1], default)

    def _seen(self, template: LaunchTemplate) -> Shape:
        """A template as a read sees it, which may lag."""
        return _template(template, self.view("templates", self.estate.owner(template.id)))

    def _named(self) -> LaunchTemplate:
        asked = self.asked
        return self.estate.templates.find(asked.get("LaunchTemplateId"), asked.get("LaunchTemplateName"))

    def _author(self) -> Author:
        return Author(f"arn:aws:iam::{self.current_account}:root", self.now)

    def _once(self, act: Callable[[], Shape]) -> Shape:
        return self.estate.templates.once(self.asked.get("ClientToken"), self.asked, act)


def _template(template: LaunchTemplate, view: View = NOW) -> Shape:
    default, latest = template.numbers(view)
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "CreateTime": template.versions[0].author.at,
        "CreatedBy": template.versions[0].author.arn,
        "DefaultVersionNumber": default,
        "LatestVersionNumber": latest,
        "Tags": [{"Key": key, "Value": value} for key, value in template.tags.items()],
    }


def _version(template: LaunchTemplate, version: Version, default: int | None = None) -> Shape:
    described = {"VersionDescription": version.description} if version.description else {}
    return described | {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": version.number,
        "CreateTime": version.author.at,
        "CreatedBy": version.author.arn,
        "DefaultVersion": version.number == (default or template.default_number),
        "LaunchTemplateData": version.rendered,
    }

"""Amazon EC2, API version 2016-11-15: launch templates as EC2 treats them, everything else moto's.

moto reads the query through botocore's model. Its own launch templates are not used: they ignore
SourceVersion and ClientToken, never warn, and refuse `$Latest` as a default.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property

from botocore.model import OperationNotFoundError
from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.ec2.responses import EC2Response

from local.simulator.errors import AwsError
from local.simulator.launch_templates import DEFAULT, LATEST, Author, LaunchTemplate, Version
from local.simulator.launches import Network
from local.simulator.observed import Observed
from local.simulator.render import Ec2Xml
from local.simulator.shapes import BadTokenError, Shape, page
from local.simulator.validation import problems

LARGEST_PAGE = 200


class Ec2Api(Observed, EC2Response):  # type: ignore[misc]  # moto ships no types
    """One request to EC2."""

    params: Shape = {}

    def parse_parameters(self, request: Request) -> None:
        """Read the query; an operation that EC2 does not have is refused later, where it is logged."""
        with suppress(OperationNotFoundError):
            super().parse_parameters(request)

    @property
    def ec2_backend(self) -> Network:
        """The EC2 of this simulator, not the one all of moto shares."""
        return self.estate.network

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
            template.make_default(asked.get("DefaultVersion", DEFAULT))
            return {"LaunchTemplate": _template(template)}

        return Ec2Xml(self._once(choose))

    def delete_launch_template(self) -> Ec2Xml:
        """Delete a template; DRS makes a new one for its server."""
        template = self._named()
        self.estate.delete_template(template, self.world.clock.now())
        return Ec2Xml({"LaunchTemplate": _template(template)})

    def describe_launch_templates(self) -> Ec2Xml:
        """Templates by id, by name, or all."""
        asked = self.asked
        find = self.estate.templates.find
        named = [find(template_id) for template_id in asked.get("LaunchTemplateIds", [])]
        named += [find(None, name) for name in asked.get("LaunchTemplateNames", [])]
        return self._page("LaunchTemplates", [_template(each) for each in named or self.estate.templates])

    def describe_launch_template_versions(self) -> Ec2Xml:
        """Versions of one template, or `$Default` and `$Latest` of every template of account and Region."""
        asked = self.asked
        if asked.get("LaunchTemplateId") or asked.get("LaunchTemplateName"):
            return self._page("LaunchTemplateVersions", list(self._versions(self._named())))
        if not asked.get("Versions"):
            raise AwsError("MissingParameter", "Without a launch template, name $Latest or $Default.")
        if not set(asked["Versions"]) <= {DEFAULT, LATEST}:
            raise AwsError("InvalidParameterValue", "Without a launch template, only $Latest and $Default.")
        versions = [shape for template in self.estate.templates for shape in self._versions(template)]
        return self._page("LaunchTemplateVersions", versions)

    def _versions(self, template: LaunchTemplate) -> Iterator[Shape]:
        """The versions asked for, each once; all of them newest first if none is named."""
        asked = self.asked
        lagging = self.fault.hides(self.estate.owner(template.id))
        default, latest = template.numbers(lagging=lagging)
        named = [template.version(each, lagging=lagging) for each in asked.get("Versions", [])]
        low, high = int(asked.get("MinVersion", 1)), min(int(asked.get("MaxVersion", latest)), latest)
        for version in dict.fromkeys(each.number for each in named) or range(high, low - 1, -1):
            yield _version(template, template.versions[version - 1], default)

    @cached_property
    def asked(self) -> Shape:
        """The parameters. EC2 looks at all of them but the template's data. Filters are not simulated."""
        self.error_on_dryrun()
        asked = {name: value for name, value in self.params.items() if name != "DryRun"}
        operation = get_service_model("ec2").operation_model(self._get_action())
        unlooked: Shape = {"LaunchTemplateData": {}} if "LaunchTemplateData" in asked else {}
        if wrong := list(problems(operation.input_shape, asked | unlooked)):
            raise AwsError("InvalidParameterValue", "; ".join(f"{name} {text}" for name, text in wrong))
        if asked.get("Filters"):
            raise AwsError("InvalidParameterValue", "Filters of launch templates are not simulated.")
        return asked

    def subjects(self) -> tuple[tuple[str, ...], str | None]:
        """The template it names, and the server whose template that is."""
        template_id = self.params.get("LaunchTemplateId") if "LaunchTemplate" in (self._get_action() or "") else None
        owner = self.estate.owner(template_id) if template_id else None
        return (owner,) if owner else (), template_id

    def unknown_operation(self) -> AwsError:
        """An operation that not even moto has."""
        return AwsError("InvalidAction", f"The action {self._get_action()} is not valid for this web service.")

    def _named(self) -> LaunchTemplate:
        asked = self.asked
        return self.estate.templates.find(asked.get("LaunchTemplateId"), asked.get("LaunchTemplateName"))

    def _author(self) -> Author:
        return Author(f"arn:aws:iam::{self.current_account}:root", self.world.clock.now())

    def _once(self, act: Callable[[], Shape]) -> Shape:
        return self.estate.templates.once(self.asked.get("ClientToken"), self.asked, act)

    def _page(self, name: str, items: list[Shape]) -> Ec2Xml:
        asked = self.asked
        size = asked.get("MaxResults", LARGEST_PAGE)
        if not 1 <= size <= LARGEST_PAGE:
            raise AwsError("InvalidParameterValue", f"MaxResults is between 1 and {LARGEST_PAGE}.")
        try:
            shown, following = page(items, size, asked.get("NextToken"))
        except BadTokenError as token:
            raise AwsError("InvalidNextToken", "The token is not one of ours.") from token
        return Ec2Xml({name: shown} | ({"NextToken": following} if following else {}))


def _template(template: LaunchTemplate) -> Shape:
    default, latest = template.numbers()
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
        "LaunchTemplateData": version.data,
    }

"""EC2 launch templates as EC2 keeps them: numbered versions that never change, one of them the default.

EC2 does not look at what a version holds, so neither does this; what is wrong with it shows at launch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from local.simulator.errors import AwsError, template_not_found, version_not_found
from local.simulator.history import NOW, History, View
from local.simulator.render import Fragment, ec2_fragment
from local.simulator.shapes import Shape, identifier

LATEST, DEFAULT = "$Latest", "$Default"
VERSIONS_OF_A_TEMPLATE, TEMPLATES_IN_A_REGION = 10_000, 5_000
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-template-restrictions.html"""


@dataclass(frozen=True)
class Author:
    """Who wrote a version (an ARN), and when."""

    arn: str
    at: datetime


@dataclass(frozen=True)
class Version:
    """One immutable version of a template."""

    number: int
    data: Shape
    description: str | None
    author: Author

    @cached_property
    def rendered(self) -> Fragment:
        """Its data as EC2's answers hold it."""
        return ec2_fragment("ResponseLaunchTemplateData", self.data)


@dataclass
class LaunchTemplate:
    """A template. A read that lags does not see versions that are newer than its view."""

    id: str
    name: str
    tags: dict[str, str]
    versions: list[Version]
    _numbers: History[tuple[int, int]] = field(default_factory=History)

    def __post_init__(self) -> None:
        self._numbers.write((1, len(self.versions)), self.versions[0].author.at)

    @property
    def default_number(self) -> int:
        """The number of the version that DRS launches from."""
        return self._numbers.latest[0]

    def numbers(self, view: View = NOW) -> tuple[int, int]:
        """The default and the latest version's number."""
        return self._numbers.seen(view)

    def version(self, named: str, view: View = NOW) -> Version:
        """The version a request names: a number, `$Default` or `$Latest`."""
        default, latest = self.numbers(view)
        known = {DEFAULT: default, LATEST: latest}
        number = known.get(named) or (int(named) if named.isdecimal() else 0)
        if not 1 <= number <= latest:
            raise version_not_found(self.id, named)
        return self.versions[number - 1]

    @property
    def full(self) -> bool:
        """Whether it can have no more versions."""
        return len(self.versions) >= VERSIONS_OF_A_TEMPLATE

    @property
    def default(self) -> Version:
        """What DRS launches from."""
        return self.versions[self.default_number - 1]

    def write(
        self, data: Shape, author: Author, *, source: str | None = None, description: str | None = None
    ) -> Version:
        """Add a version: the source's data with whole top-level keys replaced, or only what was sent."""
        base = self.version(source).data if source else {}
        if self.full:
            raise AwsError("VersionLimitExceeded", f"A launch template has at most {VERSIONS_OF_A_TEMPLATE} versions.")
        version = Version(len(self.versions) + 1, {**base, **data}, description, author)
        self.versions.append(version)
        self._numbers.write((self.default_number, version.number), author.at)
        return version

    def make_default(self, named: str, now: datetime) -> None:
        """Let recovery launch from another version."""
        self._numbers.write((self.version(named).number, len(self.versions)), now)


@dataclass
class LaunchTemplates:
    """All templates of one account and Region, in the order they were made."""

    _by_id: dict[str, LaunchTemplate] = field(default_factory=dict)
    _by_name: dict[str, LaunchTemplate] = field(default_factory=dict)
    _answers: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    made: int = 0

    def __iter__(self) -> Iterator[LaunchTemplate]:
        return iter(list(self._by_id.values()))

    def create(self, owner: str, name: str, data: Shape, author: Author, **more: Shape) -> LaunchTemplate:
        """Make a template with one version. Its id is derived from `owner` and its ordinal, so it repeats."""
        if name in self._by_name:
            raise AwsError("InvalidLaunchTemplateName.AlreadyExistsException", f"{name} is already in use.")
        if len(self._by_id) >= TEMPLATES_IN_A_REGION:
            raise AwsError("TemplateLimitExceeded", f"There are {TEMPLATES_IN_A_REGION} launch templates already.")
        self.made += 1
        template_id = identifier("lt", owner, self.made)
        template = LaunchTemplate(template_id, name, more.get("tags", {}), [Version(1, data, None, author)])
        self._by_id[template_id] = self._by_name[name] = template
        return template

    def find(self, template_id: str | None = None, name: str | None = None) -> LaunchTemplate:
        """The one template a request names, by id or by name."""
        if bool(template_id) == bool(name):
            code = "InvalidParameterCombination" if name else "MissingParameter"
            raise AwsError(code, "Specify either a launch template ID or a launch template name.")
        if template_id:
            return self.get(template_id)
        if name in self._by_name:
            return self._by_name[name or ""]
        raise AwsError("InvalidLaunchTemplateName.NotFoundException", f"No launch template is called {name}.")

    def get(self, template_id: str) -> LaunchTemplate:
        """The template with this id."""
        if template_id not in self._by_id:
            raise template_not_found(template_id)
        return self._by_id[template_id]

    def delete(self, template: LaunchTemplate) -> None:
        """Forget a template and all its versions."""
        del self._by_id[template.id], self._by_name[template.name]

    def once(self, token: str | None, request: Shape, answer: Callable[[], Shape]) -> Shape:
        """The answer to a request, given only once for a ClientToken: asked again, the first answer."""
        if not token:
            return answer()
        if token not in self._answers:
            self._answers[token] = request, answer()
        asked, answered = self._answers[token]
        if asked != request:
            raise AwsError(
                "IdempotentParameterMismatch",
                "The client token you have provided was used with other request parameters.",
            )
        return answered

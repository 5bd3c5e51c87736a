"""The default version of launch templates: many are read by few calls.

A version never changes (EC2 User Guide, Launch template versions). So what one says is read once; after that it is
enough to look which number is the default, for up to 200 templates by id in one call (EC2 API Reference,
DescribeLaunchTemplates). What many default versions say is read by pages of every template there is
(DescribeLaunchTemplateVersions without an id), if few pages serve many servers; else one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event

from commands.aws.calls import Data
from commands.aws.failures import FailedError

PAGE = 200
WORTH = 8
"""Servers for which a page of all templates is read: most of it may be about others."""
AT_ONCE = 3
"""Looks at numbers on their way at the same time; who comes meanwhile goes with the next one."""
DEFAULT = "$Default"
Call = Callable[[str, str, Data], Data]


@dataclass
class _Looked:
    """One thread's question for a number; None if it was not answered with the others."""

    template_id: str
    taken: bool = False
    answered: Event = field(default_factory=Event)
    number: int | None = None


class Templates:
    """Templates of one account and Region, for the length of one apply. ``call`` sends a call, in time.

    Every answer is from a read that began after it was asked for, but `snapshot`, which is of the beginning.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: dict[str, dict[int, Data]] = {}
        self._snapshot: dict[str, Data] = {}
        self._waiting: list[_Looked] = []
        self._looking = 0
        self._turn = Condition()

    def read_all(self, servers: int) -> None:
        """Reads the default versions of all templates, as far as that is worth it for so many servers."""
        token: Data = {}
        for _ in range(servers // WORTH):
            question = {"Versions": [DEFAULT], "MaxResults": PAGE, **token}
            page = self._call("ec2", "DescribeLaunchTemplateVersions", question)
            self._snapshot |= {version["LaunchTemplateId"]: version for version in page["LaunchTemplateVersions"]}
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        for version in self._snapshot.values():
            self.remember(version)

    def snapshot(self, template_id: str) -> Data | None:
        """The default version as it was when all were read, if this one was among them."""
        return self._snapshot.get(template_id)

    def remember(self, version: Data) -> None:
        """What a version says, as EC2 has answered it: it will never say anything else."""
        self._known.setdefault(version["LaunchTemplateId"], {})[version["VersionNumber"]] = version

    def default(self, template_id: str) -> Data:
        """The version that a recovery would launch now.

        Raises:
            FailedError, OutOfTimeError: see `commands.aws.calls`.
        """
        known = self._known.get(template_id)
        if known:
            version = known.get(self._number(template_id) or 0)
            if version:
                return version
        answer = self._call(
            "ec2", "DescribeLaunchTemplateVersions", {"LaunchTemplateId": template_id, "Versions": [DEFAULT]}
        )
        version = dict(answer["LaunchTemplateVersions"][0])
        self.remember(version)
        return version

    def _number(self, template_id: str) -> int | None:
        """The number of the default version, read together with those of whoever waits at the same time."""
        looked = _Looked(template_id)
        together = self._taken(looked)
        if together:
            try:
                self._look(together)
            finally:
                with self._turn:
                    self._looking -= 1
                    self._turn.notify_all()
        looked.answered.wait()
        return looked.number

    def _taken(self, looked: _Looked) -> list[_Looked]:
        """Everybody who waits by now, if it is this thread's turn to look; nobody if another one looks for it."""
        with self._turn:
            self._waiting.append(looked)
            while not looked.taken and self._looking >= AT_ONCE:
                self._turn.wait()
            if looked.taken:
                return []
            together, self._waiting = self._waiting, []
            for each in together:
                each.taken = True
            self._looking += 1
            self._turn.notify_all()
            return together

    def _look(self, together: list[_Looked]) -> None:
        ids = sorted({looked.template_id for looked in together})
        try:
            answer = self._call("ec2", "DescribeLaunchTemplates", {"LaunchTemplateIds": ids})
            numbers = {one["LaunchTemplateId"]: one["DefaultVersionNumber"] for one in answer["LaunchTemplates"]}
            for looked in together:
                looked.number = numbers.get(looked.template_id)
        except FailedError:
            pass  # one that is gone fails all: each reads its own, and is told its own error
        finally:
            for looked in together:
                looked.answered.set()

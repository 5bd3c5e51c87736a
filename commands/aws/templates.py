"""The default version of launch templates: who asks at the same time is answered by few calls.

EC2 reads one template by its id, or a page of 200 of every template there is (EC2 API Reference,
DescribeLaunchTemplateVersions). Many at once are found on pages, by id; the few that are not, and few, one by one.
An answer is never from a read that began before it was asked for.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from commands.aws.calls import Data
from commands.aws.failures import FailedError

PAGE = 200
WORTH = 8
"""A page is read if it saves so many calls: it is long, and most of it may be about others."""
DEFAULT = "$Default"
Call = Callable[[str, str, Data], Data]


@dataclass
class _Asked:
    """One thread's question."""

    template_id: str
    taken: bool = False
    version: Data | None = None


class Templates:
    """Templates of one account and Region, for the length of one apply. ``call`` sends a call, in time."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._waiting: list[_Asked] = []
        self._counter, self._reading = Lock(), Lock()
        self._pages = 1

    def default(self, template_id: str) -> Data:
        """The version that a recovery would launch now.

        Raises:
            FailedError, OutOfTimeError: see `commands.aws.calls`.
        """
        asked = _Asked(template_id)
        with self._counter:
            self._waiting.append(asked)
        with self._reading:
            if not asked.taken:
                self._answer(self._taken())
        return asked.version or self._alone(template_id)

    def _taken(self) -> list[_Asked]:
        """Everybody who waits by now; they read alone if nobody answers them."""
        with self._counter:
            everybody, self._waiting = self._waiting, []
        for asked in everybody:
            asked.taken = True
        return everybody

    def _answer(self, everybody: list[_Asked]) -> None:
        if len(everybody) < WORTH * self._pages:
            return
        try:
            found = self._found({asked.template_id for asked in everybody})
        except FailedError:
            return  # each finds out for itself, and is told its own error
        for asked in everybody:
            asked.version = found.get(asked.template_id)

    def _found(self, ids: set[str]) -> dict[str, Data]:
        """Those of the templates that are on the pages worth reading."""
        found: dict[str, Data] = {}
        for number, page in enumerate(self._read(), start=1):
            found |= {version["LaunchTemplateId"]: version for version in page if version["LaunchTemplateId"] in ids}
            self._pages = max(self._pages, number)
            if len(found) == len(ids):
                return found
            if (number + 1) * WORTH > len(ids):
                self._pages += 1
                return found
        return found

    def _read(self) -> Iterator[Iterable[Data]]:
        token: Data = {}
        while True:
            page = self._call(
                "ec2", "DescribeLaunchTemplateVersions", {"Versions": [DEFAULT], "MaxResults": PAGE, **token}
            )
            yield page["LaunchTemplateVersions"]
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def _alone(self, template_id: str) -> Data:
        question = {"LaunchTemplateId": template_id, "Versions": [DEFAULT]}
        answer = self._call("ec2", "DescribeLaunchTemplateVersions", question)
        return dict(answer["LaunchTemplateVersions"][0])

"""One file of the synchronizer into our settings: leaf by leaf, each validated alone, so that none is lost.

A top-level key of an override replaces that key of the defaults whole, for so the synchronizer merges. Settings
are therefore kept by the key they came from: one `NetworkInterfaces` becomes up to four of them.
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from local.synchronizer.documents import at, leaves
from local.synchronizer.findings import Code, Finding, Json, Path, dotted, shown
from local.synchronizer.folder import Document
from local.synchronizer.leaves import NotTaken, Place, Settings, assembled, place


@dataclass(frozen=True)
class Taken:
    """A value that became part of a setting."""

    path: Path
    value: Json
    place: Place

    @property
    def setting(self) -> str:
        """The setting it is part of."""
        return self.place[0]


@dataclass(frozen=True)
class Translated:
    """A file, understood."""

    document: Document
    taken: tuple[Taken, ...]
    findings: tuple[Finding, ...] = ()

    @cached_property
    def settings(self) -> dict[str, Settings]:
        """The settings by the top-level key of the file; a key of which nothing was taken is left out."""
        by_key: dict[str, dict[Place, Json]] = {}
        for each in self.taken:
            by_key.setdefault(str(each.path[0]), {})[each.place] = each.value
        return {key: assembled(values) for key, values in by_key.items()}

    def without(self, setting: str, message: str) -> "Translated":
        """The same file, had it not said ``setting``; what it says of it becomes NOT_APPLIED."""
        gone = [self.finding("NOT_APPLIED", t.path, t.value, message) for t in self.taken if t.setting == setting]
        kept = tuple(taken for taken in self.taken if taken.setting != setting)
        return replace(self, taken=kept, findings=(*self.findings, *gone))

    def finding(self, code: Code, path: Path, value: Json, message: str) -> Finding:
        """A finding about this file."""
        return Finding(code, self.document.file, dotted(path), shown(path, value), message)


def translate(document: Document) -> Translated:
    """Every leaf of ``document``: taken, or a finding."""
    taken: dict[Place, Taken] = {}
    bare = Translated(document, ())
    findings = []
    for path, value in leaves(document.content) if document.content else ():
        where, what = _whole_tag(document, path, value)
        try:
            goes = place(document, path, value)
            if goes:
                _take(taken, Taken(where, goes[1], goes[0]))
        except NotTaken as error:
            findings.append(bare.finding(error.code, where, what, error.message))
    for idle in _named_only(taken):
        findings.append(bare.finding("EMPTY", idle.path, idle.value, "a device of which nothing is taken"))
        del taken[idle.place]
    return Translated(document, tuple(taken.values()), tuple(findings))


def _take(taken: dict[Place, Taken], new: Taken) -> None:
    if new.place in taken:
        raise NotTaken("INVALID_VALUE", f"said already, by {dotted(taken[new.place].path)}, which counts")
    taken[new.place] = new


def _named_only(taken: dict[Place, Taken]) -> list[Taken]:
    """Devices that are named, and of which nothing else was taken."""
    count = Counter(place[:2] for place in taken)
    return [each for place, each in taken.items() if place[-1] == "deviceName" and count[place[:2]] == 1]


def _whole_tag(document: Document, path: Path, value: Json) -> tuple[Path, Json]:
    """A tag is taken or refused whole: its Key speaks for its Value."""
    if path[0] == "TagSpecifications" and path[-1] == "Key":
        return path[:-1], at(document.content, path[:-1])
    return path, value

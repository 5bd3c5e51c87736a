"""What a request sees of DRS: each server once, however often the request is decided."""

from dataclasses import dataclass, field

from commands.definition.selection import Draft, Seen, to_look_at
from commands.outcomes import Doors, SourceServer
from events.groups import Target


@dataclass
class Sight:
    """One request's eyes."""

    door: Doors
    _target: Target | None = None
    _everybody: bool = False
    _looked_for: set[str] = field(default_factory=set)
    _seen: dict[str, SourceServer] = field(default_factory=dict)

    def of(self, draft: Draft | None) -> Seen:
        """The servers that a draft must know of; AWS is asked for those that were not looked at yet.

        Raises:
            Refused: AWS cannot be asked; nothing was written.
        """
        ids = to_look_at(draft) if draft else ()
        if draft is None or ids == ():
            return {}
        target = draft.definition.target
        if target != self._target:
            self._target, self._everybody, self._looked_for, self._seen = target, False, set(), {}
        if ids is None:
            self._look(target, None)
        else:
            self._look(target, sorted({*ids} - self._looked_for))
        return self._seen

    def _look(self, target: Target, ids: list[str] | None) -> None:
        if self._everybody or ids == []:
            return
        self._seen |= {one.server_id: one for one in self.door(target).servers(ids)}
        self._looked_for |= {*(ids or ())}
        self._everybody = ids is None

"""Which servers a wave's refusal is about that names none: those of its chunk, and they are in the wave's claim."""

from collections.abc import Callable

from events.doors import Json
from events.errors import Corrupt
from events.shown_commits import servers_of
from events.streams import WAVE, Store
from events.waves import RecoveryRefused, WaveClaimed

REFUSED: str = RecoveryRefused.model_fields["type"].default
Chunks = tuple[tuple[str, ...], ...]


class Claims:
    """The claims of waves, each read once, if it is asked for."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store, self._known = store, dict[str, Chunks]()

    def refused(self, entry: Json, server_id: str) -> bool:
        """Whether a commit says that AWS refused the server's chunk, and because of none of its servers."""
        told = [fact for fact in entry["facts"] if fact["type"] == REFUSED and not servers_of(fact)]
        return any(server_id in self._chunk(entry["streamId"], fact.get("chunk")) for fact in told)

    def _chunk(self, stream_id: str, number: object) -> tuple[str, ...]:
        if stream_id not in self._known:
            self._known[stream_id] = self._read(stream_id)
        chunks = self._known[stream_id]
        return chunks[number] if isinstance(number, int) and 0 <= number < len(chunks) else ()

    def _read(self, stream_id: str) -> Chunks:
        """The chunks that the first commit of a wave claimed; none if it cannot be read, which its own entry says."""
        try:
            first = self._store().head(stream_id, 1)
            facts = WAVE.parse(first.events) if first else ()
        except Corrupt:
            return ()
        return next((fact.chunks for fact in facts if isinstance(fact, WaveClaimed)), ())

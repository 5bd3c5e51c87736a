"""What heals without anyone: rows that lag or are missing are caught up, groups past due are woken."""

from collections.abc import Callable, Iterator
from datetime import datetime

from events.errors import Corrupt, UnknownFact
from events.streams import GROUP, Store
from projections.catch_up import CaughtUp, Table, catch_up


def sweep(store: Store, table: Table, now: Callable[[], datetime]) -> Iterator[CaughtUp]:
    """Every group stream there is, caught up; one that is damaged is reported and does not stop the others."""
    for stream_id in store.born(GROUP.name):
        group_id = stream_id.removeprefix(f"{GROUP.name}#")
        try:
            yield catch_up(store, table, group_id, now)
        except UnknownFact as error:
            yield CaughtUp(group_id, 0, moved=False, failed=str(error))
        except Corrupt as error:
            yield CaughtUp(group_id, 0, moved=False, alarm=str(error))
        except Exception as error:  # noqa: BLE001  whatever is in the way of one group, the others are not to wait for it
            yield CaughtUp(group_id, 0, moved=False, failed=f"{type(error).__name__}: {error}")

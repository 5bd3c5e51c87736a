"""What heals without anyone: rows that lag or are missing are caught up, groups past due are woken."""

from collections.abc import Callable, Iterator
from datetime import datetime

from events.streams import GROUP, Store
from projections.catch_up import CaughtUp, Table, catch_up


def sweep(store: Store, table: Table, now: Callable[[], datetime]) -> Iterator[CaughtUp]:
    """Every group stream there is, caught up; one that is damaged is reported and does not stop the others."""
    for stream_id in store.born(GROUP.name):
        group_id = stream_id.removeprefix(f"{GROUP.name}#")
        try:
            yield catch_up(store, table, group_id, now)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one group, the others are not to wait for it
            yield CaughtUp(group_id, 0, moved=False, alarm=f"{type(error).__name__}: {error}")

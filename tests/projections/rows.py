"""The read model in memory, for tests of projecting; passes the same contract as `projections.table.Rows`."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from projections.row import Row


@dataclass
class MemoryRows:
    """Rows in a dict. `puts` are those that were written, in order, each with the row that it replaced."""

    rows: dict[str, Row] = field(default_factory=dict)
    puts: list[tuple[Row | None, Row]] = field(default_factory=list)

    def get(self, group_id: str) -> Row | None:
        return deepcopy(self.rows.get(group_id))

    def put(self, row: Row, seen: int) -> bool:
        there = self.rows.get(row["groupId"])
        if (there["version"] if there else 0) != seen:
            return False
        self.puts.append((there, row))
        self.rows[row["groupId"]] = deepcopy(row)
        return True


@dataclass
class BusyRows(MemoryRows):
    """Rows that others reach for too: `meanwhile` happens after each read and before each write."""

    meanwhile: Callable[[], object] = lambda: None

    def get(self, group_id: str) -> Row | None:
        row = super().get(group_id)
        self.meanwhile()
        return row

    def put(self, row: Row, seen: int) -> bool:
        self.meanwhile()
        return super().put(row, seen)

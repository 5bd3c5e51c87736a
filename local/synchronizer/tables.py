"""The synchronizer's two CSV files: a header, then a row a server, its host name first."""

import csv
import io
from dataclasses import dataclass

from local.synchronizer.findings import ImportRefused

FIRST = frozenset({"name", "hostname"})


@dataclass(frozen=True)
class Row:
    """What a table says of one server: `cells` by column, empty ones left out."""

    name: str
    line: int
    cells: dict[str, str]


def read_table(text: str, file: str) -> dict[str, Row]:
    """The rows by host name in lower case; spaces around a cell do not count.

    Raises:
        ImportRefused: not CSV, no header, a row that is longer than it, or a server or column that is there twice.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: dict[str, Row] = {}
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if not header:
                header = _header(values, f"{file}, line {reader.line_num}")
                continue
            row = _row(values, header, file, reader.line_num)
            if row.name.lower() in rows:
                first = rows[row.name.lower()].line
                raise ImportRefused(f"{file}, line {row.line}: {row.name} has a row already, in line {first}")
            rows[row.name.lower()] = row
    except csv.Error as error:
        raise ImportRefused(f"{file}, line {reader.line_num}: {error}") from error
    return rows


def _header(values: list[str], where: str) -> list[str]:
    if values[0].lower() not in FIRST:
        raise ImportRefused(f"{where}: the first column must be Name, and is {values[0]!r}")
    if "" in values or len(set(values)) < len(values):
        raise ImportRefused(f"{where}: every column needs a name of its own")
    return values


def _row(values: list[str], header: list[str], file: str, line: int) -> Row:
    if not values[0]:
        raise ImportRefused(f"{file}, line {line}: names no server")
    if len(values) > len(header):
        raise ImportRefused(f"{file}, line {line}: {len(values)} cells, and {len(header)} columns")
    cells = zip(header[1:], values[1:], strict=False)
    return Row(values[0], line, {column: value for column, value in cells if value})

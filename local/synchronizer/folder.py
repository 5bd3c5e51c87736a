"""A drs-configuration-synchronizer folder as it is on disk: read, not yet understood."""

import re
from dataclasses import dataclass
from pathlib import Path

from local.synchronizer.documents import read_mapping
from local.synchronizer.findings import Finding, ImportRefused, Json
from local.synchronizer.tables import Row, read_table

LAUNCH, TEMPLATES = "drs-launch-configurations", "ec2-launch-templates"
REPLICATION = "drs-replication-configurations"
MAPPING, EXCLUSIONS = "server-tag-mapping.csv", "config-sync-exclusions.csv"
DEFAULTS = "defaults.yml"
_OVERRIDE = re.compile(r"override_for_tag__([a-zA-Z0-9-]+)__([a-zA-Z0-9-]+)\.yml")
_ACCOUNT = re.compile(r"[0-9]{12}")
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Document:
    """One YAML file. `tag` is the key and value that select servers for it; None for defaults."""

    file: str
    layer: str
    tag: tuple[str, str] | None
    content: dict[str, Json]


@dataclass(frozen=True)
class Folder:
    """What was read. `mapping` and `exclusions` are keyed by host name in lower case."""

    name: str
    documents: tuple[Document, ...]
    mapping: dict[str, Row]
    exclusions: dict[str, Row]
    findings: tuple[Finding, ...]


def read_folder(folder: Path) -> Folder:
    """Everything in ``folder``.

    Raises:
        ImportRefused: no such folder, not the synchronizer's, or a file in it that cannot be read; names the line.
    """
    try:
        _is_the_synchronizers(folder)
        names = sorted(
            f"{entry.name}/{inner.name}" if inner else entry.name
            for entry in folder.iterdir()
            for inner in (entry.iterdir() if entry.name in {LAUNCH, TEMPLATES, REPLICATION} else (None,))
        )
        documents = tuple(_document(folder, name) for name in names if _is_read(name))
        tables = {name: _table(folder, name) for name in (MAPPING, EXCLUSIONS)}
    except OSError as error:
        raise ImportRefused(f"{error.filename or folder}: {error.strerror or error}") from error
    findings = (*_unread(names), *_missing(names), *_empty(documents, tables, names))
    return Folder(folder.resolve().name, documents, tables[MAPPING], tables[EXCLUSIONS], findings)


def _is_the_synchronizers(folder: Path) -> None:
    if not folder.is_dir():
        raise ImportRefused(f"{folder}: no such folder")
    if (folder / LAUNCH).is_dir() or (folder / TEMPLATES).is_dir():
        return
    accounts = sorted(entry.name for entry in folder.iterdir() if _ACCOUNT.fullmatch(entry.name))
    hint = f"; name one account's folder, such as {folder / accounts[0]}" if accounts else ""
    raise ImportRefused(f"{folder}: has neither {LAUNCH} nor {TEMPLATES}{hint}")


def _is_read(name: str) -> bool:
    layer, _, file = name.partition("/")
    if layer == REPLICATION:
        return file.endswith(".yml")
    return bool(file) and (file == DEFAULTS or _OVERRIDE.fullmatch(file) is not None)


def _document(folder: Path, name: str) -> Document:
    layer, _, file = name.partition("/")
    tag = _OVERRIDE.fullmatch(file)
    return Document(name, layer, (tag[1], tag[2]) if tag else None, read_mapping(_text(folder, name), name))


def _table(folder: Path, name: str) -> dict[str, Row]:
    return read_table(_text(folder, name), name) if (folder / name).exists() else {}


def _text(folder: Path, name: str) -> str:
    """The file's text; with or without the mark that Excel puts before it."""
    raw = (folder / name).read_bytes()
    if len(raw) > _MAX_BYTES:
        raise ImportRefused(f"{name}: {len(raw)} bytes; at most {_MAX_BYTES} are read")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ImportRefused(f"{name}, line {line}: not UTF-8") from error


def _unread(names: list[str]) -> list[Finding]:
    why = "the synchronizer reads defaults.yml and override_for_tag__<key>__<value>.yml (letters, digits, hyphens) here"
    return [
        Finding("IGNORED_FILE", name, "", None, why if "/" in name else "no file of the synchronizer: not read")
        for name in names
        if not _is_read(name) and name not in {MAPPING, EXCLUSIONS}
    ]


def _missing(names: list[str]) -> list[Finding]:
    wanted = (f"{LAUNCH}/{DEFAULTS}", f"{TEMPLATES}/{DEFAULTS}", MAPPING, EXCLUSIONS)
    return [
        Finding("MISSING_FILE", name, "", None, "not there: taken as if it were empty")
        for name in wanted
        if name not in names
    ]


def _empty(documents: tuple[Document, ...], tables: dict[str, dict[str, Row]], names: list[str]) -> list[Finding]:
    empty = [document.file for document in documents if not document.content]
    empty += [name for name, rows in tables.items() if not rows and name in names]
    return [Finding("EMPTY", name, "", None, "says nothing") for name in empty]

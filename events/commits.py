"""One commit: an accepted command and the facts it caused, chained to the commit before it.

A commit is appended by one conditional write and never changed. `hash` covers every attribute but the memo,
whose own hash is in it; so a commit that is altered, dropped, inserted or swapped shows.
"""

import hashlib
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

from events.errors import Corrupt
from events.model import canonical

GENESIS = "sha256:" + "0" * 64
_CHECKSUM = 4


def digest(data: bytes) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pack(data: bytes) -> bytes:
    """Raw deflate behind the CRC-32 of itself: any one changed byte shows, padding bits included."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(data) + deflate.flush()
    return zlib.crc32(packed).to_bytes(_CHECKSUM, "big") + packed


def unpack(stored: bytes) -> bytes:
    """What `pack` was given.

    Raises:
        Corrupt: a byte is not the one that was written.
    """
    checksum, packed = stored[:_CHECKSUM], stored[_CHECKSUM:]
    if zlib.crc32(packed).to_bytes(_CHECKSUM, "big") != checksum:
        raise Corrupt("a compressed attribute fails its checksum")
    try:
        return zlib.decompress(packed, -zlib.MAX_WBITS)
    except zlib.error as error:
        raise Corrupt(f"a compressed attribute does not unpack: {error}") from error


@dataclass(frozen=True, slots=True)
class Context:
    """Who asked for what, through which door, and because of what."""

    command: str
    command_id: str
    actor: str
    via: str
    payload_hash: str = ""
    correlation_id: str = ""
    causation_id: str = ""

    @property
    def through_a_door(self) -> bool:
        """Whether somebody outside asked; their key is remembered."""
        return self.via != "system"


@dataclass(frozen=True, slots=True)
class Commit:
    """One item of the event table; `events` and `state` are canonical JSON, packed only when stored."""

    stream_id: str
    version: int
    command: str
    command_id: str
    payload_hash: str
    actor: str
    via: str
    correlation_id: str
    causation_id: str
    recorded_at: str
    event_types: tuple[str, ...]
    events: bytes
    state: bytes
    fold_version: int
    state_hash: str
    prev_hash: str
    hash: str = ""
    born: str | None = None

    def sealed(self) -> "Commit":
        """The same commit with its own hash in place."""
        return replace(self, hash=self.expected_hash())

    @property
    def intact(self) -> bool:
        """Whether it is what was sealed, but for its memo."""
        return self.hash == self.expected_hash()

    def expected_hash(self) -> str:
        """What `hash` must be: over everything but `hash` and the memo itself.

        Raises:
            Corrupt: it cannot have one: its facts are no text, or its numbers none of JSON.
        """
        covered: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in {"hash", "state", "events"}
        }
        try:
            return digest(canonical({**covered, "events": self.events.decode()}))
        except (UnicodeDecodeError, TypeError) as error:
            raise Corrupt(f"{self.stream_id}: version {self.version} has no hash ({type(error).__name__})") from None

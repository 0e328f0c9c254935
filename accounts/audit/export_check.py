"""Checking a file of exported audit entries with the keys alone, without the database."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from accounts import encryption, limits
from accounts.audit import chain, erasures
from accounts.audit.export import FORMAT, INITIAL_MAC, PURPOSE, mac_of
from accounts.audit.models import AuditSeal

_MAC = re.compile(rb',"mac":"([0-9a-f]{64})"}\n')
_TAIL = 75  # bytes of a line behind its body
METADATA = ("made_by", "made_at", "filters")


class BreakError(ValueError):
    """A line is not as it was exported; the message says why."""


@dataclass
class Reader:
    """The state between one line and the next: of constant size, however long the file is."""

    key: bytes = b""
    mac: str = INITIAL_MAC
    entries: int = 0
    sealed: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    seal: tuple[int, str] = (0, chain.INITIAL_DIGEST)  # position and digest of the last sealed entry
    ended: bool = False

    def check_line(self, raw: bytes) -> None:
        """Check one line. Raises BreakError."""
        if self.ended:
            raise BreakError("there is something behind the last line of the export")
        body, mac = _divide(raw)
        content = _parse(body + b"}")
        if not self.key:
            self._begin(content)
        if not hmac.compare_digest(mac_of(self.key, self.mac, body), mac):
            raise BreakError("this line was changed or added, or a line before it was removed or moved")
        self.mac = mac
        match content["kind"]:
            case "entry":
                self._entry(content["entry"], content["seal"], content.get("erased"))
            case "end":
                self._end(content)

    def _begin(self, content: dict[str, Any]) -> None:
        if content.get("kind") != "begin" or content.get("format") != FORMAT:
            raise BreakError("this is not the first line of an export")
        self.key = _key(content.get("key_id"))
        self.metadata = {name: content.get(name) for name in METADATA}

    def _entry(self, entry: dict[str, Any], seal: dict[str, Any] | None, erased: dict[str, Any] | None = None) -> None:
        self.entries += 1
        if seal is None:
            return
        position, before = seal["position"], seal["before"]
        try:
            digest = chain.digest_of(seal["key_id"], position, before, entry)
        except (LookupError, ValueError):
            raise BreakError(f"seal {position} was made with a key that is not among ENCRYPTION_KEYS") from None
        if not hmac.compare_digest(digest, seal["digest"]) and not _is_erased(entry, seal, erased):
            raise BreakError(f"entry {entry.get('id')} does not fit its seal {position}: changed before the export")
        if position == self.seal[0] + 1 and not hmac.compare_digest(before, self.seal[1]):
            raise BreakError(f"seal {position} does not follow the seal on the line before it")
        self.seal, self.sealed = (position, seal["digest"]), self.sealed + 1

    def _end(self, content: dict[str, Any]) -> None:
        if content["count"] != self.entries:
            raise BreakError(f"the last line counts {content['count']} entries, and there are {self.entries}")
        self.ended = True


def _is_erased(entry: dict[str, Any], seal: dict[str, Any], erased: dict[str, Any] | None) -> bool:
    row = AuditSeal(position=seal["position"], entry_id=entry["id"], digest=seal["digest"], key_id=seal["key_id"])
    return erased is not None and erasures.is_erased(row, seal["before"], entry, (erased["key_id"], erased["mac"]))


def _divide(raw: bytes) -> tuple[bytes, str]:
    found = _MAC.fullmatch(raw, max(len(raw) - _TAIL, 0))
    if found is None:
        raise BreakError("this is not a whole line of an export")
    return raw[:-_TAIL], found[1].decode()


def _parse(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BreakError("this is not a line of an export")
    return content


def _key(key_id: object) -> bytes:
    try:
        key = encryption.derived_key(str(key_id), PURPOSE)
    except ValueError:
        key = None
    if key is None:
        raise BreakError("the export was made with a key that is not among ENCRYPTION_KEYS")
    return key


def check(file: BinaryIO) -> tuple[Reader, int, str]:
    """Read to the end or to the first break: what was read, the number of that line, and the break in words or ""."""
    reader, number = Reader(), 0
    while raw := file.readline(limits.EXPORT_LINE_BYTES):
        number += 1
        try:
            reader.check_line(raw)
        except BreakError as error:
            return reader, number, str(error)
    return reader, number + 1, "" if reader.ended else "the last line of the export is missing"

"""The zip archive that a workbook is, unpacked as far as it may be."""

from __future__ import annotations

import io
import zipfile

from environments.people.reading.types import Unreadable


class RefusedError(Exception):
    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.value)
        self.why = why


def kind_of(archive: zipfile.ZipFile) -> str:
    """ "xlsx" or "ods"; raises RefusedError for everything else that is a zip archive."""
    names = set(archive.namelist())
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise RefusedError(Unreadable.PASSWORD)
    if "xl/workbook.xml" in names:
        return "xlsx"
    kind = archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
    if "opendocument.spreadsheet" in kind:
        if b"encryption-data" in archive.open("META-INF/manifest.xml").read(1_000_000):
            raise RefusedError(Unreadable.PASSWORD)
        return "ods"
    if any(name.startswith("word/") for name in names) or "opendocument.text" in kind:
        raise RefusedError(Unreadable.WORD)
    if any(name.endswith(".iwa") for name in names) or "Index.zip" in names:
        raise RefusedError(Unreadable.NUMBERS)
    raise RefusedError(Unreadable.OTHER_WORKBOOK if "xl/workbook.bin" in names else Unreadable.ARCHIVE)


def bounded_copy(archive: zipfile.ZipFile, limits: dict[str, int]) -> dict[str, bytes]:
    """What of it is read, unpacked: no pictures, no programs. What an entry says about its own size is not believed."""
    wanted = [
        info for info in archive.infolist() if info.filename == "mimetype" or info.filename.endswith((".xml", ".rels"))
    ]
    left = limits["unpacked"]
    if len(archive.infolist()) > limits["entries"] or sum(info.file_size for info in wanted) > left:
        raise RefusedError(Unreadable.TOO_LARGE)
    found: dict[str, bytes] = {}
    for info in wanted:
        with archive.open(info) as entry:
            found[info.filename] = entry.read(left + 1)
        left -= len(found[info.filename])
        if left < 0:
            raise RefusedError(Unreadable.TOO_LARGE)
    return found


def packed(files: dict[str, bytes]) -> io.BytesIO:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    written.seek(0)
    return written

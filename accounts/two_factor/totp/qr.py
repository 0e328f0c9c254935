"""The QR code as a PNG in the page: no second address that could be cached or leak the secret."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from dataclasses import dataclass

QUIET_ZONE = 4  # modules, ISO/IEC 18004
# The symbol names its mask, so every reader undoes any of the eight. Fixed, because `qrcode` draws the symbol eight
# times to choose one, which is four fifths of its work; this one has as few penalty points as its choice.
MASK = 2
PIXELS_A_MODULE = 8  # in the image, with a bit a pixel: one byte a module
SHOWN_AT_LEAST = 200  # CSS pixels


@dataclass(frozen=True)
class Picture:
    """``uri``: a PNG as ``data:image/png;base64,…``; ``width``: in CSS pixels, a whole number a module, or the edges
    of the modules would blur."""

    uri: str
    width: int


def picture(text: str) -> Picture:
    """Black on white with its quiet zone. White in dark mode too: an inverted code is read by no phone."""
    # here, to save start-up time: few requests draw a code
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    uri = "data:image/png;base64," + base64.b64encode(_png(rows)).decode("ascii")
    return Picture(uri, len(rows) * math.ceil(SHOWN_AT_LEAST / len(rows)))


def _png(rows: list[list[bool]]) -> bytes:
    """Grey of one bit (PNG, ISO/IEC 15948); written here, because Pillow takes longer."""
    # Each line begins with its filter: 0 as it is, 2 the difference to the line above, which is none.
    as_above = (b"\2" + bytes(len(rows))) * (PIXELS_A_MODULE - 1)
    lines = b"".join(b"\0" + bytes(0 if dark else 255 for dark in row) + as_above for row in rows)
    size = len(rows) * PIXELS_A_MODULE
    header = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )

"""The QR code as a PNG in the page: no second address that could be cached or leak the secret."""

from __future__ import annotations

import base64
import io
import math
from typing import NamedTuple

QUIET_ZONE = 4  # modules, ISO/IEC 18004
# The symbol names its mask, so every reader undoes any of the eight. Fixed, because `qrcode` draws the symbol eight
# times to choose one, which is four fifths of its work; this one has as few penalty points as its choice.
MASK = 2
PIXELS_A_MODULE = 8  # in the image
SHOWN_AT_LEAST = 200  # CSS pixels


class Picture(NamedTuple):
    """``uri``: a PNG as ``data:image/png;base64,…``; ``width``: in CSS pixels, a whole number a module, or the edges
    of the modules would blur."""

    uri: str
    width: int


def picture(text: str) -> Picture:
    """Black on white with its quiet zone. White in dark mode too: an inverted code is read by no phone."""
    # here, to save start-up time: few requests draw a code
    import qrcode
    from PIL import Image
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    modules = len(rows)
    # One pixel a module, enlarged: `qrcode` draws a rectangle for each, which takes ten times as long.
    small = Image.new("1", (modules, modules))
    small.putdata([0 if dark else 255 for row in rows for dark in row])
    size = modules * PIXELS_A_MODULE
    buffer = io.BytesIO()
    small.resize((size, size), Image.Resampling.NEAREST).save(buffer, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(uri, modules * math.ceil(SHOWN_AT_LEAST / modules))

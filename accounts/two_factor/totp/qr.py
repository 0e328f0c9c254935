"""The QR code as a PNG in the page: no second address that could be cached or leak the secret."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4  # modules, ISO/IEC 18004
PIXELS_A_MODULE = 8  # in the image
SHOWN_AT_LEAST = 200  # CSS pixels


@dataclass(frozen=True)
class Picture:
    """``uri``: a PNG as ``data:image/png;base64,…``; ``width``: in CSS pixels, a whole number a module, or the edges
    of the modules would blur."""

    uri: str
    width: int


def picture(text: str) -> Picture:
    """Black on white with its quiet zone. White in dark mode too: an inverted code is read by no phone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=PIXELS_A_MODULE, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    buffer = io.BytesIO()
    code.make_image(fill_color="black", back_color="white").save(buffer)
    modules = code.modules_count + 2 * QUIET_ZONE
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(uri, modules * math.ceil(SHOWN_AT_LEAST / modules))

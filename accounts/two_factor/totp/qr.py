"""The QR code as a PNG in the page: no second address that could be cached or leak the secret."""

from __future__ import annotations

import base64
import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4  # modules, ISO/IEC 18004
PIXELS_A_MODULE = 8  # sharp on a screen with three pixels for one


def data_uri(text: str) -> str:
    """A black-on-white PNG with its quiet zone, as ``data:image/png;base64,…``. White in dark mode too: an inverted
    code is read by no phone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=PIXELS_A_MODULE, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    buffer = io.BytesIO()
    code.make_image(fill_color="black", back_color="white").save(buffer)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")

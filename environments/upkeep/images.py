"""A picture from outside becomes one of ours: what was uploaded is decoded, drawn anew and never kept.

So nothing that was hidden in the file survives (another format beside it, a script, the place where a photo was taken),
and no decoder runs that is not needed.
"""

from __future__ import annotations

import io
import logging
import threading
from enum import Enum, auto

from PIL import Image, ImageOps

from accounts import limits

# Of the many that Pillow knows; several of the others start programs, or have a past of mistakes.
FORMATS = tuple(limits.PICTURE_PIXELS)

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()  # one picture unpacks to more memory than all of the rest of the program uses


class Refusal(Enum):
    NOT_A_PICTURE = auto()
    TOO_MANY_PIXELS = auto()
    TOO_SMALL = auto()


def redraw(uploaded: bytes) -> dict[int, bytes] | Refusal:
    """WebP files by width in pixels (`limits.PICTURE_WIDTHS`), square, cut around the middle."""
    with _one_at_a_time:
        try:
            return _redraw(uploaded)
        except Image.DecompressionBombError:
            return Refusal.TOO_MANY_PIXELS
        except Exception:  # a decoder may raise anything on what somebody made to break it
            log.info("an uploaded picture could not be read", exc_info=True)
            return Refusal.NOT_A_PICTURE


def _redraw(uploaded: bytes) -> dict[int, bytes] | Refusal:
    with Image.open(io.BytesIO(uploaded), formats=FORMATS) as picture:
        # The header alone has been read: nothing is unpacked before this is known.
        if picture.width * picture.height > limits.PICTURE_PIXELS[picture.format or ""]:
            return Refusal.TOO_MANY_PIXELS
        if min(picture.size) < limits.PICTURE_SHORTEST_SIDE:
            return Refusal.TOO_SMALL
        largest = limits.PICTURE_WIDTHS[-1]
        picture.draft("RGB", (2 * largest, 2 * largest))  # of a large photo, decodes no more than is shown
        # Made small before anything else, because every other step would copy all of it.
        square = ImageOps.fit(_scalable(picture), (largest, largest), Image.Resampling.LANCZOS)
        square = _on_white(ImageOps.exif_transpose(square))
    return {width: _webp(square, width) for width in limits.PICTURE_WIDTHS}


def _scalable(picture: Image.Image) -> Image.Image:
    """In a mode whose pixels can be averaged: those of a palette or of 16 bits cannot."""
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, because a dark sign would disappear on the dark page."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _webp(square: Image.Image, width: int) -> bytes:
    small = square.resize((width, width), Image.Resampling.LANCZOS)
    small.info.clear()  # or the profile and what a camera noted would go along
    written = io.BytesIO()
    small.save(written, "WEBP", quality=limits.PICTURE_QUALITY, method=6)
    return written.getvalue()

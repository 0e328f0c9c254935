"""Decodes an uploaded picture and encodes it as square WebP files."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps

from environments.administration.image_conversion import jpeg_scans
from environments.administration.image_conversion.refusals import Refusal, RefusedError


def draw(uploaded: bytes, bounds: dict[str, Any]) -> dict[int, bytes]:
    """WebP files by width in pixels. Raises RefusedError, or whatever a decoder raises.

    ``bounds``: ``pixels`` by format, ``scans``, ``shortest`` side, ``widths`` and ``quality``.
    """
    if jpeg_scans.count(uploaded, bounds["scans"]) > bounds["scans"]:
        raise RefusedError(Refusal.TOO_MUCH_WORK)
    with Image.open(io.BytesIO(uploaded), formats=tuple(bounds["pixels"])) as picture:
        # The header alone has been read: nothing is unpacked before this is known.
        if picture.width * picture.height > bounds["pixels"][picture.format or ""]:
            raise RefusedError(Refusal.TOO_MANY_PIXELS)
        if min(picture.size) < bounds["shortest"]:
            raise RefusedError(Refusal.TOO_SMALL)
        largest = bounds["widths"][-1]
        picture.draft("RGB", (2 * largest, 2 * largest))  # of a large photo, decodes no more than is shown
        # Made small before anything else, because every other step would copy all of it.
        square = ImageOps.fit(_scalable(picture), (largest, largest), Image.Resampling.LANCZOS)
        square = _on_white(ImageOps.exif_transpose(square))
    return {width: _webp(square, width, bounds["quality"]) for width in bounds["widths"]}


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


def _webp(square: Image.Image, width: int, quality: int) -> bytes:
    small = square.resize((width, width), Image.Resampling.LANCZOS)
    small.info.clear()  # removes the colour profile and the camera's metadata
    written = io.BytesIO()
    small.save(written, "WEBP", quality=quality, method=6)
    return written.getvalue()

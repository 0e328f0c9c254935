"""Decodes an uploaded picture and encodes it as WebP: in squares, or whole."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps

from environments.administration.image_conversion import jpeg_scans
from environments.administration.image_conversion.refusals import Refusal, RefusedError
from environments.administration.image_conversion.results import Drawn


def draw(uploaded: bytes, bounds: dict[str, Any]) -> list[Drawn]:
    """Raises RefusedError, or whatever a decoder raises.

    ``bounds``: ``pixels`` by format, ``scans``, ``shortest`` side and ``quality``; and either ``widths``, for a square
    of each width, or ``box``, for one whole picture that fits into this width and height.
    """
    if jpeg_scans.count(uploaded, bounds["scans"]) > bounds["scans"]:
        raise RefusedError(Refusal.TOO_MUCH_WORK)
    with Image.open(io.BytesIO(uploaded), formats=tuple(bounds["pixels"])) as picture:
        # The header alone has been read: nothing is unpacked before this is known.
        if picture.width * picture.height > bounds["pixels"][picture.format or ""]:
            raise RefusedError(Refusal.TOO_MANY_PIXELS)
        if min(picture.size) < bounds["shortest"]:
            raise RefusedError(Refusal.TOO_SMALL)
        box = bounds.get("box") or (bounds["widths"][-1],) * 2
        picture.draft("RGB", (2 * box[0], 2 * box[0]))  # of a large photo, decodes no more than is shown
        # Made small before anything else, because every other step would copy all of it.
        make = ImageOps.contain if "box" in bounds else ImageOps.fit
        small = make(_scalable(picture), tuple(box), Image.Resampling.LANCZOS)
        small = _on_white(ImageOps.exif_transpose(small))
    sizes = [(width, width) for width in bounds.get("widths", ())] or [small.size]
    return [Drawn(*size, _webp(small, size, bounds["quality"])) for size in sizes]


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


def _webp(picture: Image.Image, size: tuple[int, int], quality: int) -> bytes:
    small = picture.resize(size, Image.Resampling.LANCZOS)
    small.info.clear()  # removes the colour profile and the camera's metadata
    written = io.BytesIO()
    small.save(written, "WEBP", quality=quality, method=6)
    return written.getvalue()

"""What the conversion gives back; without Pillow, so that the portal itself need not load it."""

from __future__ import annotations

from typing import NamedTuple


class Drawn(NamedTuple):
    """A WebP file and its size in pixels."""

    width: int
    height: int
    webp: bytes

"""Converting an uploaded picture: it is decoded and re-encoded, and the file itself is never stored.

So nothing hidden in the file survives (a second format, a script, the location of a photo), and only the needed
decoders run, in a process of their own: see `image_conversion.__main__`.
"""

from __future__ import annotations

import base64
import logging
from threading import Semaphore
from typing import Any

from accounts import limits
from environments import subprocesses
from environments.administration.image_conversion.refusals import Refusal
from environments.administration.image_conversion.results import Drawn

PROGRAM = "environments.administration.image_conversion"
# Few of the formats that Pillow knows; others start programs, or had many vulnerabilities.
FORMATS = tuple(limits.PICTURE_PIXELS)

log = logging.getLogger(__name__)
_one_at_a_time = Semaphore()  # one decoded picture takes more memory than the rest of the program


def redraw(uploaded: bytes) -> dict[int, bytes] | Refusal:
    """Square WebP files, cropped around the middle, by width in pixels (`limits.PICTURE_WIDTHS`)."""
    drawn = _convert(uploaded, bounds())
    return drawn if isinstance(drawn, Refusal) else {one.width: one.webp for one in drawn}


def redraw_logo(uploaded: bytes) -> Drawn | Refusal:
    """One WebP file with the whole logo, within `limits.LOGO_BOX`."""
    of_logo = bounds() | {"box": limits.LOGO_BOX, "shortest": limits.LOGO_SHORTEST_SIDE}
    del of_logo["widths"]
    drawn = _convert(uploaded, of_logo)
    return drawn if isinstance(drawn, Refusal) else drawn[0]


def _convert(uploaded: bytes, within: dict[str, Any]) -> list[Drawn] | Refusal:
    with subprocesses.slot(_one_at_a_time, limits.UPLOAD_TURN.total_seconds()) as has_slot:
        if not has_slot:
            return Refusal.BUSY
        answer = subprocesses.run(PROGRAM, uploaded, within)
    if answer is None:
        log.warning("an uploaded picture of %d bytes took more memory or time than it may", len(uploaded))
        return Refusal.TOO_MUCH_WORK
    if "files" not in answer:
        log.info("an uploaded picture was refused: %s %s", answer["refused"], answer.get("because", ""))
        return Refusal(answer["refused"])
    return [Drawn(width, height, base64.b64decode(file)) for width, height, file in answer["files"]]


def bounds() -> dict[str, Any]:
    return {
        "memory": limits.PICTURE_MEMORY,
        "seconds": int(limits.PICTURE_SECONDS.total_seconds()),
        "scans": limits.PICTURE_SCANS,
        "pixels": limits.PICTURE_PIXELS,
        "shortest": limits.PICTURE_SHORTEST_SIDE,
        "widths": limits.PICTURE_WIDTHS,
        "quality": limits.PICTURE_QUALITY,
    }

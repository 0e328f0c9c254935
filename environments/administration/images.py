"""A picture from outside becomes one of ours: what was uploaded is decoded, drawn anew and never kept.

So nothing that was hidden in the file survives (another format beside it, a script, the place where a photo was taken),
and no decoder runs that is not needed. It runs in a process of its own: see `drawing.__main__`.
"""

from __future__ import annotations

import base64
import logging
from threading import Semaphore
from typing import Any

from accounts import limits
from environments import subprocesses
from environments.administration.image_conversion.refusals import Refusal

PROGRAM = "environments.administration.image_conversion"
# Of the many that Pillow knows; several of the others start programs, or have a past of mistakes.
FORMATS = tuple(limits.PICTURE_PIXELS)

log = logging.getLogger(__name__)
_one_at_a_time = Semaphore()  # one picture unpacks to more memory than all of the rest of the program uses


def redraw(uploaded: bytes) -> dict[int, bytes] | Refusal:
    """WebP files by width in pixels (`limits.PICTURE_WIDTHS`), square, cut around the middle."""
    with subprocesses.turn(_one_at_a_time, limits.UPLOAD_TURN.total_seconds()) as has_turn:
        if not has_turn:
            return Refusal.BUSY
        answer = subprocesses.ask(PROGRAM, uploaded, bounds())
    if answer is None:
        log.warning("an uploaded picture of %d bytes took more memory or time than it may", len(uploaded))
        return Refusal.TOO_MUCH_WORK
    if "files" not in answer:
        log.info("an uploaded picture was refused: %s %s", answer["refused"], answer.get("because", ""))
        return Refusal(answer["refused"])
    return {int(width): base64.b64decode(file) for width, file in answer["files"].items()}


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

from __future__ import annotations

from enum import Enum


class Refusal(Enum):
    NOT_A_PICTURE = "not_a_picture"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MUCH_WORK = "too_much_work"  # of memory or time, or in more scans than any program makes
    TOO_SMALL = "too_small"
    BUSY = "busy"  # others upload pictures at this moment


class RefusedError(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why

"""How often a JPEG draws the whole picture: each scan of a progressive one goes over all of its pixels, in a few bytes.

The decoder takes any number of them, so they are counted first (ITU-T T.81 annex B: the markers).
"""

from __future__ import annotations

import re

BEGIN = b"\xff\xd8"
END, SCAN = 0xD9, 0xDA
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
# Behind a scan, 0xff stands before 0x00 when it is data, and before 0xd0 to 0xd7 where the decoder may restart.
MARKER = re.compile(rb"\xff+([^\x00\xff])")
MARKER_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")


def count(jpeg: bytes, most: int) -> int:
    """The scans, at most ``most`` + 1; 0 for what is no JPEG."""
    found, at, pattern = 0, 2, MARKER
    if not jpeg.startswith(BEGIN):
        return 0
    while found <= most and (marker := pattern.search(jpeg, at)):
        kind, at, pattern = marker[1][0], marker.end(), MARKER
        if kind == END:
            break
        if kind in ALONE:
            continue
        if kind == SCAN:
            found, pattern = found + 1, MARKER_AFTER_SCAN
        at += int.from_bytes(jpeg[at : at + 2], "big")
    return found

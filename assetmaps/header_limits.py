"""Limits on the size of the address and the headers of a request, applied before anything parses them.

Python and Django parse some of them in quadratic time: backslashes in a cookie (64 kB take 8 s), quotes and semicolons
in `Content-Type` and `Accept` (64 kB: 3 s), an address that is not UTF-8 (256 kB: 5 s). Own code, because Django has no
limits for these, and those of servers differ: some accept 400 kB.
"""

from __future__ import annotations

from typing import Any

from accounts import limits

REFUSED = "portal.refused"  # environ key of the status with which the request is refused; no header can set it


def apply(environ: dict[str, Any]) -> None:
    """Shorten what is parsed in quadratic time, empty what is too long, and note the status for the refusal."""
    if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > limits.LONGEST_ADDRESS:
        environ |= {"PATH_INFO": "/", "QUERY_STRING": "", REFUSED: 414}
    for name in [name for name in environ if name.startswith("HTTP_")]:
        if len(environ[name]) > limits.LONGEST_HEADER:
            environ |= {name: "", REFUSED: 431}
    if "HTTP_COOKIE" in environ:
        environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"].replace("\\", "")  # our own cookies contain none
    if "HTTP_ACCEPT" in environ:
        environ["HTTP_ACCEPT"] = environ["HTTP_ACCEPT"][: limits.LONGEST_TYPE]
    if len(environ.get("CONTENT_TYPE", "")) > limits.LONGEST_TYPE:
        environ |= {"CONTENT_TYPE": "", REFUSED: 400}

"""What a request brings along beside its body, bounded before anything reads it.

Python and Django read some of it in quadratic time: backslashes in a cookie (64 kB take 8 s), quotes and semicolons in
`Content-Type` and `Accept` (64 kB: 3 s), an address that is not UTF-8 (256 kB: 5 s). Own code, because Django bounds
none of these, and how much a server lets through differs: some take 400 kB.
"""

from __future__ import annotations

from typing import Any

from accounts import limits

REFUSED = "portal.refused"  # in the environ: the status with which the request is refused; no header can get here


def bound(environ: dict[str, Any]) -> None:
    """Cut what is read in quadratic time, empty what is too long altogether, and note the status for that."""
    if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > limits.LONGEST_ADDRESS:
        environ |= {"PATH_INFO": "/", "QUERY_STRING": "", REFUSED: 414}
    for name in [name for name in environ if name.startswith("HTTP_")]:
        if len(environ[name]) > limits.LONGEST_HEADER:
            environ |= {name: "", REFUSED: 431}
    if "HTTP_COOKIE" in environ:
        environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"].replace("\\", "")  # none of ours has one
    if "HTTP_ACCEPT" in environ:
        environ["HTTP_ACCEPT"] = environ["HTTP_ACCEPT"][: limits.LONGEST_TYPE]
    if len(environ.get("CONTENT_TYPE", "")) > limits.LONGEST_TYPE:
        environ |= {"CONTENT_TYPE": "", REFUSED: 400}

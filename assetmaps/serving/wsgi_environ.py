"""The WSGI environ (PEP 3333) of an ASGI request.

Own code instead of a2wsgi's, which decodes paths as UTF-8 and loses other bytes, fails on a query outside ASCII, joins
cookies with a comma, and takes `X_Forwarded_For` for `X-Forwarded-For`.
"""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
# Separators of a header that occurs more than once: a comma (RFC 9110 section 5.3), except for cookies (RFC 6265).
SEPARATORS = {b"cookie": b"; "}


def of(scope: dict[str, Any], body: bytes) -> Environ:
    """``scope``: of an ASGI request; ``body``: all of it. Every text is Latin-1, which keeps each byte as it came."""
    host, port = scope.get("server") or ("localhost", None)
    address, remote_port = scope.get("client") or ("", "")
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": address,
        "REMOTE_PORT": str(remote_port),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope["headers"])
    return environ


def header(scope: dict[str, Any], name: bytes) -> bytes:
    """All values of this header (name in lower case), joined; empty without."""
    values = [value for given, value in scope["headers"] if given == name]
    return values[0] if len(values) == 1 else SEPARATORS.get(name, b",").join(values)


def _add_headers(environ: Environ, headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        # With an underscore a client could write the name of a header that only a proxy should set.
        if b"_" in name or name in (b"content-length", b"transfer-encoding", b"expect"):
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key != "CONTENT_TYPE":
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{SEPARATORS.get(name, b',').decode()}{text}"
        environ[key] = text

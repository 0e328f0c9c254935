"""DATABASE_URL, CACHE_URL and EMAIL_URL: validated here, then parsed by django-environ.

Its parsers know the engines and options of Django, but misread what they do not understand: they take `#` in a cache
password for a Unix socket, and ignore an unknown option. So they only get URLs that are unambiguous. Each function
raises UnreadableError.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import environ

from assetmaps.configuration.addresses import Address, split
from assetmaps.configuration.errors import UnreadableError
from assetmaps.configuration.host_names import LABELS, host

POSTGRESQL = ("postgres", "postgresql", "pgsql", "psql")
MEMORY = ("sqlite://:memory:", "sqlite://", "sqlite:///:memory:")
# Django's options; the others belong to the pool, or would change transactions.
DATABASE_OPTIONS = frozenset({"conn_health_checks", "disable_server_side_cursors", "assume_role"})
REDIS = ("redis", "rediss", "rediscache", "unix")
CACHES = (*REDIS, "locmemcache")
CACHE_OPTIONS = frozenset(
    {"timeout", "key_prefix", "version", "db", "protocol", "client_name", "health_check_interval"}
    | {"max_connections", "retry_on_timeout", "socket_keepalive", "socket_timeout", "socket_connect_timeout"}
)
TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile"})
# The scheme in django-environ, where `smtps` means STARTTLS, and the standard port (RFC 8314, 6409, 5321).
SMTP = {"smtp": ("smtp", 25), "smtp+tls": ("smtp+tls", 587), "smtps": ("smtp+ssl", 465), "smtp+ssl": ("smtp+ssl", 465)}
MAIL = (*SMTP, "consolemail", "filemail", "memorymail", "dummymail")


def database(text: str, folder: Path) -> dict[str, Any]:
    """One entry of DATABASES. A relative path of SQLite is relative to ``folder``."""
    if text in MEMORY:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    address = split(text, ("sqlite", *POSTGRESQL))
    return _sqlite(address, folder) if address.scheme == "sqlite" else _postgresql(address)


def audit_head(database: dict[str, Any], folder: Path) -> str:
    """The default of AUDIT_HEAD_FILE, the file with the newest audit seal of this database: beside an SQLite database,
    else in ``folder``."""
    name = str(database["NAME"])
    if database["ENGINE"].endswith("sqlite3"):
        return "" if name == ":memory:" else f"{name}.audit-head"
    place = "|".join(str(database.get(part, "")) for part in ("HOST", "PORT", "NAME"))
    return str(folder / f"audit-head-{hashlib.sha256(place.encode()).hexdigest()[:12]}")


def _sqlite(address: Address, folder: Path) -> dict[str, Any]:
    if address.place or len(address.path) < 2:
        raise UnreadableError("names a file as sqlite:///relative/path or sqlite:////absolute/path.")
    if address.query:
        raise UnreadableError("takes no options with sqlite.")
    found: dict[str, Any] = environ.Env.db_url_config("sqlite://" + _as_path(address.path))
    return found | {"NAME": str(folder / found["NAME"])}


def _postgresql(address: Address) -> dict[str, Any]:
    options = _options(address, DATABASE_OPTIONS | _libpq_options())
    path = address.path
    if path.startswith("//"):  # a folder with the socket, then the name
        path = path[1:]
    elif path.count("/") > 1:
        raise UnreadableError("has a path after the name of the database.")
    if not path.rpartition("/")[2] and "service" not in options:
        raise UnreadableError("has no name of a database after the host.")
    for name, _port in address.hosts:
        if name and not name.upper().startswith("%2F"):
            _service_host(name)
    # Socket folders, in PostgreSQL's own form; the parser would leave them encoded and in lower case.
    folders = [unquote(name) for name, _port in address.hosts if "%" in name]
    text = f"postgres://{address.credentials}{'' if folders else address.place}{_as_path(address.path)}"
    found = dict(environ.Env.db_url_config(f"{text}?{address.query}" if address.query else text))
    return found | {"HOST": ",".join(folders)} if folders else found


def _libpq_options() -> frozenset[str]:
    from psycopg import pq  # here, because it takes a tenth of a second and only PostgreSQL needs it

    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())


def cache(text: str) -> dict[str, Any]:
    """One entry of CACHES."""
    address = split(text, CACHES)
    if address.scheme == "locmemcache":
        _options(address, frozenset())
        return dict(environ.Env.cache_url_config(text))
    _options(address, CACHE_OPTIONS | (TLS_OPTIONS if address.scheme == "rediss" else frozenset()))
    _redis_place(address)
    is_socket = address.scheme == "unix"  # which django-environ does not know
    text = (
        f"{'redis' if is_socket else address.scheme}://{address.credentials}{address.place or 'socket'}{address.path}"
    )
    found = environ.Env.cache_url_config(f"{text}?{address.query}" if address.query else text)
    if is_socket:
        found["LOCATION"] = f"unix://{address.credentials}{address.path}"
    return {name.upper(): value for name, value in found.items()}  # in lower case Django overlooks key_prefix


def _redis_place(address: Address) -> None:
    if address.user and address.password is None:
        raise UnreadableError("has a user without a password; a password alone is written as :password@.")
    if address.scheme == "unix":
        if address.place or len(address.path) < 2:
            raise UnreadableError("names a socket as unix:///absolute/path.")
        return
    if len(address.hosts) > 1:
        # Django reads from any of them, and a replica that lags behind would miss failed attempts.
        raise UnreadableError("names several servers; it takes the one that is written to.")
    _service_host(address.hosts[0][0])
    if address.path.strip("/") and not address.path.strip("/").isdecimal():
        raise UnreadableError("has a path that is no number of a database.")


def mail(text: str) -> dict[str, Any]:
    """Django's settings that begin with EMAIL_."""
    address = split(text, MAIL)
    if "?" in text:
        raise UnreadableError("takes no options; smtps:// is TLS from the start, smtp+tls:// begins with STARTTLS.")
    if address.scheme not in SMTP:
        return dict(environ.Env.email_url_config(text))
    name, port = address.hosts[0]
    if len(address.hosts) > 1 or address.path.strip("/"):
        raise UnreadableError("takes one host, and nothing after its port.")
    _service_host(name)
    if bool(address.user) != bool(address.password):
        raise UnreadableError("has a user without a password, or a password without a user.")
    scheme, usual_port = SMTP[address.scheme]
    return dict(environ.Env.email_url_config(f"{scheme}://{address.credentials}{name}:{port or usual_port}"))


def _service_host(name: str) -> None:
    """As `host`, but allows underscores, which occur in names of containers."""
    if not name:
        raise UnreadableError("has no host.")
    if not LABELS.fullmatch(name.lower().replace("_", "-")):
        host(name)


def _options(address: Address, known: frozenset[str]) -> dict[str, list[str]]:
    try:
        found = parse_qs(address.query, keep_blank_values=True, strict_parsing=True) if address.query else {}
    except ValueError:
        raise UnreadableError("has options that are not written as ?name=value&other=value.") from None
    if not {name.lower() for name in found} <= known:
        raise UnreadableError("has an option after the ? that is not known.")
    return found


def _as_path(path: str) -> str:
    """For a parser that takes + for a space, which is right in forms but not in paths."""
    return path.replace("+", "%2B")

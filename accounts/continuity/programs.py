"""pg_dump and pg_restore, for the database of the portal: the one place that starts them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Any


class ProgramError(Exception):
    """The program is not there or failed; the message is what it printed, without a password."""


def run(program: str, *arguments: str, database: Mapping[str, Any]) -> None:
    """Run it on an entry of DATABASES. The password goes by the environment, where no other user of the machine sees
    it. Raises ProgramError."""
    environment = {**os.environ, "PGPASSWORD": str(database.get("PASSWORD") or "")}
    if not environment["PGPASSWORD"]:
        del environment["PGPASSWORD"]
    command = [program, *arguments, "--no-password", f"--dbname={_connection_string(database)}"]
    if role := database.get("OPTIONS", {}).get("assume_role"):
        command.append(f"--role={role}")
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise ProgramError(f"{program} is not installed: it is in Debian's package postgresql-client") from None
    if done.returncode:
        raise ProgramError(f"{program} failed: {done.stderr.strip()[:2000]}")


def _connection_string(database: Mapping[str, Any]) -> str:
    """For libpq, from NAME, HOST and so on, and from those OPTIONS that are libpq's own."""
    from psycopg import conninfo, pq  # here, because only PostgreSQL needs it

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} - {"password"}
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user"}
    values = {libpq: str(database[name]) for name, libpq in names.items() if database.get(name)}
    options = {name: str(value) for name, value in database.get("OPTIONS", {}).items() if name in known}
    return conninfo.make_conninfo(**{**options, **values})

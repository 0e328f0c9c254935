"""Django's PostgreSQL backend with `CheckedPool`; works behind PgBouncer in transaction mode as well."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from assetmaps.postgresql.pool import CheckedPool


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: dict[str, Any]  # Django's own, missing from its type stubs
    _configure_connection: Any

    @property
    def pool(self) -> Any:
        """Django cannot be told to use another pool class, so put ours where Django looks for its own."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools and self.alias != NO_DB_ALIAS:
            parameters = self.get_connection_params() | {"autocommit": True}
            pool = CheckedPool(kwargs=parameters, open=False, configure=self._configure_connection, **options)
            self._connection_pools.setdefault(self.alias, pool)
        return super().pool

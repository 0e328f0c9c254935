"""The open connections of this process: how many, of whom, and which of them take too long."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from accounts import limits


class Connection(Protocol):
    """``peer``: the network that it comes from; empty for a trusted proxy, which has as many as it likes."""

    peer: str

    def can_be_closed(self) -> bool:
        """Whether a head, a body or another request is waited for; not when a whole request is being answered."""

    def abort(self) -> None: ...

    def close_if_overdue(self, now: float) -> None: ...


class Connections:
    """At most CONNECTIONS in all, and CONNECTIONS_AN_ADDRESS from one network. Beyond that the oldest that
    is waited for gives way, not the new one: who really asks for something does so at once."""

    def __init__(self) -> None:
        self._files = limits.CONNECTIONS
        self._all: dict[Connection, None] = {}
        self._by_peer: defaultdict[str, dict[Connection, None]] = defaultdict(dict)

    def raise_file_limit(self) -> None:
        """Ask the system for as many files as there may be connections, and make do with what it gives."""
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = limits.CONNECTIONS + limits.OTHER_FILES
        given = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
        self._files = max(1, given - limits.OTHER_FILES)

    def add(self, new: Connection) -> None:
        self._all[new] = None
        if new.peer:
            self._by_peer[new.peer][new] = None
            if len(self._by_peer[new.peer]) > limits.CONNECTIONS_AN_ADDRESS:
                _close_oldest(self._by_peer[new.peer])
        if len(self._all) > min(limits.CONNECTIONS, self._files):
            _close_oldest(self._all)

    def remove(self, old: Connection) -> None:
        self._all.pop(old, None)
        own = self._by_peer.get(old.peer, {})
        own.pop(old, None)
        if not own:
            self._by_peer.pop(old.peer, None)

    def close_overdue(self, now: float) -> None:
        """``now``: by the clock of the event loop."""
        for connection in list(self._all):
            connection.close_if_overdue(now)

    def __len__(self) -> int:
        return len(self._all)


def _close_oldest(connections: Iterable[Connection]) -> None:
    """The newest gives way itself, so there is always one."""
    next(connection for connection in list(connections) if connection.can_be_closed()).abort()


open_connections = Connections()

"""The open connections of this process, with limits on their number in all and per network, and deadlines."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from accounts import limits


class Connection(Protocol):
    """``peer``: the network of the other end; empty for a trusted proxy, which has no limit of its own."""

    peer: str

    def can_be_closed(self) -> bool:
        """Whether the server waits for headers, a body or another request; not while it answers a whole request."""

    def abort(self) -> None: ...

    def close_if_overdue(self, now: float) -> None: ...


class Connections:
    """At most CONNECTIONS in all, and CONNECTIONS_AN_ADDRESS from one network. Beyond that the oldest waiting one is
    closed, not the new one: a real client sends its request at once."""

    def __init__(self) -> None:
        self._files = limits.CONNECTIONS
        self._all: dict[Connection, None] = {}
        self._by_peer: defaultdict[str, dict[Connection, None]] = defaultdict(dict)

    def raise_file_limit(self) -> None:
        """Raise the limit of open files to the number of connections, as far as the system allows."""
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
    """There is always one to close: the newest connection has no request yet."""
    next(connection for connection in list(connections) if connection.can_be_closed()).abort()


open_connections = Connections()

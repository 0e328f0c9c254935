"""What is counted for the monitoring of the service, and by whom.

While nothing watches (`METRICS_ADDRESS` is empty) ``recorder`` is None: a place that counts then costs one comparison,
and no library for metrics is loaded. `assetmaps.metrics` puts its recorder here when the process starts.

What is passed here never says who somebody is: names of events and causes, numbers of organisations, durations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Recorder(Protocol):
    """Thread-safe; its methods raise nothing that a caller must handle."""

    def security_event(
        self, event: str, *, organisation_id: int | None, succeeded: bool, detail: Mapping[str, str | int]
    ) -> None:
        """A security event that was committed; ``detail`` as in its audit entry."""

    def hash_waited(self, seconds: float, *, began: bool) -> None:
        """How long a sign-in waited for its turn in `accounts.hash_queue`; ``began``: False when it gave up."""

    def over_limit(self, what: str) -> None:
        """Something was asked for more often than `accounts.rate_limits` allows; ``what``: the name of the limit."""

    def outage_began(self, service: str) -> None:
        """``service``: "the database" or "the cache" stopped answering this process."""

    def refused_unread(self, status: int) -> None:
        """A request that was answered with this status before Django saw it."""

    def process_state(self, *, busy: int, waiting: int) -> None:
        """Once a second in each web process: threads that run a request, and requests that wait for a thread."""


recorder: Recorder | None = None

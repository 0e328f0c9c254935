"""The security activity that an administrator should see without searching, for the administration's first page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from accounts.audit import search
from accounts.audit.events import Event
from accounts.audit.search import Search
from accounts.audit_pages import presentation, query
from accounts.audit_pages.presentation import Line
from accounts.models import User

LINES = 5
MOST = 100  # refusals are counted up to this number

# Who may do what, how people sign in, alarms, and what left the portal as a file.
WATCHED = (
    Event.RIGHTS_CHANGED,
    Event.GROUP_ADDED,
    Event.GROUP_CHANGED,
    Event.GROUP_DELETED,
    Event.DEMAND_CHANGED,
    Event.SSO_SWITCHED_ON,
    Event.SSO_SWITCHED_OFF,
    Event.SSO_SECRET_SET,
    Event.DOMAIN_ADDED,
    Event.DOMAIN_REMOVED,
    Event.EMERGENCY_SIGN_IN,
    Event.SECOND_STEP_RESET,
    Event.RESET_REFUSED,
    Event.BRIDGE_CODE_ISSUED,
    Event.BRIDGE_CODE_WITHDRAWN,
    Event.ADDRESS_CHANGED,
    Event.REPORTED_NOT_ME,
    Event.PASSWORD_TREATED_AS_STOLEN,
    Event.SPRAYING_SUSPECTED,
    Event.WORKER_STOPPED,
    Event.PEOPLE_EXPORTED,
    Event.AUDIT_EXPORTED,
)
SIGN_IN_REFUSED = (Event.PASSWORD_REFUSED, Event.CODE_REFUSED, Event.RECOVERY_CODE_REFUSED, Event.SSO_REFUSED)


@dataclass(frozen=True)
class Highlights:
    """``lines``: the newest watched events; ``refused``: refused sign-ins since yesterday, with the query string of the
    search that shows them. More than `MOST` are not counted."""

    lines: list[Line]
    refused: int
    refused_query: str

    @property
    def most(self) -> int:
        return MOST


def of(worker: User) -> Highlights:
    """In the scope of this worker. The caller has checked the permission."""
    watched = _search(worker, {"event": WATCHED})
    since = timezone.localdate() - timedelta(days=1)
    refused = _search(worker, {"event": SIGN_IN_REFUSED, "since": since})
    lines = [presentation.line_of(entry) for entry in search.page(watched, size=LINES).entries]
    return Highlights(lines, search.count(refused, MOST + 1), _query(SIGN_IN_REFUSED) + f"&since={since}")


def _search(worker: User, typed: dict[str, object]) -> Search:
    found = query.build_search(worker, typed).search
    if found is None:  # only names that were typed are refused
        raise ValueError(typed)
    return found


def _query(events: Collection[Event]) -> str:
    """As the search page understands it."""
    return urlencode([("event", event.value) for event in events])

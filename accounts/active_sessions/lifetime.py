"""How long a session lasts when nothing happens: for the page that warns before it ends (WCAG 2.2.1, 2.2.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from accounts import limits
from accounts.active_sessions import store
from accounts.active_sessions.models import Session


class Remaining(NamedTuple):
    """``idle``: seconds until it ends without user activity; ``overall``: until it ends whatever the user does;
    ``until``: the same as a time of day. Never more than is true, so that a page does not promise too much."""

    idle: int
    overall: int
    until: str


def has_idled(row: Session) -> bool:
    """Has staff been away for longer than the administration allows?"""
    return bool(row.user and row.user.is_staff and timezone.now() - row.seen_at > limits.STAFF_SESSION_IDLE)


def in_portal(request: HttpRequest) -> Remaining | None:
    row = store.of(request).row
    return _of(row, limits.SESSION_IDLE, limits.SESSION_OVERALL) if row and row.signed_in else None


def in_administration(request: HttpRequest) -> Remaining | None:
    """None for people who may not open the administration."""
    row = store.of(request).row
    if row is None or not row.signed_in or not (row.user and row.user.is_staff):
        return None
    idle = timedelta() if store.IDLED in request.session else limits.STAFF_SESSION_IDLE
    return _of(row, idle, limits.STAFF_SESSION_OVERALL)


def _of(row: Session, idle: timedelta, overall: timedelta) -> Remaining:
    ends = row.started_at + overall
    return Remaining(_seconds(row.seen_at + idle), _seconds(ends), date_format(timezone.localtime(ends), "H:i"))


def _seconds(end: datetime) -> int:
    return max(0, int((end - timezone.now()).total_seconds()))

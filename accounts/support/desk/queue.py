"""What waits for support, for the first page of the administration: how much, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from accounts.organisations import scope
from accounts.support.interventions import approval
from accounts.support.models import HelpRequest, Report


@dataclass(frozen=True)
class Waiting:
    """``oldest``: when the one that waits longest was asked; None when nothing waits."""

    number: int
    oldest: datetime | None

    @property
    def age(self) -> str:
        """Of the oldest: "2 hours"."""
        if self.oldest is None or timezone.now() - self.oldest < timedelta(minutes=1):
            return _("less than a minute")
        return timesince(self.oldest, depth=1)


@dataclass(frozen=True)
class Queue:
    requests: Waiting
    approvals: Waiting
    reports: Waiting

    @property
    def is_empty(self) -> bool:
        return not (self.requests.number or self.approvals.number or self.reports.number)


def of(worker: User) -> Queue:
    """For the people in this worker's scope; three queries. The caller has checked the permission."""
    people, since = scope.people(worker, "user__"), timezone.now() - limits.LOST_PHONE_REQUEST
    # Whoever has signed in since needs no help any more.
    outside = Q(user__last_login=None) | Q(user__last_login__lt=F("asked_at"))
    asked = HelpRequest.objects.filter(people, outside, cancelled_at=None, asked_at__gt=since)
    reports = Report.objects.filter(people, looked_at=None)
    return Queue(
        _count(asked, "asked_at"), _count(approval.open_for(worker), "asked_at"), _count(reports, "reported_at")
    )


def _count(rows: QuerySet, moment: str) -> Waiting:
    return Waiting(**rows.order_by().aggregate(number=Count("pk", distinct=True), oldest=Min(moment)))

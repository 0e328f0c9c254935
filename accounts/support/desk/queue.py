"""What waits for support, for the first page of the administration: how much, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.support.desk import waiting
from accounts.support.interventions import approval


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
    return Queue(
        _count(waiting.requests(worker), "asked_at"),
        _count(approval.open_for(worker), "asked_at"),
        _count(waiting.reports(worker), "reported_at"),
    )


def _count(rows: QuerySet, moment: str) -> Waiting:
    return Waiting(**rows.order_by().aggregate(number=Count("pk", distinct=True), oldest=Min(moment)))

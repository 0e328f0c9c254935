"""How much waits for support and since when, for the first page of the administration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

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
        return waiting.age_in_words(self.oldest) if self.oldest else ""


@dataclass(frozen=True)
class WaitingCounts:
    requests: Waiting
    approvals: Waiting
    reports: Waiting

    @property
    def is_empty(self) -> bool:
        return not (self.requests.number or self.approvals.number or self.reports.number)


def of(worker: User) -> WaitingCounts:
    """For the people in this worker's scope; three queries. The caller has checked the permission."""
    return WaitingCounts(
        _count(waiting.requests(worker), "asked_at"),
        _count(approval.open_for(worker), "asked_at"),
        _count(waiting.reports(worker), "reported_at"),
    )


def _count(rows: QuerySet, moment: str) -> Waiting:
    return Waiting(**rows.order_by().aggregate(number=Count("pk", distinct=True), oldest=Min(moment)))

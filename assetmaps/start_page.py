"""The first page of the administration: jobs and state, each for whoever may open the page behind it.

Every card takes a bounded number of queries that read few rows, however many people and organisations there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, DateField, When
from django.utils import timezone

from accounts.audit_pages import highlights, query
from accounts.mfa_policy.decorators import CHANGE as CHANGES_ORGANISATIONS
from accounts.mfa_policy.decorators import SEE
from accounts.mfa_policy.progress import summary as second_step
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.queue_pages import overview
from accounts.sso.models import Connection
from accounts.sso.overview import summary as business_account
from accounts.support import flows as support
from accounts.support.desk import waiting_counts
from environments.address_change import flows as address_change
from environments.models import Environment

ORGANISATIONS = 3  # shown one by one; of more, what they are together
WAITING = 5  # new addresses of environments


@dataclass(frozen=True)
class Organisations:
    """``shown``: at most `ORGANISATIONS`, those that begin to require a second step first; ``number``: all in scope."""

    shown: list[Organisation]
    number: int

    @property
    def has_more(self) -> bool:
        return self.number > len(self.shown)


@dataclass(frozen=True)
class SecondStepCard:
    """``together``: all organisations on ``counted_on``, in words; empty when all are in ``lines``."""

    lines: list[second_step.Progress]
    together: str
    counted_on: date | None


@dataclass(frozen=True)
class BusinessAccountCard:
    lines: list[business_account.State]
    enabled: int  # of all organisations in scope


def cards(worker: User) -> dict[str, object]:
    """Context of the page. A card that this worker may not see is None."""
    sees_coverage, changes = worker.has_perms(SEE), worker.has_perm(CHANGES_ORGANISATIONS)
    mine = _organisations(worker) if sees_coverage or changes else Organisations([], 0)
    return {
        "given_up": overview.given_up() if worker.is_superuser else None,
        "waiting": waiting_counts.of(worker) if worker.has_perm(support.PERMISSION) else None,
        "new_addresses": _new_addresses(worker),
        "organisations": mine,
        "second_step": _second_step(mine) if sees_coverage else None,
        "business_account": _business_account(worker, mine) if changes else None,
        "highlights": highlights.of(worker) if worker.has_perm(query.PERMISSION) else None,
    }


def _organisations(worker: User) -> Organisations:
    mine = Organisation.objects.filter(scope.organisations(worker))
    to_come = When(required_from__gt=timezone.localdate(), then="required_from")
    soonest = Case(to_come, output_field=DateField()).asc(nulls_last=True)
    shown = list(mine.order_by(soonest, "name")[:ORGANISATIONS])
    return Organisations(shown, mine.count() if len(shown) == ORGANISATIONS else len(shown))


def _second_step(mine: Organisations) -> SecondStepCard:
    totals, day = (second_step.of_all() if mine.has_more else None) or (None, None)
    together = second_step.share_in_words(totals) if totals else ""
    return SecondStepCard(second_step.of(mine.shown), together, day)


def _business_account(worker: User, mine: Organisations) -> BusinessAccountCard:
    lines = business_account.of(mine.shown)
    in_scope = Connection.objects.filter(scope.organisations(worker, "organisation_id"), enabled=True)
    return BusinessAccountCard(lines, in_scope.count() if mine.has_more else sum(one.is_on for one in lines))


def _new_addresses(worker: User) -> list[Environment]:
    """New addresses of environments that somebody else asked for: a second administrator approves or cancels them."""
    if not worker.has_perm(address_change.MAY_CHANGE):
        return []
    waiting = Environment.objects.filter(scope.organisations(worker, "organisation_id")).exclude(next_address="")
    others = waiting.exclude(next_address_by=worker)
    return list(others.order_by("next_address_at", "name")[:WAITING])

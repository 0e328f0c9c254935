"""What waits for the desk: requests for help, approvals and reports "Dit was ik niet", the oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from accounts.organisations import scope
from accounts.support.interventions import approval, rules
from accounts.support.models import HelpRequest, Intervention, Kind, Report, State


@dataclass(frozen=True)
class Waiting:
    """``address``: the page where it is handled."""

    what: str
    person: User
    since: datetime
    address: str
    reference: str = ""

    @property
    def age(self) -> str:
        return age_in_words(self.since)


def age_in_words(since: datetime) -> str:
    """For people: "3 uur geleden"."""
    if timezone.now() - since < timedelta(minutes=1):
        return _("just now")
    return _("%(age)s ago") % {"age": timesince(since, depth=1)}


def of(worker: User) -> list[Waiting]:
    """At most `limits.WAITING_SHOWN` and one more, which shows that there are more. Three queries."""
    found = [*_requests(worker), *_interventions(worker), *_reports(worker)]
    return sorted(found, key=lambda one: one.since)[: limits.WAITING_SHOWN + 1]


def requests(worker: User) -> QuerySet[HelpRequest]:
    """Of people in this worker's scope whom nobody has helped yet. A sign-in since then ends no request: it may be that
    of whoever took the phone."""
    helped = Intervention.objects.filter(
        subject=OuterRef("user"), kind__in=rules.OPENS_ACCOUNT, state=State.DONE, done_at__gt=OuterRef("asked_at")
    )
    since = timezone.now() - limits.LOST_PHONE_REQUEST
    asked = HelpRequest.objects.filter(scope.people(worker, "user__"), cancelled_at=None, asked_at__gt=since)
    return asked.filter(~Exists(helped)).order_by("asked_at")


def reports(worker: User) -> QuerySet[Report]:
    """The open ones about people in this worker's scope."""
    return Report.objects.filter(scope.people(worker, "user__"), looked_at=None).order_by("reported_at")


def _requests(worker: User) -> Iterator[Waiting]:
    for one in requests(worker).select_related("user__membership__organisation")[: limits.WAITING_SHOWN + 1]:
        page = reverse("support_person", args=[one.user_id])
        yield Waiting(_phone_lost(one), one.user, one.asked_at, page, one.reference)


def _phone_lost(request: HelpRequest) -> str:
    signed_in = request.user.last_login
    return _("Device lost; signed in since") if signed_in and signed_in > request.asked_at else _("Device lost")


def _interventions(worker: User) -> Iterator[Waiting]:
    for one in approval.open_for(worker)[: limits.WAITING_SHOWN + 1]:
        state = _("can be carried out") if one.is_ready else _("waits for approval")
        what = f"{Kind(one.kind).label}: {state}"
        yield Waiting(what, one.subject, one.asked_at, reverse("support_approvals") + f"#asked-{one.pk}", one.receipt)


def _reports(worker: User) -> Iterator[Waiting]:
    for one in reports(worker).select_related("user__membership__organisation")[: limits.WAITING_SHOWN + 1]:
        page = reverse("support_reports") + f"#report-{one.pk}"
        yield Waiting(_("Reported “this was not me”"), one.user, one.reported_at, page)

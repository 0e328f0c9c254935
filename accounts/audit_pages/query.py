"""From the values of the search form to a `Search`, within the scope of the worker.

Nothing here may reveal to a worker of one organisation who exists elsewhere. So people are looked up among those in
scope, and by a whole address also among those whom an entry of the worker's organisation names by that very address:
they may have left. Whether somebody elsewhere has an address changes no answer, not even by what it leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry, Recency
from accounts.audit.search import Search
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.prefix_search import search_conditions
from accounts.unicode_text import folded

PERMISSION = "audit.view_auditentry"
MOST_NAMES = 5  # organisations that a refusal names


@dataclass(frozen=True)
class Built:
    """``search`` is None when a value was refused; ``errors``: by field, why."""

    search: Search | None
    errors: dict[str, str] = field(default_factory=dict)


class FilterError(ValueError):
    """A value that cannot be searched for; the message is shown to who typed it."""


def entries_in_scope(worker: User) -> Q:
    return scope.organisations(worker, "organisation_id")


def start_of_import(actor_id: int, reference: str, before: int) -> int | None:
    """The id of the entry with which the list of people began that this worker had invited by that request; None when
    it was something else. ``before``: the id of an entry that it wrote."""
    imports = AuditEntry.objects.filter(event=Event.PEOPLE_IMPORTED, succeeded__in=[True], pk__lt=before)
    newest = imports.alias(recency=Recency("id")).filter(actor_id=actor_id).order_by("recency").first()
    return newest.pk if newest and newest.reference == reference else None


def build_search(worker: User, typed: dict[str, Any]) -> Built:
    """``typed``: the cleaned values of the search form."""
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, look_up in (("person", _people), ("worker", _people), ("organisation", _organisation)):
        try:
            found[name] = look_up(worker, typed[name]) if typed.get(name) else None
        except FilterError as error:
            errors[name] = str(error)
    return Built(None, errors) if errors else Built(_search(worker, typed, found))


def _search(worker: User, typed: dict[str, Any], found: dict[str, Any]) -> Search:
    """Who is bound to an organisation searches that one only, whatever was typed; who belongs to none finds nothing."""
    for_all, own = scope.works_for_all(worker), scope.organisation_id_of(worker)
    return Search(
        people=found["person"] if for_all or own else (),
        workers=found["worker"],
        organisation=found["organisation"] if for_all else own,
        events=tuple(typed.get("event") or ()),
        succeeded={"succeeded": True, "refused": False}.get(typed.get("result") or ""),
        since=_beginning_of(typed.get("since")),
        until=_beginning_of(typed.get("until"), days_later=1),
    )


def _beginning_of(day: date | None, *, days_later: int = 0) -> datetime | None:
    """Midnight in the time zone of the portal."""
    return timezone.make_aware(datetime.combine(day + timedelta(days_later), time.min)) if day else None


def _people(worker: User, typed: str) -> tuple[int, ...]:
    """Who has or had this address, else those in scope whose address or name begins so; nobody is no error."""
    exact = _with_address(worker, typed.lower())
    if exact:
        return tuple(sorted(exact))
    in_scope, found = User.objects.filter(scope.people(worker)), set[int]()
    for condition, order in search_conditions(typed):
        found.update(in_scope.filter(condition).order_by(order).values_list("pk", flat=True)[: limits.AUDIT_PEOPLE + 1])
    if len(found) > limits.AUDIT_PEOPLE:
        raise FilterError(
            _("More than %(most)d people are named like this. Type more of the name or address.")
            % {"most": limits.AUDIT_PEOPLE}
        )
    return tuple(sorted(found))


def _with_address(worker: User, address: str) -> set[int]:
    """Who has or had it, as far as this worker may know."""
    present = set(User.objects.filter(email__lower=address).values_list("pk", flat=True))
    everybody = present | _former_holders(address)
    if scope.works_for_all(worker):
        return everybody
    in_scope = set(User.objects.filter(scope.people(worker), pk__in=present).values_list("pk", flat=True))
    return in_scope | {pk for pk in everybody if _is_named(worker, pk, address)}


def _is_named(worker: User, pk: int, address: str) -> bool:
    """Whether an entry that this worker sees names the person by this address."""
    seen = AuditEntry.objects.filter(entries_in_scope(worker))
    as_subject = seen.filter(subject_id=pk, subject_name__iexact=address)
    return as_subject.exists() or seen.filter(actor_id=pk, actor_name__iexact=address).exists()


def _former_holders(address: str) -> set[int]:
    changes = AuditEntry.objects.filter(event__in=ADDRESS_CHANGES).annotate(former=Lower(KT("detail__before")))
    return set(changes.filter(former=address, subject__isnull=False).values_list("subject_id", flat=True))


def _organisation(worker: User, typed: str) -> int:
    """The organisation of this name or short name, else the one whose name begins so. Raises FilterError."""
    visible = Organisation.objects.filter(scope.organisations(worker))
    exact = visible.filter(Q(name_key=folded(typed)) | Q(slug=typed.lower())).first()
    if exact:
        return exact.pk
    found = list(visible.filter(name_key__startswith=folded(typed))[: MOST_NAMES + 1])
    if not found:
        raise FilterError(_("There is no organisation whose name begins like this."))
    if len(found) > 1:
        names = ", ".join(organisation.name for organisation in found[:MOST_NAMES])
        raise FilterError(_("Several organisations begin like this: %(names)s. Type more.") % {"names": names})
    return found[0].pk

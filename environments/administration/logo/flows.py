from __future__ import annotations

from django.db import transaction

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import flows as organisations
from accounts.organisations.models import Organisation
from environments.administration import images
from environments.administration.flows import Outcome
from environments.administration.image_conversion.refusals import Refusal
from environments.models import Logo


def number_of(organisation: Organisation) -> int:
    """Of the present logo; 0 when there is none."""
    return Logo.objects.filter(organisation=organisation).values_list("pk", flat=True).first() or 0


def set_logo(organisation_id: int, uploaded: bytes, *, actor: User, origin: Origin, shown: int) -> Outcome:
    """Replace the logo by the uploaded one, converted. ``shown``: the number of the logo on the page."""
    drawn = images.redraw_logo(uploaded)  # before the transaction, because it is slow
    if isinstance(drawn, Refusal):
        return Outcome[drawn.name]
    with transaction.atomic():
        organisation = _remove(organisation_id, shown)
        if organisation is None:
            return Outcome.CHANGED_MEANWHILE
        logo = Logo.objects.create(organisation=organisation, **drawn._asdict())
        organisations.logo_changed(organisation, before=_said(shown), after=_said(logo.pk), actor=actor, origin=origin)
    return Outcome.SAVED


@transaction.atomic
def remove_logo(organisation_id: int, *, actor: User, origin: Origin, shown: int) -> bool:
    """False when there is none, or another one than the page showed."""
    organisation = _remove(organisation_id, shown) if shown else None
    if organisation is not None:
        organisations.logo_changed(organisation, before=_said(shown), after=_said(0), actor=actor, origin=origin)
    return organisation is not None


def _remove(organisation_id: int, shown: int) -> Organisation | None:
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    if number_of(organisation) != shown:
        return None
    Logo.objects.filter(organisation=organisation).delete()
    return organisation


def _said(number: int) -> str:
    return str(number or "-")

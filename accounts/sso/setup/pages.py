"""What the set-up pages share: one form that is shown, or stored with the connection locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso.models import Connection
from accounts.sso.setup import flows, wording
from accounts.sso.setup.flows import Outcome

PAGE = "sso_setup"
MakeForm = Callable[[PersonRequest, Organisation, Connection | None], Form]
Save = Callable[[dict[str, Any]], Outcome]


def page(request: PersonRequest, organisation: Organisation, template: str, **context: Any) -> HttpResponse:
    shown = admin.site.each_context(request) | {"organisation": organisation} | context
    return render(request, f"admin/sso/{template}.html", shown)


def done(request: PersonRequest, organisation: Organisation, outcome: Outcome, anchor: str = "") -> HttpResponse:
    """Show the outcome on the overview of the set-up. ``anchor``: the part of that page."""
    tell = {Outcome.DONE: messages.success, Outcome.UNCHANGED: messages.info}.get(outcome, messages.error)
    tell(request, wording.of_outcome(outcome))
    answer = redirect(PAGE, organisation.slug)
    if anchor:
        answer["Location"] += f"#{anchor}"
    return answer


def acting(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}


def edit(
    request: PersonRequest,
    organisation: Organisation,
    make_form: MakeForm,
    save: Save,
    *,
    template: str,
    title: str,
    anchor: str,
    afterwards: Callable[[], object] = lambda: None,
) -> HttpResponse:
    """Show the form; or store it, with the connection locked while the form is compared with it.

    ``anchor``: the part of the overview to return to; ``afterwards``: called after the transaction.
    """
    if request.method != "POST":
        form = make_form(request, organisation, flows.connection_of(organisation))
        return page(request, organisation, template, title=title, form=restore(request, form))
    with transaction.atomic():
        form = make_form(request, organisation, flows.locked_connection(organisation))
        if not form.is_valid():
            return redirect_with_errors(request, form)
        outcome = save(form.cleaned_data)
    if outcome is Outcome.SWITCHED_ON:
        form.add_error(None, wording.of_outcome(outcome))
        return redirect_with_errors(request, form)
    afterwards()
    return done(request, organisation, outcome, anchor)

"""What the set-up pages share: one form that is shown, or stored with the connection locked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.organisations.models import Organisation
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.sso.decorators import View, for_administrators
from accounts.sso.inspection.reading import ProviderReader
from accounts.sso.models import Connection
from accounts.sso.setup import flows, wording
from accounts.sso.setup.flows import Outcome

PAGE = "sso_setup"


@dataclass(frozen=True)
class FormPage:
    """A page with one form about the connection.

    ``make``: the form, bound when the request posts; ``save``: with the cleaned data, the actor and the origin;
    ``anchor``: the part of the list of steps to return to; ``reads_provider``: its discovery document is read
    afterwards; ``prepare``: called before the transaction of a POST, because it may take seconds; ``context``: for the
    template.
    """

    template: str
    title: str | Promise
    anchor: str
    make: Callable[[PersonRequest, Organisation, Connection | None, Any], Form]
    save: Callable[[Organisation, dict[str, Any], dict[str, Any]], Outcome]
    reads_provider: bool = False
    prepare: Callable[[PersonRequest, Organisation, ProviderReader], Any] = lambda *_given: None
    context: Callable[[PersonRequest, Organisation], dict[str, Any]] = lambda *_given: {}


def form_view(shape: FormPage) -> View:
    """The view of a form: for administrators, with fresh proof."""

    def view(request: PersonRequest, organisation: Organisation) -> HttpResponse:
        return _post(request, organisation, shape) if request.method == "POST" else _get(request, organisation, shape)

    view.__name__ = shape.template
    guarded = require_http_methods(["GET", "HEAD", "POST"])(sensitive_post_parameters("secret")(view))
    return for_administrators(fresh_proof_required(guarded))


def _get(request: PersonRequest, organisation: Organisation, shape: FormPage) -> HttpResponse:
    form = shape.make(request, organisation, flows.connection_of(organisation), None)
    shown = {"title": shape.title, "form": restore(request, form)} | shape.context(request, organisation)
    return page(request, organisation, shape.template, **shown)


def _post(request: PersonRequest, organisation: Organisation, shape: FormPage) -> HttpResponse:
    reader = ProviderReader()
    prepared = shape.prepare(request, organisation, reader)
    with transaction.atomic():
        form = shape.make(request, organisation, flows.locked_connection(organisation), prepared)
        if not form.is_valid():
            return redirect_with_errors(request, form)
        outcome = shape.save(organisation, form.cleaned_data, acting(request))
    if outcome is Outcome.SWITCHED_ON:
        form.add_error(None, wording.of_outcome(outcome))
        return redirect_with_errors(request, form)
    if shape.reads_provider:
        flows.check(organisation, reader)
    return done(request, organisation, outcome, shape.anchor)


def page(request: PersonRequest, organisation: Organisation, template: str, **context: Any) -> HttpResponse:
    shown = admin.site.each_context(request) | {"organisation": organisation} | context
    return render(request, f"admin/sso/{template}.html", shown)


def done(request: PersonRequest, organisation: Organisation, outcome: Outcome, anchor: str = "") -> HttpResponse:
    """Show the outcome on the list of steps. ``anchor``: the part of that page."""
    tell = {Outcome.DONE: messages.success, Outcome.UNCHANGED: messages.info}.get(outcome, messages.error)
    tell(request, wording.of_outcome(outcome))
    answer = redirect(PAGE, organisation.slug)
    if anchor:
        answer["Location"] += f"#{anchor}"
    return answer


def acting(request: PersonRequest) -> dict[str, Any]:
    return {"actor": request.user, "origin": Origin.of(request)}

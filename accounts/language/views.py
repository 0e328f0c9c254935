"""The choice at the foot of every page. One address for visitors, one for people who are signed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest, own_address
from accounts.language import choice, flows
from accounts.language.forms import LanguageForm


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """For a visitor: kept in the browser."""
    form, response = LanguageForm(request.POST), redirect(own_address(request))
    if form.is_valid():
        choice.keep(response, form.cleaned_data["language"])
    return response


@require_POST
def change(request: PersonRequest) -> HttpResponse:
    """For who is signed in: kept with the account. The browser follows, as with every page."""
    form = LanguageForm(request.POST)
    if form.is_valid():
        flows.change(request.user, form.cleaned_data["language"], Origin.of(request))
    return redirect(own_address(request))

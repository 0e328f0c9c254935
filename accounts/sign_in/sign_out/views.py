"""Signing out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.http_requests import person
from accounts.post_redirect_get import forget_all
from accounts.sign_in.completion.flows import provider_of
from accounts.sso.views import LOGOUT_OFFER


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    provider = provider_of(request.session)
    hint = person(request).email if provider and request.user.is_authenticated else ""
    sessions.sign_out(request, Origin.of(request))
    if provider:
        request.session[LOGOUT_OFFER] = (provider, hint)
        response = redirect("signed_out")
    else:
        messages.success(request, _("You are signed out."))
        response = redirect("sign_in")
    # Not "cookies": that takes those of every host of the domain, and the cookie of a known browser, which keeps
    # strangers from locking the owner out. Not "cache": emptying a full one takes seconds, and no page of ours is in
    # it; of a picture the browser asks each time whether it may show it (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"storage"'
    return forget_all(response)

"""Who may set up single sign-on: the permission first, then the organisations that the person works for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from accounts.edit_conflicts import page_state
from accounts.edit_conflicts.forms import deleted_message
from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.organisations.models import Organisation

View = Callable[..., HttpResponseBase]
RIGHT = "organisations.change_organisation"


def for_administrators(view: View) -> View:
    """403 without the permission; 404 for an organisation that the person does not work for (ASVS 8.2.1, 8.4.1).

    The view gets the organisation instead of its short name. A form of an organisation that was deleted or renamed
    meanwhile is answered with a message.
    """

    @wraps(view)
    def guarded(request: PersonRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        mine = Organisation.objects.filter(scope.organisations(request.user))
        found = mine.filter(slug=slug).first()
        if found is not None:
            return view(request, found, *args, **kwargs)
        if not page_state.is_of(request.POST.get(page_state.FIELD, ""), request.user.pk):
            raise Http404
        messages.error(request, deleted_message())
        return redirect("sso_organisations")

    return guarded

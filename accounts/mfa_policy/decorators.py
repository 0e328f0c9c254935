"""Who may open a page about an organisation: the rights first, then the organisations that somebody works for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.http_requests import PersonRequest
from accounts.organisations import scope
from accounts.organisations.models import Organisation

View = Callable[..., HttpResponseBase]
CHANGE = "organisations.change_organisation"
SEE = ("organisations.view_organisation", "accounts.view_user")
SEE_NAMES = "accounts.view_user"


def rights_required(*rights: str) -> Callable[[View], View]:
    """403 without these rights."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(rights):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def about_an_organisation(view: View) -> View:
    """Give the view the organisation of the address; 404 for one that the person does not work for (ASVS 8.4.1)."""

    @wraps(view)
    def found(request: PersonRequest, slug: str) -> HttpResponseBase:
        mine = Organisation.objects.filter(scope.organisations(request.user))
        return view(request, get_object_or_404(mine, slug=slug))

    return found

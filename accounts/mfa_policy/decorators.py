"""Access to pages about an organisation: first the permissions, then the scope of the worker."""

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


def permissions_required(*permissions: str) -> Callable[[View], View]:
    """403 without these permissions."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def with_organisation(view: View) -> View:
    """Give the view the organisation of the URL; 404 when it is outside the worker's scope (ASVS 8.4.1)."""

    @wraps(view)
    def found(request: PersonRequest, slug: str) -> HttpResponseBase:
        mine = Organisation.objects.filter(scope.organisations(request.user))
        return view(request, get_object_or_404(mine, slug=slug))

    return found

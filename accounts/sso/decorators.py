"""Who may set up single sign-on: the right first, then the organisations that somebody works for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.organisations import scope
from accounts.organisations.models import Organisation
from accounts.requests import PersonRequest

View = Callable[..., HttpResponseBase]
RIGHT = "organisations.change_organisation"


def for_administrators(view: View) -> View:
    """403 without the right; 404 for an organisation that the person does not work for (ASVS 8.2.1, 8.4.1).

    The view gets the organisation in the place of its short name.
    """

    @wraps(view)
    def guarded(request: PersonRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        mine = Organisation.objects.filter(scope.organisations(request.user))
        return view(request, get_object_or_404(mine, slug=slug), *args, **kwargs)

    return guarded

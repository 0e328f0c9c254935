"""Shared by the pages of the support desk: access control, the person in the URL, and the admin layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from accounts.http_requests import person
from accounts.models import User
from accounts.organisations import scope
from accounts.support import flows

View = Callable[..., HttpResponseBase]


def for_workers(view: View) -> View:
    """403 without the permission of the desk; the admin site around it requires staff and a second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).has_perm(flows.PERMISSION):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def about_person(view: View) -> View:
    """Give the view the person whose primary key is in the URL; 404 for people out of scope (ASVS 8.4.1)."""

    @for_workers
    @wraps(view)
    def guarded(request: HttpRequest, person_id: int, **kwargs: Any) -> HttpResponseBase:
        people = User.objects.filter(scope.people(person(request))).select_related("membership__organisation")
        return view(request, get_object_or_404(people, pk=person_id), **kwargs)

    return guarded


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """A page of the desk, in the layout of the admin site."""
    frame = admin.site.each_context(request) | {"title": title}
    return render(request, f"accounts/support/desk/{template}", frame | context)

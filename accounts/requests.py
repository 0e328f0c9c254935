"""Of requests, for views: the type of one behind the sign-in, and the page that was asked for."""

from typing import cast

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

LONGEST_TARGET = 2000
ADMINISTRATION = "/beheer/"
DEMAND = "accounts.demand"  # where a request keeps the demand of the person's organisation, once it was looked up


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in; the middleware lets nobody else reach such a view."""

    user: User


def person(request: HttpRequest) -> User:
    """Who is signed in, in places where the framework gives a plain request."""
    return cast(User, request.user)


def own_address(request: HttpRequest) -> str:
    """Where to go after signing in: the asked-for address if it is one of ours, else Mijn Omgevingen (ASVS 3.7.2)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = len(target) <= LONGEST_TARGET and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe and target.startswith("/") else resolve_url("overview")


def in_administration(request: HttpRequest) -> bool:
    return request.path.startswith(ADMINISTRATION)

"""Helpers for views: the type of a request behind the sign-in, and the page to go to afterwards."""

from typing import cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

LONGEST_TARGET = 2000
LONGEST_ID = 18  # digits; more would not fit into the integers of the database
ADMINISTRATION = "/beheer/"
OWES_SET_UP = "accounts.owes_set_up"  # of a request whose session opens nothing but the set-up
OWES_PASSKEY = "accounts.owes_passkey"  # of one whose session opens nothing but showing the passkey
REQUIREMENT = "accounts.demand"  # where a request keeps what the person's organisation requires, once it was looked up


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in; the middleware lets nobody else reach such a view."""

    user: User


def person(request: HttpRequest) -> User:
    """Who is signed in, in places where the framework gives a plain request."""
    return cast(User, request.user)


def csrf_secret(request: HttpRequest) -> str:
    """The secret in the browser's cookie against forged forms, which is made when there is none: what tells one browser
    that has no session from another."""
    get_token(request)
    return str(request.META["CSRF_COOKIE"])


def unique_parameters(values: QueryDict) -> dict[str, str]:
    """The parameters of a protocol; none at all when one of them came twice, because a proxy may
    have checked the first value and the portal would use the last (RFC 6749 section 3.1)."""
    if any(len(found) != 1 for _name, found in values.lists()):
        return {}
    return {name: str(value) for name, value in values.items()}


def id_parameter(request: HttpRequest, name: str) -> int | None:
    """The id in this parameter of the query string; None when there is none, or something else."""
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= LONGEST_ID else None


def own_address(request: HttpRequest) -> str:
    """Where to go after signing in: the asked-for address if it is one of ours, else Mijn Omgevingen (ASVS 3.7.2)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = len(target) <= LONGEST_TARGET and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe and target.startswith("/") else resolve_url("overview")


def first_page(user: User, target: str) -> str:
    """Where a sign-in leads: to the page that was asked for. For staff who asked for none, `begin` chooses it."""
    return resolve_url("begin") if user.is_staff and target == resolve_url("overview") else target


def sign_in_page(target: str) -> HttpResponseRedirect:
    """To the sign-in page, which leads on to the target."""
    if target == resolve_url("overview"):
        return HttpResponseRedirect(resolve_url("sign_in"))
    return redirect_to_login(target, resolve_url("sign_in"))


def referring_page(request: HttpRequest) -> str:
    """The page that a posted form stood on, or Mijn Omgevingen. Only for links and for `own_address`, which checks it
    once more; whoever forges the header misleads only themselves."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return resolve_url("overview")
    target = f"{page.path}?{page.query}" if page.query else page.path
    is_ours = page.netloc == request.get_host() and len(target) <= LONGEST_TARGET and not target.startswith("//")
    return target if is_ours else resolve_url("overview")


def in_administration(request: HttpRequest) -> bool:
    return request.path.startswith(ADMINISTRATION)

"""The page that somebody asked for and could not open before setting the second factor up."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import resolve_url

REQUESTED_PAGE = "intended"
LONGEST = 2000  # characters


def keep(request: HttpRequest) -> None:
    """The first page counts: it is the one asked for at sign-in; later ones are attempts to get round the set-up."""
    is_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    target = request.get_full_path()  # a path of this site: the middleware has found its view
    if is_page and len(target) <= LONGEST:
        request.session.setdefault(REQUESTED_PAGE, target)


def kept(request: HttpRequest) -> str:
    """The kept page; the overview when there is none."""
    return str(request.session.get(REQUESTED_PAGE) or resolve_url("overview"))


def take(request: HttpRequest) -> str:
    """The kept page, once; empty when there is none."""
    return str(request.session.pop(REQUESTED_PAGE, "")) if REQUESTED_PAGE in request.session else ""

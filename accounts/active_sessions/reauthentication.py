"""Fresh proof: "Bevestig dat jij het bent" before a sensitive change (ASVS 7.5.1; NIST SP 800-63B-4 section 4.1.2).

Required by a decorator here, in a low layer, that looks at the session and redirects by URL name; the page itself is
in `accounts.sign_in.fresh_proof`.
An interrupted POST is kept, sealed, in the session and goes on after the proof, so nothing typed is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, resolve_url
from django.urls import resolve
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import gettext as _

from accounts import encryption, limits
from accounts.audit.origin import REFERENCE
from accounts.http_requests import person

log = logging.getLogger(__name__)
View = Callable[..., HttpResponseBase]

PROVED_AT = "proved_at"
INTERRUPTED = "interrupted"
LONGEST_BODY = 32_000  # characters of a kept POST, with what its page showed; our forms are shorter


def note(request: HttpRequest) -> None:
    """The person has just shown everything that the account has."""
    request.session[PROVED_AT] = timezone.now().isoformat()


def is_fresh(request: HttpRequest) -> bool:
    return was_fresh(request, timezone.now())


def was_fresh(request: HttpRequest, at: datetime) -> bool:
    """Was the newest proof fresh at that moment, or given later?"""
    proved_at: str = request.session.get(PROVED_AT, "")
    return bool(proved_at) and at - datetime.fromisoformat(proved_at) <= limits.FRESH_PROOF


def fresh_proof_required(view: View) -> View:
    """Ask for fresh proof first, and go on afterwards with what was asked, a POST included."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        target = request.get_full_path()
        if request.method == "POST":
            target = f"{target}#{_keep(request)}"
        return redirect(page_for(target))

    guarded.needs_fresh_proof = True  # type: ignore[attr-defined]
    return guarded


def fresh_proof_required_to_post(view: View) -> View:
    """The same for POST requests only: a GET of the page changes nothing."""
    proved = fresh_proof_required(view)

    @wraps(proved)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (proved if request.method == "POST" else view)(request, *args, **kwargs)

    return guarded


def page_for(target: str) -> str:
    """The page that asks for fresh proof and goes on to the target."""
    return f"{resolve_url('confirm_identity')}?{urlencode({'next': target})}"


def _owner(request: HttpRequest) -> str:
    return f"interrupted:{person(request).pk}"


def _keep(request: HttpRequest) -> str:
    """Keep the POST and return its name, which only the browser that sent it is told. Without the name, whoever holds
    a copy of the session could leave a POST there, for the owner's proof to carry out."""
    body, name = request.POST.urlencode(), get_random_string(22)
    if len(body) > LONGEST_BODY:
        return ""
    request.session[INTERRUPTED] = {
        "name": name,
        "path": request.path,
        # With the question part of the address: "all of this list" would be another list without it.
        "query": encryption.seal_text(request.META.get("QUERY_STRING", ""), owner=_owner(request)),
        "body": encryption.seal_text(body, owner=_owner(request)),
        "until": (timezone.now() + limits.FRESH_PROOF).isoformat(),
    }
    return name


def forget_interrupted(request: HttpRequest, *, unless: frozenset[str]) -> None:
    """Drop the kept POST, unless it is to one of these views by URL name: `resume` calls a view without the middleware,
    so what was begun before a session lost its rights would still be carried out after."""
    kept = request.session.get(INTERRUPTED)
    if kept and resolve(kept["path"]).url_name not in unless:
        del request.session[INTERRUPTED]


def resume(request: HttpRequest, target: str) -> HttpResponse:
    """Go on after the proof: carry out the kept POST if the target names it, else go there."""
    kept = request.session.pop(INTERRUPTED, None)
    target, _hash, name = target.partition("#")
    if not kept or kept["path"] != target.split("?")[0] or datetime.fromisoformat(kept["until"]) < timezone.now():
        return redirect(target)
    if not constant_time_compare(kept["name"], name):
        return redirect(target)
    found = resolve(kept["path"])
    if not getattr(found.func, "needs_fresh_proof", False) or "query" not in kept:  # kept by an earlier version
        return redirect(target)
    try:
        body, query = (encryption.unseal_text(kept[part], owner=_owner(request)) for part in ("body", "query"))
    except encryption.SecretUnreadableError as mistake:
        log.error("what user %s had filled in cannot be read: %s", person(request).pk, mistake)
        lost = _(
            "We lost what you had filled in. That is our fault. Do it once more. Number for support: %(reference)s."
        )
        messages.error(request, lost % {"reference": request.META.get(REFERENCE) or "-"})
        return redirect("personal_details")  # the page itself may take nothing but a POST
    request.method = "POST"  # the proof may come back from a provider with a GET
    request.POST, request.GET = QueryDict(body), QueryDict(query)
    request.META["QUERY_STRING"] = query
    request.path = request.path_info = kept["path"]
    request.resolver_match = found
    return found.func(request, *found.args, **found.kwargs)

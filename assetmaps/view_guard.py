"""Checks just before a view, and handles what it raises: too long a form value, and a full queue of password hashes."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.log import log_response

from accounts import limits
from accounts.edit_conflicts import page_state
from accounts.hash_queue import TooBusyError
from assetmaps import errors


class ViewGuardMiddleware:
    """Innermost middleware: access is checked before, and the answer is in the visitor's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: list, kwargs: dict) -> HttpResponse | None:
        """A view with a longer field sets ``longest_value``. Views without CSRF check do not receive our forms."""
        longest = getattr(view, "longest_value", limits.LONGEST_VALUE)
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        # The state of a page comes back as one value, which is validated where it is read.
        most = {page_state.FIELD: max(longest, limits.SHOWN_LONGEST)}
        if any(len(value) > most.get(name, longest) for name, values in request.POST.lists() for value in values):
            return _refuse(request, HttpResponse(status=413), "value_too_long")
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (Http404, PermissionDenied)) and hasattr(request, "session"):
            # The session changes of the view belong to a transaction that was rolled back. Saved with the error page,
            # they could sign in somebody whose code still counts as unused.
            request.session.modified = False
        if not isinstance(exception, TooBusyError):
            return None
        headers = {"Retry-After": str(int(limits.BUSY_AGAIN.total_seconds()))}
        return _refuse(request, HttpResponse(status=503, headers=headers), "busy")


def _refuse(request: HttpRequest, response: HttpResponse, template: str) -> HttpResponse:
    log_response("%s: %s %s", template, request.method, request.path, response=response, request=request)
    return errors.fill(response, template, request=request if response.status_code in errors.PERSONAL else None)

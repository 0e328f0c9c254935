"""Access control of every request: signed in, and with the second factor where the account has one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import limits, policy, post_redirect_get, session_facts
from accounts.active_sessions import flows as sessions
from accounts.active_sessions import lifetime, reauthentication, requested_page, store
from accounts.active_sessions.decorators import is_user_activity
from accounts.audit.origin import Origin
from accounts.http_requests import (
    OWES_PASSKEY,
    OWES_SET_UP,
    in_administration,
    person,
    referring_page,
)
from accounts.language import choice
from accounts.language import flows as languages
from accounts.organisations.wording import one_factor_at_most, second_step_is_there
from accounts.policy import Decision
from accounts.two_factor.recovery_codes import flows as recovery_codes

Handler = Callable[[HttpRequest], HttpResponse]

# All that is open to a session that owes the set-up, a passkey, or showing the one that it has; signing out and help
# are open to everybody.
OPEN_DURING_PROOF = frozenset({"confirm_identity", "change_language", "session_left", "session_extend"})
OPEN_DURING_PASSKEY = OPEN_DURING_PROOF | {"passkey_add"}
OPEN_WHILE_FULL = OPEN_DURING_PASSKEY | {"passkey_remove"}  # of whoever has the greatest number, and lost them
OPEN_DURING_SET_UP = OPEN_DURING_PASSKEY | {"totp_activate", "totp_confirm", "totp_more_time"}


def no_store(get_response: Handler) -> Handler:
    """No browser and no proxy keeps a page of ours (ASVS 14.3.2). Static files are answered before this."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = post_redirect_get.forget(request, get_response(request))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def language(get_response: Handler) -> Handler:
    """The page in the visitor's language, see `accounts.language.choice`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language, was_signed_in = choice.of(request), request.user.is_authenticated
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        chosen = choice.just_chosen(request)
        if chosen and request.user.is_authenticated and not was_signed_in:
            languages.change(person(request), chosen, Origin.of(request))
        if request.user.is_authenticated:
            choice.remember(request, response, person(request).language)
        return response

    return middleware


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, closed by default: a view must say `login_not_required` to be open."""

    def get_login_url(self, view_func: Callable[..., HttpResponseBase]) -> str:
        """Always our own page: the administration has no sign-in of its own."""
        return resolve_url("sign_in")

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """A form that was sent after the session had ended leads back to the page it stood on, not to its own
        address, where nothing can be looked at."""
        if _has_ended_session(request):
            messages.info(request, _("Your session has ended. Sign in again."))
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(referring_page(request), self.get_login_url(view_func))


def _has_ended_session(request: HttpRequest) -> bool:
    """Does the browser show a page that asks with the cookie of a session that is gone, or sends a form of one?"""
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document" and is_user_activity(request)
    was_signed_in = bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME)) or request.method == "POST"
    return is_page and was_signed_in and request.session.is_empty()


class TwoFactorMiddleware:
    """Behind django-otp's middleware, which says whether the session is verified; this one acts on it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Asked now, because django-otp drops a device that is gone from the session as soon as the person is asked for.
        request.META[session_facts.HAD_DEVICE] = DEVICE_ID_SESSION_KEY in request.session
        row = store.of(request).row
        if row and lifetime.has_idled(row) and is_user_activity(request):
            # Kept, because this request counts as user activity, so the next one would find nothing wrong. Not for
            # background requests: saving a session sets the time of the last activity.
            request.session[store.IDLED] = True
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable, args: list[object], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        if self._has_expired(request):
            return self._end_session(
                request, _("You were signed out because nothing happened for a while. Sign in again.")
            )
        facts = session_facts.of(request)
        match policy.decide(facts):
            case Decision.ALLOW:
                self._note_user_activity(request)
                return None
            case Decision.SET_UP:
                return self._redirect_to_set_up(request)
            case Decision.ADD_PASSKEY:
                return self._redirect_to_passkey(request, _why_passkey(request, facts), OPEN_DURING_PASSKEY)
            case Decision.REMOVE_PASSKEY:
                return self._redirect_to_passkey(request, "", OPEN_WHILE_FULL)  # the page says it
            case Decision.SHOW_PASSKEY:
                return self._redirect_to_proof(request)
            case Decision.END_PASSWORD_SESSION:
                return self._end_session(
                    request, _("Your organisation takes the business account only. Sign in with that.")
                )
            case Decision.END_SESSION_WITHOUT_PROVIDER:
                return self._end_session(request, second_step_is_there())
            case Decision.END_PROVIDER_SESSION:
                return self._end_session(request, one_factor_at_most())
            case Decision.END_SESSION:
                return self._end_session(
                    request, _("Sign in again: your account now has a second step.") if facts.has_factor else ""
                )

    @staticmethod
    def _redirect_to_set_up(request: HttpRequest) -> HttpResponse | None:
        request.META[OWES_SET_UP] = True
        if TwoFactorMiddleware._is_among(request, OPEN_DURING_SET_UP):
            return None
        requested_page.keep(request)
        messages.info(request, _why_set_up(request))
        return redirect("totp_confirm")

    @staticmethod
    def _redirect_to_passkey(request: HttpRequest, why: str, open_pages: frozenset[str]) -> HttpResponse | None:
        request.META[OWES_SET_UP] = True
        if TwoFactorMiddleware._is_among(request, open_pages):
            return None
        requested_page.keep(request)
        if why:
            messages.info(request, why)
        return redirect("passkey_add")

    @staticmethod
    def _redirect_to_proof(request: HttpRequest) -> HttpResponse | None:
        """To the page that asks for fresh proof, of which only a passkey is accepted then; it leads on to where the
        person wanted to go."""
        request.META[OWES_PASSKEY] = True
        if TwoFactorMiddleware._is_among(request, OPEN_DURING_PROOF):
            return None
        target = request.get_full_path() if request.method in ("GET", "HEAD") else referring_page(request)
        return redirect(reauthentication.page_for(target))

    @staticmethod
    def _is_among(request: HttpRequest, names: frozenset[str]) -> bool:
        """Is this one of the pages that are open to a session that opens nothing else?"""
        if not (request.resolver_match and request.resolver_match.url_name in names):
            return False
        if is_user_activity(request):
            reauthentication.forget_interrupted(request, unless=names)
        TwoFactorMiddleware._note_user_activity(request)
        return True

    @staticmethod
    def _note_user_activity(request: HttpRequest) -> None:
        if is_user_activity(request):
            recovery_codes.forget_when_over(request.session)
            store.of(request).touch()

    @staticmethod
    def _has_expired(request: HttpRequest) -> bool:
        """The administration has shorter limits than the rest of the portal, kept on the server (ASVS 7.3.1, 7.3.2)."""
        row = store.of(request).row
        if row is None or not in_administration(request):
            return False
        idled = store.IDLED in request.session or lifetime.has_idled(row)
        return idled or timezone.now() - row.started_at > limits.STAFF_SESSION_OVERALL

    @staticmethod
    def _end_session(request: HttpRequest, why: str) -> HttpResponse:
        target = request.get_full_path() if request.method == "GET" else ""
        auth.logout(request)
        if why:
            messages.info(request, why)
        return redirect(f"{resolve_url('sign_in')}?{urlencode({'next': target})}" if target else "sign_in")


def _why_set_up(request: HttpRequest) -> str:
    if sessions.SET_UP_ONLY in request.session:
        return _("First link your new phone or device; after that everything is open again.")
    if request.user.is_staff:
        return _("The administration asks for a second step. You do this once.")
    return _("Your organisation asks for a second step. You do this once.")


def _why_passkey(request: HttpRequest, facts: policy.Facts) -> str:
    if facts.set_up_only:
        return _("First add a passkey on a device that you have; after that everything is open again.")
    if facts.by_recovery_code and facts.has_passkey:
        return _("You signed in with a recovery code. Add a passkey on a device that you have.")
    if request.user.is_staff:
        return _("The administration now asks for a passkey. Add one; you do this once for each device.")
    return _("Your organisation now asks for a passkey. Add one; you do this once for each device.")

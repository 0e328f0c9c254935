"""The hall behind both doors: a first step was shown, here or at a provider, and the session opens or owes a second."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits
from accounts.active_sessions import store
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import rank
from accounts.sso import authentication_requests
from accounts.sso.callback import CallbackResult
from accounts.two_factor import devices

PROVIDER = "provider"  # the short name of the organisation whose provider opened the session
PASSWORD_SHOWN = "password_shown"  # noqa: S105 - by whom, on the way to the provider
PROVED_THERE = "proved_there"  # when the provider showed anew who it is, while our code is still open


def opens_nothing(user: User) -> bool:
    """Does the provider open not even half of this account? Over somebody whom the organisation does not decide over it
    shows one factor, and with no second one of ours whoever runs the provider would set one up."""
    return not rank.organisation_decides_over(user) and not devices.has_confirmed_device(user)


def note_password(session: MutableMapping[str, Any], user: User) -> None:
    """The password was right, and opens nothing without what the provider shows next."""
    session[PASSWORD_SHOWN] = {
        "user": user.pk,
        "at": timezone.now().timestamp(),
        "account": user.get_session_auth_hash(),  # void when the password changes
    }


def has_shown_password(session: MutableMapping[str, Any], user: User) -> bool:
    """In this browser, just before: so that the provider need not be believed alone. Of nobody who stands above those
    who set the provider up: these set up a second step of ours with the password."""
    shown: dict[str, Any] = session.get(PASSWORD_SHOWN) or {}
    if shown.get("user") != user.pk or rank.stands_above(user):
        return False
    age = timezone.now().timestamp() - shown["at"]
    is_fresh = 0 <= age <= limits.SSO_TRANSACTION.total_seconds()
    return is_fresh and constant_time_compare(shown["account"], user.get_session_auth_hash())


def begin_anew(session: SessionBase, arrival: CallbackResult | None) -> None:
    """Whatever this browser was doing before ends here, but for sign-ins in other tabs."""
    password_too = bool(arrival and arrival.user and has_shown_password(session, arrival.user))
    tabs = authentication_requests.sign_ins_in_progress(session)
    session.flush()
    authentication_requests.store(session, tabs)
    if arrival:
        take_over(session, arrival)
        session[store.PASSWORD_TOO] = password_too
        session[store.STALE] = not _is_fresh(arrival)


def take_over(session: MutableMapping[str, Any], arrival: CallbackResult) -> None:
    """From now on it is a session that the provider opened."""
    session[PROVIDER] = arrival.connection.organisation.slug
    session[store.UPSTREAM] = arrival.provider_session
    session[store.VOUCHED] = arrival.vouched.value


@transaction.atomic
def note_without_provider(user: User, origin: Origin) -> None:
    """A right password opened nothing, because the second step is at the provider."""
    detail: dict[str, str | int] = {"factor": "password", "cause": "second_step_at_provider"}
    record_aggregated(Event.PASSWORD_REFUSED, subject=user, origin=origin, detail=detail)


def follow(session: MutableMapping[str, Any], arrival: CallbackResult) -> None:
    """Signing in anew may have begun another session there: from now on the end of that one ends ours."""
    if arrival.token and arrival.token.session:
        session[store.UPSTREAM] = arrival.provider_session


def _is_fresh(arrival: CallbackResult) -> bool:
    """Did the person sign in there just now, or was a session of this morning enough for the provider?"""
    at = arrival.token.authenticated_at if arrival.token else None
    return at is not None and timezone.now().timestamp() - at <= limits.FRESH_PROOF.total_seconds()


def provider_of(session: MutableMapping[str, Any]) -> str:
    """The short name of the organisation whose provider opened this session; empty when a password did."""
    return str(session.get(PROVIDER, ""))


def keep_proof(session: MutableMapping[str, Any], *, is_complete: bool) -> None:
    """The provider has shown who it is. ``is_complete``: and nothing else is asked."""
    session[PROVED_THERE] = {"at": timezone.now().timestamp(), "is_complete": is_complete}


def has_proof(session: MutableMapping[str, Any]) -> bool:
    """Has the provider shown who it is, so short ago that only our code is asked?"""
    return bool(_fresh_proof(session)) and not _fresh_proof(session).get("is_complete")


def take_complete_proof(session: MutableMapping[str, Any]) -> bool:
    """Has the provider shown all that is asked? Once: the interrupted change then goes on."""
    if not _fresh_proof(session).get("is_complete"):
        return False
    forget_proof(session)
    return True


def _fresh_proof(session: MutableMapping[str, Any]) -> dict[str, Any]:
    proof: dict[str, Any] = session.get(PROVED_THERE) or {}
    age = timezone.now().timestamp() - proof.get("at", 0)
    return proof if 0 <= age <= limits.HALF_SIGNED_IN.total_seconds() else {}


def forget_proof(session: MutableMapping[str, Any]) -> None:
    session.pop(PROVED_THERE, None)

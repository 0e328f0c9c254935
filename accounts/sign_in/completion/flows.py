"""Between the first factor and a session: what the session must remember of the password or the provider."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

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
from accounts.two_factor import devices

if TYPE_CHECKING:
    from accounts.sso.callback import CallbackResult

PROVIDER = "provider"  # the short name of the organisation whose provider opened the session
PASSWORD_SHOWN = "password_shown"  # noqa: S105 - by whom, on the way to the provider


def needs_password_too(user: User) -> bool:
    """Is a sign-in at the provider accepted only after the password? For people over whom the organisation does not
    decide, the provider is one factor. Without a second factor of ours, its administrators could set one up."""
    return not rank.organisation_decides_over(user) and not devices.has_confirmed_device(user)


def note_password(session: MutableMapping[str, Any], user: User) -> None:
    """Store that the password was right: together with a sign-in at the provider it opens a session."""
    session[PASSWORD_SHOWN] = {
        "user": user.pk,
        "at": timezone.now().timestamp(),
        "account": user.get_session_auth_hash(),  # void when the password changes
    }


def has_shown_password(session: MutableMapping[str, Any], user: User) -> bool:
    """Was the right password typed in this browser just before, so that the provider is not the only factor? False for
    people with more rights than the provider's administrators: they need a second factor of ours."""
    shown: dict[str, Any] = session.get(PASSWORD_SHOWN) or {}
    if shown.get("user") != user.pk or rank.outranks_organisation(user):
        return False
    age = timezone.now().timestamp() - shown["at"]
    is_fresh = 0 <= age <= limits.SSO_TRANSACTION.total_seconds()
    return is_fresh and constant_time_compare(shown["account"], user.get_session_auth_hash())


def restart_session(session: SessionBase, result: CallbackResult | None) -> None:
    """Empty the session of this browser; sign-ins at a provider in other tabs go on."""
    password_too = bool(result and result.user and has_shown_password(session, result.user))
    tabs = authentication_requests.sign_ins_in_progress(session)
    session.flush()
    authentication_requests.store(session, tabs)
    if result:
        mark_as_provider_session(session, result)
        session[store.PASSWORD_TOO] = password_too
        session[store.STALE] = not _is_fresh(result)


def mark_as_provider_session(session: MutableMapping[str, Any], result: CallbackResult) -> None:
    """From now on it is a session that the provider opened."""
    session[PROVIDER] = result.connection.organisation.slug
    session[store.UPSTREAM] = result.provider_session
    session[store.VOUCHED] = result.vouched.value


@transaction.atomic
def record_missing_provider(user: User, origin: Origin) -> None:
    """A right password opened nothing, because the second factor is at the provider."""
    detail: dict[str, str | int] = {"factor": "password", "cause": "second_step_at_provider"}
    record_aggregated(Event.PASSWORD_REFUSED, subject=user, origin=origin, detail=detail)


def _is_fresh(result: CallbackResult) -> bool:
    """Did the person sign in there just now, or was a session of this morning enough for the provider?"""
    at = result.token.authenticated_at if result.token else None
    return at is not None and timezone.now().timestamp() - at <= limits.FRESH_PROOF.total_seconds()


def provider_of(session: MutableMapping[str, Any]) -> str:
    """The short name of the organisation whose provider opened this session; empty when a password did."""
    return str(session.get(PROVIDER, ""))

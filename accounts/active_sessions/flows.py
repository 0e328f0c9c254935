"""How a session begins, becomes verified and ends.

The only flows that see a request: Django's `login` needs it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import django_otp
from django.contrib import auth
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import transaction
from django.db.models import BigAutoField, DateTimeField, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.active_sessions import reauthentication, store
from accounts.active_sessions.models import Session
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin, browser_in_words
from accounts.audit.recording import record
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery

BACKEND = "django.contrib.auth.backends.ModelBackend"
SHOWN_KIND = "shown_kind"  # of a device that is removed, while another one keeps the session verified
_MAKES_CODES = (
    Event.RECOVERY_CODES_MADE,
    Event.SECOND_STEP_ACTIVATED,
    Event.PASSKEY_ADDED,
    Event.AUTHENTICATOR_REPLACED,
)
SET_UP_ONLY = "set_up_only"  # in the session of somebody who may do nothing but link a new phone


@transaction.atomic
def sign_in(
    request: HttpRequest,
    user: User,
    *,
    device: Device | None,
    origin: Origin,
    instead: str = "",
    known_since: int = 0,
) -> None:
    """Open a session after everything that the account demands was shown. Takes a new session key (ASVS 7.2.4).

    ``instead``: what was shown in the place of a device, for example "bridge_code"; such a session opens only the
    set-up of a new phone. ``known_since``: since when the browser is known for this person, in seconds since 1970;
    0 when it is not.
    """
    request.session.pop(store.PENDING_USER, None)
    auth.login(request, user, backend=BACKEND)
    _mark(request, origin)
    request.session[store.KNOWN_SINCE] = known_since
    if instead:
        request.session[SET_UP_ONLY] = instead
    if device is not None:
        django_otp.login(request, device)
    if not request.session.pop(store.STALE, False):
        reauthentication.note(request)
    # Saved here: `login` has locked the person's row, so of parallel sign-ins each sees the sessions before it.
    end_surplus_sessions(user, known_since)
    save(request)
    record(Event.SIGNED_IN, subject=user, origin=origin, detail=_shown(request, device, instead))


def _shown(request: HttpRequest, device: Device | None, instead: str) -> dict[str, str | int]:
    """By which means, for the audit entry."""
    vouched = store.vouched(request.session)
    first = "business_account" if vouched else "password"
    shown: dict[str, str | int] = {"factor": instead or (str(device.kind) if device else first)}
    return shown | _linked(device) | ({"vouched": vouched.value} if vouched else {})


def _linked(device: Device | None) -> dict[str, str | int]:
    """Which device it was, by the audit entry that linked it: that number stays when the device is removed or comes
    back. Of recovery codes an entry that is not older than they are. Nothing for a device that was linked before there
    were such numbers."""
    if device is None:
        return {}
    linked = getattr(device, "linked_in", None)
    if device.kind == "recovery_code":  # every new set leaves one of these entries
        made = AuditEntry.objects.filter(subject=device.user_id, event__in=_MAKES_CODES)
        linked = made.order_by("-pk").values_list("pk", flat=True).first()
    return {"linked": linked} if linked else {}


def save(request: HttpRequest) -> None:
    """Inside a transaction: with the rest, or not at all. Raises SessionInterrupted when the session has ended."""
    try:
        request.session.save()
    except UpdateError:
        raise SessionInterrupted("the session was ended by a parallel request") from None


def mark_verified(request: HttpRequest, device: Device) -> None:
    """The session of this browser has just shown this device: a new key, and verified from now on."""
    request.session.cycle_key()
    request.session.pop(SET_UP_ONLY, None)
    request.session.pop(SHOWN_KIND, None)
    django_otp.login(request, device)


def mark_unverified(request: HttpRequest) -> None:
    """The device that verified this session is gone: a new key, signed in without a second factor."""
    request.session.pop(django_otp.DEVICE_ID_SESSION_KEY, None)
    request.session.cycle_key()


def verify_by_another(request: HttpRequest, device: Device | None) -> None:
    """The device that verified this session may be the one that was removed: stay verified by one that is left. What
    was shown stays what it was: who showed a code has shown no passkey."""
    if device is not None and django_otp.DEVICE_ID_SESSION_KEY in request.session:
        kind = shown_kind(request)
        mark_verified(request, device)
        request.session[SHOWN_KIND] = kind


def shown_kind(request: HttpRequest) -> str:
    """The kind of second factor that this session has shown; empty when it showed none."""
    device = getattr(request.user, "otp_device", None)
    return str(request.session.get(SHOWN_KIND) or device.kind) if device else ""


@transaction.atomic
def prove(request: HttpRequest, user: User, origin: Origin, device: Device | None = None) -> None:
    """The person has shown everything the account has, ``device`` as second factor: fresh proof, under a new key."""
    request.session.cycle_key()
    reauthentication.note(request)
    save(request)
    detail: dict[str, str | int] = {"factor": str(device.kind), **_linked(device)} if device else {}
    record(Event.IDENTITY_CONFIRMED, subject=user, origin=origin, detail=detail)


def keep_after_password_change(request: HttpRequest, user: User) -> None:
    """This browser stays signed in under a new key; without this the changed password would end it as well."""
    auth.update_session_auth_hash(request, user)


def _mark(request: HttpRequest, origin: Origin) -> None:
    request.session[store.SIGN_IN] = store.fresh_key()
    request.session[store.STARTED] = timezone.now().isoformat()
    request.session[store.ADDRESS] = origin.address
    request.session[store.BROWSER] = origin.browser


@transaction.atomic
def sign_out(request: HttpRequest, origin: Origin) -> None:
    if request.user.is_authenticated:
        record(Event.SIGNED_OUT, subject=request.user, origin=origin)
    auth.logout(request)


@PreparedQuery
def _running() -> QuerySet[Session]:
    which = {"user": Parameter("user", BigAutoField()), "expires_at__gt": Parameter("now", DateTimeField())}
    return Session.objects.filter(**which, signed_in=True).only("known_since", "started_at", "digest")


def end_surplus_sessions(user: User, known_since: int) -> None:
    """At most `limits.SESSIONS_AT_ONCE`, the coming one included.

    Sessions of unknown browsers end first, the oldest first; then sessions of known browsers, the most recently known
    first. A sign-in by an unknown browser never ends the session of a known one: otherwise somebody who stole the
    password could sign the owner out again and again. So there may be one more than the limit.
    """
    # Sorted here: the database would spend more on a sorted and cut query than on these few rows.
    last_to_end = sorted(
        _running(user=user.pk, now=timezone.now()),
        key=lambda one: (one.known_since == 0, one.known_since, -one.started_at.timestamp()),
    )
    surplus = last_to_end[limits.SESSIONS_AT_ONCE - 1 :]
    too_many = [one.digest for one in surplus if known_since or not one.known_since]
    if too_many:
        Session.objects.filter(digest__in=too_many).delete()


def end_others(request: HttpRequest, user: User) -> int:
    """End every session of the person but this browser's, the half-signed-in ones too. Returns how many ended."""
    return Session.objects.filter(user=user).exclude(digest=_own_digest(request)).delete()[0]


def _own_digest(request: HttpRequest) -> str | None:
    row = store.of(request).row
    return row.digest if row else None


@transaction.atomic
def end_one(request: HttpRequest, user: User, name: str, origin: Origin) -> bool:
    """End one other session of the person, by the name that `list_of` gave it; False when it is gone already."""
    ended = Session.objects.filter(user=user, digest__startswith=name).exclude(digest=_own_digest(request)).delete()[0]
    if ended:
        record(Event.SESSION_ENDED, subject=user, origin=origin)
    return bool(ended)


@transaction.atomic
def end_others_on_request(request: HttpRequest, user: User, origin: Origin) -> int:
    ended = end_others(request, user)
    record(Event.ALL_OTHER_SESSIONS_ENDED, subject=user, origin=origin, detail={"ended": ended})
    return ended


class ListedSession(NamedTuple):
    """``name``: a part of the digest, which identifies the session and cannot be used as its key."""

    name: str
    browser: str
    address: str | None
    started_at: datetime
    seen_at: datetime
    is_own: bool


def list_of(request: HttpRequest, user: User) -> list[ListedSession]:
    """Where the person is signed in now, this browser first, then the last seen."""
    own = _own_digest(request)
    rows = Session.objects.filter(user=user, signed_in=True, expires_at__gt=timezone.now()).order_by("-seen_at")
    listed = [
        ListedSession(
            name=row.digest[:16],
            browser=browser_in_words(row.browser),
            address=row.address,
            started_at=row.started_at,
            seen_at=row.seen_at,
            is_own=row.digest == own,
        )
        for row in rows
    ]
    return sorted(listed, key=lambda session: not session.is_own)


def end_provider_sessions(which: Q) -> list[User]:
    """End the sessions that providers opened and that meet the condition. Returns whose they were. Call inside a
    transaction."""
    ended = list(Session.objects.filter(which).exclude(upstream="").select_related("user__membership"))
    Session.objects.filter(digest__in=[session.digest for session in ended]).delete()
    return list({session.user_id: session.user for session in ended if session.user}.values())


def end_all(user: User) -> int:
    """End every session of the person, the half-signed-in ones too. Returns how many ended."""
    return Session.objects.filter(user=user).delete()[0]

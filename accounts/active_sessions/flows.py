"""How a session begins, is strengthened and ends. The one room whose flows see a request: Django's `login` needs it."""

from __future__ import annotations

import django_otp
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device

from accounts import limits
from accounts.active_sessions import store
from accounts.active_sessions.models import Session
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def sign_in(request: HttpRequest, user: User, *, device: Device | None, origin: Origin) -> None:
    """Open a session after everything that the account demands was shown. Takes a new session key (ASVS 7.2.4)."""
    request.session.pop(store.PENDING_USER, None)
    auth.login(request, user, backend=BACKEND)
    _mark(request, origin)
    if device is not None:
        django_otp.login(request, device)
    make_room_for_one_more(user)
    record(Event.SIGNED_IN, subject=user, origin=origin, detail={"factor": device.kind if device else "password"})


def strengthen(request: HttpRequest, device: Device) -> None:
    """The session of this browser has just shown this device: a new key, and verified from now on."""
    request.session.cycle_key()
    django_otp.login(request, device)


def weaken(request: HttpRequest) -> None:
    """The device that verified this session is gone: a new key, signed in without a second step."""
    request.session.pop(django_otp.DEVICE_ID_SESSION_KEY, None)
    request.session.cycle_key()


def keep_after_password_change(request: HttpRequest, user: User) -> None:
    """This browser stays signed in under a new key; without this the changed password would end it as well."""
    auth.update_session_auth_hash(request, user)


def _mark(request: HttpRequest, origin: Origin) -> None:
    request.session[store.STARTED] = timezone.now().isoformat()
    request.session[store.ADDRESS] = origin.address
    request.session[store.BROWSER] = origin.browser


@transaction.atomic
def sign_out(request: HttpRequest, origin: Origin) -> None:
    if request.user.is_authenticated:
        record(Event.SIGNED_OUT, subject=request.user, origin=origin)
    auth.logout(request)


def make_room_for_one_more(user: User) -> None:
    """At most `limits.SESSIONS_AT_ONCE`, the coming one included; the oldest end."""
    keys = list(
        Session.objects.filter(user=user, signed_in=True, expires_at__gt=timezone.now())
        .order_by("-started_at")
        .values_list("digest", flat=True)[limits.SESSIONS_AT_ONCE - 1 :]
    )
    if keys:
        Session.objects.filter(digest__in=keys).delete()


def end_others(request: HttpRequest, user: User) -> int:
    """End every session of the person but this browser's, the half-signed-in ones too. Returns how many ended."""
    row = store.of(request).row
    own = row.digest if row else None
    return Session.objects.filter(user=user).exclude(digest=own).delete()[0]


def end_all(user: User) -> int:
    """End every session of the person, the half-signed-in ones too. Returns how many ended."""
    return Session.objects.filter(user=user).delete()[0]

"""Whom a session belongs to, and whether it showed a second factor; all of it was read together with the session."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware

from accounts.active_sessions import store
from accounts.models import User
from accounts.two_factor import devices


class AuthenticationMiddleware(auth_middleware.AuthenticationMiddleware):
    """Django's, without a statement of its own: the session was read together with its person."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.user = cast(User, SimpleLazyObject(partial(_person_of_session, request)))
        return cast(HttpResponseBase, self.get_response(request))


def _person_of_session(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Who is signed in. Whatever is unusual is left to Django: nobody, somebody else's or a changed password, somebody
    who is no longer active. Not an earlier SECRET_KEY, with which Django gives the session a new number: while
    processes with and without a new key take turns, requests at the same time would lose the session."""
    session = store.of(request)
    signed_in = session.get(auth.SESSION_KEY)
    owner = store.person_of(session)
    if (
        owner is not None
        and owner.is_active
        and signed_in == str(owner.pk)
        and session.get(auth.BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and _is_hash_of(owner, session.get(auth.HASH_SESSION_KEY, ""))
    ):
        return owner
    return auth.get_user(request)


def _is_hash_of(owner: User, given: str) -> bool:
    if constant_time_compare(given, owner.get_session_auth_hash()):
        return True
    return any(constant_time_compare(given, earlier) for earlier in owner.get_session_auth_fallback_hash())


class SecondFactorMiddleware(OTPMiddleware):
    """django-otp's, without a statement of its own: the devices were read together with the session."""

    def _verify_user_sync(self, request: HttpRequest, user: User) -> User:
        self._init_user_fields(user)
        if user.is_authenticated:
            name, device = request.session.get(DEVICE_ID_SESSION_KEY), None
            if name:
                mine = devices.factors_read_with(request.session, user)
                device = devices.by_persistent_id(self._normalize_persistent_id(name), user, mine)
            user.otp_device = self._finalize_device(request, user, device)
        return user

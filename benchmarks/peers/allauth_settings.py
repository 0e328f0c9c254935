"""django-allauth as its documentation installs it, with its second factor by authenticator app."""

from benchmarks.baseline_settings import *  # noqa: F403
from benchmarks.baseline_settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["django.contrib.humanize", "allauth", "allauth.account", "allauth.mfa", "benchmarks.peers.tiles"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ROOT_URLCONF = "benchmarks.peers.allauth_urls"
LOGIN_URL = "account_login"
ALLAUTH_TRUSTED_PROXY_COUNT = 1  # its limits count visitors by X-Forwarded-For, as ours do

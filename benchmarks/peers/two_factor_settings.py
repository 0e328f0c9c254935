"""django-two-factor-auth as its documentation installs it, with authenticator apps and backup tokens."""

from benchmarks.baseline_settings import *  # noqa: F403
from benchmarks.baseline_settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += [
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "two_factor",
    "benchmarks.peers.tiles",
]
MIDDLEWARE.insert(
    MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1,
    "django_otp.middleware.OTPMiddleware",
)
ROOT_URLCONF = "benchmarks.peers.two_factor_urls"
LOGIN_URL = "two_factor:login"

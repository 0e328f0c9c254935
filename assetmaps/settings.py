"""The settings, read from the environment; docs/configuration.md lists the variables."""

import os
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from accounts import limits
from assetmaps.configuration import addresses, backends, host_names, services, values
from assetmaps.configuration.reader import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Public, so for development only: with DEBUG off they are refused.
DEVELOPMENT_ONLY = {
    "SECRET_KEY": "development-only-development-only-development-only-dev",
    "ENCRYPTION_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1kZXZlbG9wbWVudC1vbmw=",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
}

env = Environment(os.environ, DEVELOPMENT_ONLY)
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.needed("SECRET_KEY", values.signing_key)
# Earlier keys still verify what they signed, so that key rotation signs nobody out (ASVS 13.3.4).
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS", values.entries(values.signing_key))
ENCRYPTION_KEYS = env.needed("ENCRYPTION_KEYS", values.entries(values.encryption_key))
ALLOWED_HOSTS = env.needed("ALLOWED_HOSTS", values.entries(host_names.allowed_host))
_usual = "http://localhost:8000" if DEBUG else "https://mijn.assetmaps.nl"
PUBLIC_URL = env.read("PUBLIC_URL", addresses.website, _usual)
PASSKEY_ORIGINS = env.read("PASSKEY_ORIGINS", values.entries(addresses.website))  # beside that of PUBLIC_URL
TRUSTED_PROXIES = env.read("TRUSTED_PROXIES", values.entries(host_names.network))

# Everything that depends on TLS follows from the public address, so it cannot be partly enabled.
SECURE = urlsplit(PUBLIC_URL).scheme == "https"

INSTALLED_APPS = [
    "assetmaps.apps.AssetmapsAdminConfig",
    "accounts",  # before django.contrib.auth: two commands exist in both
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_otp",
    "django_tasks",
    "django_tasks_db",
    "accounts.background",
    "accounts.mail",
    "accounts.audit",
    "accounts.organisations",
    "accounts.active_sessions",
    "accounts.throttling",
    "accounts.two_factor",
    "accounts.sso",
    "accounts.support",
    "accounts.mfa_policy",
    "accounts.key_rotation",
    "environments",
    "environments.people",
]

MIDDLEWARE = [
    "assetmaps.middleware.reference_number",
    "assetmaps.middleware.security_headers",
    "assetmaps.middleware.ContentSecurityPolicyMiddleware",
    "assetmaps.https.proxy_faults",
    "django.middleware.security.SecurityMiddleware",
    "assetmaps.health.health",
    "assetmaps.middleware.error_pages",
    "assetmaps.middleware.external_redirects",
    "assetmaps.middleware.address_aliases",
    "assetmaps.middleware.request_validation",
    "assetmaps.static_files.StaticFilesMiddleware",
    "accounts.middleware.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.session_middleware.AuthenticationMiddleware",
    "accounts.middleware.SignInRequiredMiddleware",
    "accounts.session_middleware.SecondFactorMiddleware",
    "accounts.middleware.TwoFactorMiddleware",
    "accounts.middleware.language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",  # Django's deployment check requires it
    "assetmaps.view_guard.ViewGuardMiddleware",
]

# Watching --------------------------------------------------------------------------------------------------------
# Who may see why `/readyz` says what it says.
INTERNAL_NETWORKS = env.read("INTERNAL_NETWORKS", values.entries(host_names.network), "127.0.0.1,::1")
# host:port for Prometheus; empty: nothing is counted.
METRICS_ADDRESS = env.read("METRICS_ADDRESS", host_names.listening)
# The same for `manage.py worker`, which counts by itself; the worker of WORKER=embedded counts with the server.
WORKER_METRICS_ADDRESS = env.read("WORKER_METRICS_ADDRESS", host_names.listening)
if METRICS_ADDRESS:
    MIDDLEWARE.insert(0, "assetmaps.metrics.middleware.requests")
# A web server whose clock is right; its header Date is compared with the clock of this machine. Empty: nobody is asked.
CLOCK_URL = env.read("CLOCK_URL", addresses.endpoint)
# Reports of errors to a Sentry server; empty: none are sent.
SENTRY_DSN = env.read("SENTRY_DSN", addresses.sentry)

ROOT_URLCONF = "assetmaps.urls"
WSGI_APPLICATION = "assetmaps.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
_template_files = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
# Django's own where its error page shows the source of a template.
_template_loader = "django.template.loaders.cached.Loader" if DEBUG else "assetmaps.folded_templates.loader.Loader"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [(_template_loader, _template_files)],
            "libraries": {"form_attrs": "assetmaps.form_attrs", "row_headers": "assetmaps.row_headers"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.questions",
                "accounts.context_processors.session",
                "accounts.context_processors.support",
                "assetmaps.navigation.menus",
            ],
        },
    },
]

# Data ------------------------------------------------------------------------------------------------------------
_database = partial(services.database, folder=BASE_DIR)
DATABASES = {"default": backends.database(env.read("DATABASE_URL", _database, "sqlite:///var/db.sqlite3"))}
# Where `move_database` brings everything; not used by anything else.
_new_database = env.read("NEW_DATABASE_URL", lambda text: _database(text) if text else None)
NEW_DATABASE = backends.database(_new_database) if _new_database else None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(exist_ok=True)
CACHES = {"default": backends.cache(env.read("CACHE_URL", services.cache, "locmemcache://"))}

# People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "overview"
OTP_TOTP_ISSUER = "Assetmaps"
PASSWORD_HASHERS = [
    "accounts.passwords.hashers.Argon2idHasher",
    "accounts.passwords.hashers.EarlierArgon2Hasher",
    "accounts.passwords.hashers.EarlierPBKDF2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.validators.LengthValidator"},
    {"NAME": "accounts.passwords.validators.BlocklistValidator"},
    {
        "NAME": "accounts.passwords.validators.NamesValidator",
        "OPTIONS": {
            "sources": [
                "accounts.passwords.guessable_names.of",
                "accounts.organisations.guessable_names.of",
                "environments.guessable_names.of",
            ]
        },
    },
    {"NAME": "accounts.passwords.validators.BreachedValidator"},
]
# A service with the range API of Pwned Passwords; empty: no service is asked.
BREACHED_PASSWORDS_URL = env.read("BREACHED_PASSWORDS_URL", addresses.endpoint)

# Single sign-on: the environments package decides what a new user may open; accounts must not import it.
SSO_ON_ARRIVAL = "environments.provisioning.give_access"
# For development only: host:port of a provider on a private address or without TLS. `check --deploy` reports it.
SSO_ALLOWED_PRIVATE_ADDRESSES = env.read("SSO_ALLOWED_PRIVATE_ADDRESSES", values.entries(host_names.host_and_port))
# DNS servers for the records that prove ownership of mail domains; empty: those of the machine.
DNS_RESOLVERS = env.read("DNS_RESOLVERS", values.entries(host_names.name_server))

# Sessions and cookies --------------------------------------------------------------------------------------------
# The __Host- prefix makes a browser refuse a cookie that another host or plain http tries to set.
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_ENGINE = "accounts.active_sessions.store"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_AGE = int(limits.SESSION_OVERALL.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_AGE = None
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "assetmaps.errors.csrf_failure"
# In a cookie, so that a visitor who is not signed in never needs a session.
MESSAGE_STORAGE = "accounts.messages.PrefixedCookieStorage"

# Security headers ------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = SECURE
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc  # not the host of the request, which may contain the http port
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)/?$"]
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
# "no-referrer" would make Chromium post forms with "Origin: null", which the CSRF check rightly refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "report-uri": ["/csp-melding/"],  # Firefox and Safari
        "report-to": ["csp"],  # Chromium, by the header Reporting-Endpoints
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = limits.LARGEST_BODY

# Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "nl"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "assetmaps" / "locale"]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True

# Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
WHITENOISE_AUTOREFRESH = True  # files are found by their address; `assetmaps.static_files` keeps them
WHITENOISE_ALLOW_ALL_ORIGINS = False  # WhiteNoise's default lets every site read the files (ASVS 3.4.2)
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "assetmaps.static_storage.LeanStorage"
    },
}

# Work in the background: docs/operations.md, "The worker".
TASKS = {"default": {"BACKEND": "accounts.background.backend.Backend", "QUEUES": []}}  # any queue
# Whether gunicorn runs a worker itself, or `manage.py worker` is started apart from it.
WORKER = env.read("WORKER", values.worker, "embedded")
# What each worker does when it begins, and every so many seconds: functions of higher packages, without arguments.
WORKER_BEGINS = ["assetmaps.metrics.server.begin_worker"]
WORKER_INTERVALS = {"accounts.audit.chain.seal_new": limits.SEAL_AFTER.total_seconds()}
# Functions of higher packages that may be told what became of a mail (`sending.send(on_outcome=…)`).
MAIL_CALLBACKS = ["environments.people.import_mail.note_mail"]
TASKS_IN_PROCESS = False  # on in tests: whoever waits for a task runs it
# Further work of `purge`: functions of higher packages, without arguments, that return the number of deleted rows.
PURGES = ["environments.people.imports.purge", "environments.address_change.flows.purge"]
# Further copies that are compared with what they are of each day: functions of higher packages, without arguments.
RESTORES = ["environments.tile_copies.restore"]

# Further work of `after_restore`: functions of higher packages, without arguments, that return counts by name.
AFTER_RESTORE = ["environments.address_change.flows.cancel_all"]

# Which of ENCRYPTION_KEYS encrypts: all processes must agree, so the database says it. Empty: the first one.
KEY_IN_USE = "accounts.key_rotation.key_in_use.read"

# The newest seal is also kept outside the database: one file for each database that this machine uses.
AUDIT_HEAD_FILE = env.read("AUDIT_HEAD_FILE", values.file, services.audit_head(DATABASES["default"], VAR_DIR))

# Mail ------------------------------------------------------------------------------------------------------------
vars().update(env.read("EMAIL_URL", services.mail, "consolemail://" if DEBUG else "smtp://localhost:25"))
EMAIL_TIMEOUT = int(limits.OUTSIDE_TIMEOUT.total_seconds())
DEFAULT_FROM_EMAIL = "Assetmaps <support@assetmaps.nl>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = "support@assetmaps.nl"
# Without a number no page and no mail says that one can call.
SUPPORT_PHONE = env.read("SUPPORT_PHONE", values.telephone)
# Is mailed when a support worker is stopped, like all active superusers.
ALARM_EMAIL = env.read("ALARM_EMAIL", values.mail_address) or SUPPORT_EMAIL

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "assetmaps.logs.JsonFormatter"}},
    "filters": {"reference": {"()": "assetmaps.logs.ReferenceFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["reference"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # INFO is two lines for each task.
        "django_tasks": {"handlers": [], "level": "WARNING", "propagate": True},
        "django_tasks_db": {"handlers": [], "level": "WARNING", "propagate": True},
        "psycopg.pool": {"handlers": [], "level": "WARNING", "propagate": True},  # INFO is three lines per request
    },
}

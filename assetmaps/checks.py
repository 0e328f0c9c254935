"""Deployment checks (`manage.py check --deploy`) besides Django's own: valid settings that do not fit each other.

Invalid values stop the start (`assetmaps.configuration`). E: it does not work, or is insecure; W: it depends on facts
that the settings do not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin.checks import check_admin_app
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host

from accounts import encryption
from accounts.lazy_views import load_administration
from assetmaps import gunicorn_settings
from assetmaps.settings import env

OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
Judge = Callable[[], CheckMessage | None]
Check = Callable[..., list[CheckMessage]]
CHECKS: list[Check] = []


def deployment_check(judge: Judge) -> Check:
    """Make a Django check of a function that returns a message or None."""

    def check(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
        message = judge()
        return [message] if message else []

    check.__doc__ = judge.__doc__
    CHECKS.append(check)
    return check


def register_all() -> None:
    for check in (*CHECKS, services):
        register(check, Tags.security, deploy=True)


def services(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the services and the system tell."""
    from assetmaps import service_checks  # here, because it asks models, and to save start-up time

    return [message for judge in service_checks.JUDGES if (message := judge())]


def administration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Django's check of every page of the administration."""
    load_administration()
    found: list[CheckMessage] = check_admin_app(app_configs, **kwargs)
    return found


@deployment_check
def public_url_is_encrypted() -> CheckMessage | None:
    """Cookies, HSTS and the redirect to https all follow from PUBLIC_URL: with http none of them protects."""
    if settings.SECURE:
        return None
    hint = "Set PUBLIC_URL to the https address of the portal; http is for development on one's own machine."
    return Error("PUBLIC_URL does not begin with https://.", hint=hint, id="assetmaps.E001")


@deployment_check
def no_provider_on_a_private_address() -> CheckMessage | None:
    """Each exception lets a setting of an administrator reach our internal network (SSRF)."""
    if not settings.SSO_ALLOWED_PRIVATE_ADDRESSES:
        return None
    hint = "Remove SSO_ALLOWED_PRIVATE_ADDRESSES from the environment; it is for development on one's own machine."
    return Error("Single sign-on may reach private addresses.", hint=hint, id="assetmaps.E002")


def _is_answered(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS)


@deployment_check
def public_url_is_answered() -> CheckMessage | None:
    """Every link in a mail begins with PUBLIC_URL; a host that is not allowed answers 400."""
    if _is_answered(settings.PUBLIC_URL):
        return None
    hint = "Add the host of PUBLIC_URL to ALLOWED_HOSTS; without PUBLIC_URL that is mijn.assetmaps.nl."
    return Error("ALLOWED_HOSTS does not name the host of PUBLIC_URL.", hint=hint, id="assetmaps.E003")


@deployment_check
def hosts_of_passkeys_are_answered() -> CheckMessage | None:
    """Browsers ask for passkeys with https only, and a host that is not allowed answers 400."""
    wrong = [one for one in settings.PASSKEY_ORIGINS if not one.startswith("https://") or not _is_answered(one)]
    if not wrong:
        return None
    hint = "Give https addresses whose hosts are in ALLOWED_HOSTS too, or leave them out."
    return Error(f"PASSKEY_ORIGINS names what offers no passkeys: {', '.join(wrong)}.", hint=hint, id="assetmaps.E014")


@deployment_check
def hosts_are_named() -> CheckMessage | None:
    """An unknown host means a proxy that forwards too much, or an attack on the Host header."""
    if "*" not in settings.ALLOWED_HOSTS:
        return None
    hint = "Name the hosts in ALLOWED_HOSTS; a load balancer can ask /healthz and /readyz by any name or address."
    return Error("ALLOWED_HOSTS is *, so every host is believed.", hint=hint, id="assetmaps.E004")


@deployment_check
def not_under_development() -> CheckMessage | None:
    """With DEBUG an error page shows code and settings, and the preview of all mails is public."""
    if not settings.DEBUG:
        return None
    return Error("DEBUG is on.", hint="Remove DEBUG from the environment.", id="assetmaps.E005")


@deployment_check
def mail_is_sent() -> CheckMessage | None:
    """The other backends write links that give access to the log or a file, and nobody receives the mail."""
    if settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
        return None
    hint = "Set EMAIL_URL to the address of a mail server, for example smtp+tls://user:password@host."
    return Error("EMAIL_URL names no mail server, so no mail arrives.", hint=hint, id="assetmaps.E006")


@deployment_check
def database_outlives_the_process() -> CheckMessage | None:
    """Each connection to a database in memory gets its own, empty database."""
    if ":memory:" not in str(settings.DATABASES["default"]["NAME"]):
        return None
    hint = "Set DATABASE_URL to a PostgreSQL database, or to a file."
    return Error("DATABASE_URL names a database in memory.", hint=hint, id="assetmaps.E007")


@deployment_check
def keys_differ() -> CheckMessage | None:
    """A key that is listed twice was probably meant to be a new one: then the key was not rotated."""
    keys = [encryption.key_of(text) for text in settings.ENCRYPTION_KEYS]
    if len(set(keys)) == len(keys):
        return None
    hint = "Leave out the second one; README.md says how a new key is made and taken into use."
    return Error("ENCRYPTION_KEYS has one key twice.", hint=hint, id="assetmaps.E008")


@deployment_check
def signing_keys_differ() -> CheckMessage | None:
    """The same for the keys that sign cookies and links."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if len(set(keys)) == len(keys):
        return None
    hint = "SECRET_KEY is a new one, and SECRET_KEY_FALLBACKS holds earlier ones, each once."
    return Error("SECRET_KEY_FALLBACKS repeats a key.", hint=hint, id="assetmaps.E009")


@deployment_check
def proxy_is_named() -> CheckMessage | None:
    """Behind an untrusted proxy every request looks unencrypted and seems to come from the proxy's address."""
    if not settings.SECURE or settings.TRUSTED_PROXIES:
        return None
    hint = "Set TRUSTED_PROXIES to the address of the proxy, unless the program's own server ends TLS."
    return Warning("PUBLIC_URL is https and TRUSTED_PROXIES is empty.", hint=hint, id="assetmaps.W001")


@deployment_check
def counts_are_shared() -> CheckMessage | None:
    """Counters in the memory of one process are unknown to the others."""
    if not settings.CACHES["default"]["BACKEND"].endswith("ProcessCache"):
        return None
    processes = gunicorn_settings.workers()
    if processes > 1:
        hint = (
            "Set CACHE_URL to a Redis server, or start one process only (`workers` in gunicorn.conf.py): each process "
            "counts wrong attempts for itself, so that all together allow several times as many."
        )
        told = f"gunicorn starts {processes} processes and CACHE_URL names no cache that they share."
        return Error(told, hint=hint, id="assetmaps.E010")
    hint = "Set CACHE_URL to a Redis server when there is more than one process or machine."
    return Warning(
        "CACHE_URL names no shared cache: each process counts attempts for itself.", hint=hint, id="assetmaps.W002"
    )


@deployment_check
def database_is_the_one_that_is_written_to() -> CheckMessage | None:
    """Of several servers libpq takes the first that answers: after a failover that may be one that only reads."""
    database = settings.DATABASES["default"]
    wanted = database.get("OPTIONS", {}).get("target_session_attrs")
    if "," not in str(database.get("HOST", "")) or wanted in ("read-write", "primary"):
        return None
    hint = "Add ?target_session_attrs=read-write to DATABASE_URL."
    told = "DATABASE_URL names several servers and does not say that the portal writes."
    return Error(told, hint=hint, id="assetmaps.E012")


@deployment_check
def database_takes_several_processes() -> CheckMessage | None:
    """SQLite lets one process at a time write, and only on one machine."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return None
    hint = "Set DATABASE_URL to a PostgreSQL database when there is more than one process or machine."
    return Warning("DATABASE_URL names an SQLite database.", hint=hint, id="assetmaps.W003")


@deployment_check
def password_of_mail_is_encrypted() -> CheckMessage | None:
    """Without TLS anybody on the network path can read the password of the mail server."""
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if encrypted or not settings.EMAIL_HOST_PASSWORD or settings.EMAIL_HOST in OWN_MACHINE:
        return None
    hint = "Use smtp+tls:// or smtps:// in EMAIL_URL."
    return Warning("EMAIL_URL sends a password unencrypted.", hint=hint, id="assetmaps.W004")


@deployment_check
def names_are_spelt_right() -> CheckMessage | None:
    """A misspelt variable is silently ignored."""
    found = [f"{name} ({meant}?)" for name, meant in env.look_alikes().items()]
    if not found:
        return None
    return Warning(
        f"Nothing reads these variables: {', '.join(found)}.",
        hint="docs/configuration.md lists the names.",
        id="assetmaps.W005",
    )

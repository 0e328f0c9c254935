"""Resources at well-known addresses, for browsers, password managers and search engines."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.active_sessions.decorators import background_request
from accounts.two_factor.passkeys import rp

TEXT = "text/plain; charset=utf-8"
CACHE_FOR_A_DAY = "public, max-age=86400"  # the same for everybody, so it may be cached, unlike the pages
ICON = (settings.BASE_DIR / "static" / "img" / "favicon.ico").read_bytes()
# For search engines, so that a search finds this site and not an imitation. Visitors who are not signed in get the
# sign-in page at each of them. The `$` excludes addresses with a token or a query.
LANDING_PAGES = (
    "/$",
    "/inloggen/$",
    "/persoonlijke-gegevens/$",
    "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/$",
)
# Includes style sheets and scripts, so that a search engine renders a page as browsers do.
ALLOWED = ("/hulp/", "/static/", *LANDING_PAGES)
ROBOTS = "\n".join(["User-agent: *", *(f"Allow: {address}" for address in ALLOWED), "Disallow: /", ""])


@background_request
@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ICON, content_type="image/x-icon", headers={"Cache-Control": CACHE_FOR_A_DAY})


@background_request
@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """For installing the portal on a home screen. There is no service worker: no page may be cached."""
    return JsonResponse(
        {
            "id": "/",
            "name": "Mijn Assetmaps",
            "short_name": "Assetmaps",
            "lang": "nl",
            "start_url": "/",
            "scope": "/",
            # With a back button and the host name: people should see where they type their password.
            "display": "minimal-ui",
            "background_color": "#f4f6f4",
            "theme_color": "#123f45",
            "icons": [
                _icon("icon.svg", "any", "image/svg+xml"),
                _icon("icon-192.png", "192x192"),
                _icon("icon-512.png", "512x512"),
                _icon("icon-maskable-512.png", "512x512") | {"purpose": "maskable"},
            ],
        },
        content_type="application/manifest+json",
        headers={"Cache-Control": CACHE_FOR_A_DAY},
    )


def _icon(name: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": sizes, "type": kind}


@background_request
@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type=TEXT)


@login_not_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Where to report a vulnerability (RFC 9116). Expires at midnight, so that the text changes once a day."""
    ends = (timezone.now() + limits.SECURITY_CONTACT).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{settings.SUPPORT_EMAIL}",
        f"Expires: {ends:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: nl, en",
        f"Canonical: {settings.PUBLIC_URL}{request.path}",
    )
    return HttpResponse("\n".join([*lines, ""]), content_type=TEXT)


@background_request
@login_not_required
@require_safe
def passkey_origins(request: HttpRequest) -> HttpResponse:
    """On which hosts the passkeys of this one may be used (W3C Web Authentication Level 3, section 5.11)."""
    return JsonResponse({"origins": rp.origins()}, headers={"Cache-Control": CACHE_FOR_A_DAY})


@login_not_required
@require_safe
def password(request: HttpRequest) -> HttpResponse:
    """Where password managers send people (W3C, "A Well-Known URL for Changing Passwords")."""
    return redirect("change_password")

"""What browsers, password managers and search engines look for at addresses that others chose."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.active_sessions.decorators import no_sign_of_life

TEXT = "text/plain; charset=utf-8"
KEPT = "public, max-age=86400"  # the same for everybody, so it may be kept; the pages may not
ICON = (settings.BASE_DIR / "static" / "img" / "favicon.ico").read_bytes()
# What people may look for: the help, and the front doors, so that a search finds ours and not an imitation. Who is not
# signed in gets the sign-in page at each of them. An address with a token or a question in it is none of these.
FRONT_DOORS = (
    "/$",
    "/inloggen/$",
    "/persoonlijke-gegevens/$",
    "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/$",
)
# Style and scripts, so that a search engine sees a page as people do.
ALLOWED = ("/hulp/", "/static/", *FRONT_DOORS)
ROBOTS = "\n".join(["User-agent: *", *(f"Allow: {address}" for address in ALLOWED), "Disallow: /", ""])


@no_sign_of_life
@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ICON, content_type="image/x-icon", headers={"Cache-Control": KEPT})


@no_sign_of_life
@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """For who puts the portal on the home screen. There is no service worker: no page of ours may be kept."""
    return JsonResponse(
        {
            "id": "/",
            "name": "Mijn Assetmaps",
            "short_name": "Assetmaps",
            "lang": "nl",
            "start_url": "/",
            "scope": "/",
            # With the way back, and the host name in sight: people should see where they type their password.
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
        headers={"Cache-Control": KEPT},
    )


def _icon(name: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": sizes, "type": kind}


@no_sign_of_life
@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type=TEXT)


@login_not_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness (RFC 9116). Ends at midnight, so that the text changes once a day."""
    ends = (timezone.now() + limits.SECURITY_CONTACT).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{settings.SUPPORT_EMAIL}",
        f"Expires: {ends:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: nl, en",
        f"Canonical: {settings.PUBLIC_URL}{request.path}",
    )
    return HttpResponse("\n".join([*lines, ""]), content_type=TEXT)


@login_not_required
@require_safe
def password(request: HttpRequest) -> HttpResponse:
    """Where password managers send people (W3C, "A Well-Known URL for Changing Passwords")."""
    return redirect("change_password")

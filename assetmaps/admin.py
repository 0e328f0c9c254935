"""The administration site: no sign-in of its own, and open only to staff whose session has a verified second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.http_requests import person
from accounts.middleware import counted


@dataclass(frozen=True)
class AdminPage:
    """One of our own pages, linked from the administration index for staff who have its permission."""

    url_name: str
    name: Promise
    about: Promise
    permission: str


ADMIN_PAGES = (
    AdminPage(
        "audit_activity",
        _("Security activity"),
        _("What happened, to whom and by whom; export it."),
        "audit.view_auditentry",
    ),
)


class AssetmapsAdminSite(AdminSite):
    site_title = _("Assetmaps administration")
    site_header = _("Assetmaps administration")
    index_title = _("Administration")
    site_url = "/"
    enable_nav_sidebar = True

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Add our single sign-on page to the models, so that it is found from the index and the sidebar."""
        found: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if request.user.has_perm("organisations.change_organisation"):
            for app in found:
                if app["app_label"] == "organisations":
                    app["models"].append(_app_list_entry(_("Single sign-on"), "SingleSignOn", "sso_organisations"))
        return found

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not (user.is_active and user.is_staff):
            return False
        return user.is_verified() or policy.opens_administration(counted(request), is_verified=False)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> TemplateResponse:
        pages = [page for page in ADMIN_PAGES if person(request).has_perm(page.permission)]
        return super().index(request, {"pages": pages} | (extra_context or {}))

    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Redirect to our own sign-in; users who are signed in but have no permission go to the overview."""
        if request.user.is_authenticated:
            return redirect("overview")
        # Keep the requested page; our sign-in validates it before it redirects there.
        return redirect_to_login(request.GET["next"]) if "next" in request.GET else redirect("sign_in")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict | None = None
    ) -> HttpResponse:
        """Use our own page: Django's form ends no session, records nothing and sends no mail (ASVS 6.3.7)."""
        return redirect("change_password")

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict | None = None
    ) -> HttpResponse:
        return redirect("personal_details")

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("overview")  # unused: the templates post to our own sign-out


def _app_list_entry(name: Promise, object_name: str, url_name: str) -> dict[str, Any]:
    """One of our own pages, in the form in which the admin templates expect a model."""
    return {
        "name": name,
        "object_name": object_name,
        "admin_url": reverse(url_name),
        "add_url": None,
        "view_only": False,
        "perms": {"add": False, "change": True, "delete": False, "view": True},
    }

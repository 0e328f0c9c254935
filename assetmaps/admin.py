"""The administration site: no sign-in of its own, and open only to staff whose session has a verified second factor."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.http_requests import person
from accounts.models import User
from assetmaps import navigation, start_page


class AssetmapsAdminSite(AdminSite):
    site_title = _("Assetmaps administration")
    site_header = _("Assetmaps administration")
    index_title = _("Administration")
    site_url = "/"
    enable_nav_sidebar = False  # the side menu is `navigation.menus`

    def has_permission(self, request: HttpRequest) -> bool:
        return navigation.opens_administration(request)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> TemplateResponse:
        """Jobs and state instead of a list of models."""
        may_invite = self.get_model_admin(User).has_add_permission(request)
        cards = start_page.cards(person(request)) | {"may_invite": may_invite}
        return super().index(request, cards | (extra_context or {}))

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict | None = None
    ) -> HttpResponse:
        """Redirect to the list of this part of the program, or to the first page when it has several.

        Raises Http404 for a part without a list that this worker may see.
        """
        lists = [model["admin_url"] for app in self.get_app_list(request, app_label) for model in app["models"]]
        if not lists:
            raise Http404
        return redirect(lists[0] if len(lists) == 1 and lists[0] else "admin:index")

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

"""Everything below /beheer/sso/: for staff with a second factor, by `admin_view`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import URLPattern
from django.urls import path as plain_path

from accounts.sso.credentials import views as credentials
from accounts.sso.domains import views as domains
from accounts.sso.overview import views
from accounts.sso.setup import views as setup
from accounts.sso.sign_in_test import views as sign_in_test


def path(route: str, view: Any, name: str) -> URLPattern:
    return plain_path(route, admin.site.admin_view(view), name=name)


HERE = "<slug:slug>/"

urlpatterns = [
    path("", views.organisations, "sso_organisations"),
    path(HERE, views.show, "sso_setup"),
    path(f"{HERE}aanbieder/", credentials.provider, "sso_provider"),
    path(f"{HERE}controleren/", setup.check, "sso_check"),
    path(f"{HERE}geheim/", credentials.secret, "sso_secret"),
    path(f"{HERE}sleutelpaar/", credentials.key_pair, "sso_key_pair"),
    path(f"{HERE}sleutelpaar/maken/", credentials.make_key_pair, "sso_key_pair_make"),
    path(f"{HERE}sleutelpaar/gebruiken/", credentials.use_key_pair, "sso_key_pair_use"),
    path(f"{HERE}sleutelpaar/certificaat/", credentials.certificate, "sso_certificate"),
    path(f"{HERE}tweede-stap/", setup.second_step, "sso_second_step"),
    path(f"{HERE}mensen/", setup.people, "sso_people"),
    path(f"{HERE}noodaccount/", setup.emergency_account, "sso_emergency_account"),
    path(f"{HERE}domeinen/", domains.domains, "sso_domains"),
    path(f"{HERE}domeinen/<int:pk>/controleren/", domains.check, "sso_domain_check"),
    path(f"{HERE}domeinen/<int:pk>/bewijzen/", domains.prove, "sso_domain_prove"),
    path(f"{HERE}domeinen/<int:pk>/verwijderen/", domains.remove, "sso_domain_remove"),
    path(f"{HERE}proef/", sign_in_test.show, "sso_sign_in_test"),
    path(f"{HERE}proef/beginnen/", sign_in_test.begin, "sso_sign_in_test_begin"),
    path(f"{HERE}inschakelen/", views.switch_on, "sso_switch_on"),
    path(f"{HERE}uitschakelen/", views.switch_off, "sso_switch_off"),
]

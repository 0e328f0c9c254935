"""Below /beheer/, before the URLs of the Django admin, and with its access check."""

from django.contrib import admin
from django.urls import path

from accounts.mfa_policy.progress import views as progress
from accounts.mfa_policy.requirement import views as requirement

BASE = "organisaties/<slug:slug>"
opened = admin.site.admin_view

urlpatterns = [
    path("organisaties/", opened(progress.organisations), name="organisations"),
    path(f"{BASE}/overzicht/", opened(progress.overview), name="organisation_overview"),
    path(f"{BASE}/overzicht/zonder-tweede-stap/", opened(progress.export), name="organisation_export"),
    path(f"{BASE}/tweede-stap/", opened(requirement.choose), name="organisation_demand"),
    path(f"{BASE}/tweede-stap/controle/", opened(requirement.check), name="organisation_demand_check"),
    path(f"{BASE}/tweede-stap/opslaan/", opened(requirement.save), name="organisation_demand_save"),
]

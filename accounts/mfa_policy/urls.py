"""Below /beheer/, before the URLs of the Django admin, and with its access check."""

from accounts.lazy_views import StaffViews, path

progress = StaffViews("accounts.mfa_policy.progress.views")
requirement = StaffViews("accounts.mfa_policy.requirement.views")
passkeys = StaffViews("accounts.mfa_policy.passkeys.views")

BASE = "organisaties/<slug:slug>"
urlpatterns = [
    path("organisaties/", progress.organisations, name="organisations"),
    path(f"{BASE}/overzicht/", progress.overview, name="organisation_overview"),
    path(f"{BASE}/overzicht/zonder-tweede-stap/", progress.export, name="organisation_export"),
    path(f"{BASE}/tweede-stap/", requirement.choose, name="organisation_demand"),
    path(f"{BASE}/tweede-stap/controle/", requirement.check, name="organisation_demand_check"),
    path(f"{BASE}/tweede-stap/opslaan/", requirement.save, name="organisation_demand_save"),
    path(f"{BASE}/passkey/", passkeys.organisation_passkey, name="organisation_passkey"),
    path("passkey-beheerders/", passkeys.staff_passkey, name="staff_passkey"),
]

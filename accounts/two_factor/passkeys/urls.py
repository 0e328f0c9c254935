from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.passkeys.views")

BASE = "persoonlijke-gegevens/passkeys"

urlpatterns = [
    path(f"{BASE}/toevoegen/", views.add, name="passkey_add"),
    path(f"{BASE}/aanbod/", views.offer, name="passkey_offer"),
    path(f"{BASE}/<int:pk>/naam/", views.rename, name="passkey_rename"),
    path(f"{BASE}/<int:pk>/verwijderen/", views.remove, name="passkey_remove"),
]

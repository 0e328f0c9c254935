from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.authenticators.views")

BASE = "persoonlijke-gegevens/twee-staps-authenticatie"

urlpatterns = [
    path(f"{BASE}/uitschakelen/", views.switch_off, name="totp_switch_off"),
    path(f"{BASE}/<int:pk>/verwijderen/", views.remove, name="totp_remove"),
    path(f"{BASE}/<int:pk>/naam/", views.rename, name="totp_rename"),
]

from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.totp.views")

BASE = "persoonlijke-gegevens/twee-staps-authenticatie"

urlpatterns = [
    path(f"{BASE}/activeren/", views.activate, name="totp_activate"),
    path(f"{BASE}/bevestigen/", views.confirm, name="totp_confirm"),
    path(f"{BASE}/bevestigen/meer-tijd/", views.more_time, name="totp_more_time"),
]

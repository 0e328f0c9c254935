from django.urls import include

from accounts.lazy_views import Views, path

views = Views("accounts.views")

# As in `assetmaps.urls`: what is asked for most comes first.
urlpatterns = [
    path("", include("accounts.sign_in.urls")),
    path("", include("accounts.two_factor.urls")),
    path("persoonlijke-gegevens/", views.personal_details, name="personal_details"),
    path("", include("accounts.sso.urls")),
    path("", include("accounts.active_sessions.urls")),
    path("", include("accounts.support.urls")),
    path("", include("accounts.audit.urls")),
    path("", include("accounts.passwords.urls")),
    path("", include("accounts.email_address.urls")),
    path("", include("accounts.language.urls")),
]

from accounts.lazy_views import Views, path

views = Views("assetmaps.well_known.views")

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security, name="security_contact"),
    path(".well-known/webauthn", views.passkey_origins, name="well_known_webauthn"),
    path(".well-known/change-password", views.password, name="well_known_change_password"),
]

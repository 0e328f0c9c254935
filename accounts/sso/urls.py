from accounts.lazy_views import Views, path

views = Views("accounts.sso.views")

urlpatterns = [
    path("inloggen/sso/", views.find_organisation, name="sso_find"),
    path("inloggen/sso/<slug:organisation>/", views.entry, name="sso_entry"),
    path(
        "inloggen/sso/<slug:organisation>/backchannel-logout/",
        views.backchannel_logout,
        name="sso_backchannel_logout",
    ),
    path("uitgelogd/", views.signed_out, name="signed_out"),
]

from accounts.lazy_views import Views, path

views = Views("environments.views")

urlpatterns = [
    path("", views.overview, name="overview"),
    path("sneltoets/aan/", views.slash_key_on, name="slash_key_on"),
    path("sneltoets/uit/", views.slash_key_off, name="slash_key_off"),
    path("organisaties/<slug:slug>/logo/<int:version>/", views.logo, name="organisation_logo"),
    path("omgevingen/<slug:slug>/", views.open_environment, name="open_environment"),
    path("omgevingen/<slug:slug>/verder/", views.go_on, name="go_on"),
    path("omgevingen/<slug:slug>/favoriet/", views.make_favourite, name="make_favourite"),
    path("omgevingen/<slug:slug>/geen-favoriet/", views.no_favourite, name="no_favourite"),
    path("omgevingen/<slug:slug>/afbeelding/<int:version>/<int:width>/", views.picture, name="environment_picture"),
]

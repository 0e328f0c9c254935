from accounts.lazy_views import Views, path

views = Views("accounts.language.views")

urlpatterns = [
    path("taal/", views.choose, name="choose_language"),
    path("persoonlijke-gegevens/taal/", views.change, name="change_language"),
]

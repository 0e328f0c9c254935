from accounts import mailed_links  # noqa: F401 - makes the converter known
from accounts.lazy_views import Views, path

views = Views("accounts.passwords.views")

urlpatterns = [
    path("wachtwoord-vergeten/", views.forgotten, name="password_forgotten"),
    path("wachtwoord-vergeten/verstuurd/", views.link_sent, name="password_link_sent"),
    path("wachtwoord-instellen/", views.set_new, name="set_new_password"),
    path("wachtwoord-instellen/<mailed:token>/", views.follow_link, name="set_password"),
    path("persoonlijke-gegevens/wachtwoord/", views.change, name="change_password"),
]

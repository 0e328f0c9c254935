from accounts import mailed_links  # noqa: F401 - makes the converter known
from accounts.lazy_views import Views, path

views = Views("accounts.email_address.views")

urlpatterns = [
    path("persoonlijke-gegevens/e-mailadres/", views.change, name="change_address"),
    path("persoonlijke-gegevens/e-mailadres/bevestigen/", views.confirm, name="confirm_address"),
    path("persoonlijke-gegevens/e-mailadres/bevestigen/<mailed:token>/", views.follow_link, name="follow_address_link"),
]

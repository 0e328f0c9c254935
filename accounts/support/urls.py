from accounts import mailed_links  # noqa: F401 - makes the converter known
from accounts.lazy_views import Views, path

views = Views("accounts.support.views")

urlpatterns = [
    path("inloggen/telefoon-kwijt/", views.lost_phone, name="lost_phone"),
    path("hulpvraag-intrekken/<mailed:token>/", views.cancel_help, name="help_cancel"),
    path("hulp-van-support-intrekken/<mailed:token>/", views.cancel_intervention, name="intervention_cancel"),
    path("dit-was-ik-niet/gemeld/", views.not_me_done, name="not_me_done"),
    path("dit-was-ik-niet/<mailed:token>/", views.not_me, name="not_me"),
]

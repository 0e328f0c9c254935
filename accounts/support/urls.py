from django.urls import path

from accounts.support import views

urlpatterns = [
    path("inloggen/telefoon-kwijt/", views.lost_phone, name="lost_phone"),
    path("hulpvraag-intrekken/<str:token>/", views.cancel_help, name="help_cancel"),
    path("hulp-van-support-intrekken/<str:token>/", views.cancel_intervention, name="intervention_cancel"),
    path("dit-was-ik-niet/gemeld/", views.not_me_done, name="not_me_done"),
    path("dit-was-ik-niet/<str:token>/", views.not_me, name="not_me"),
]

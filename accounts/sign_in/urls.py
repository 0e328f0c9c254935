from django.urls import path

from accounts.sign_in import views

urlpatterns = [
    path("inloggen/sso/<slug:organisation>/callback/", views.callback, name="sso_callback"),
    path("persoonlijke-gegevens/zakelijk-account/koppelen/", views.link, name="sso_link"),
    path("wachtwoord-instellen/zakelijk-account/", views.follow_invitation, name="sso_invited"),
]

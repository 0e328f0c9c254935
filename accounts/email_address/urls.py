from django.urls import path

from accounts.email_address import views

urlpatterns = [
    path("persoonlijke-gegevens/e-mailadres/", views.change, name="change_address"),
    path("persoonlijke-gegevens/e-mailadres/bevestigen/", views.confirm, name="confirm_address"),
    path("persoonlijke-gegevens/e-mailadres/bevestigen/<str:token>/", views.follow_link, name="follow_address_link"),
]

from django.urls import path

from accounts.two_factor.challenge import views

urlpatterns = [path("inloggen/verificatie/", views.verification_code, name="verification_code")]

from django.urls import path

from accounts.two_factor.account_recovery import views

urlpatterns = [
    path("inloggen/nieuwe-telefoon/", views.new_phone, name="new_phone"),
    path("inloggen/code-van-support/", views.bridge_code, name="bridge_code"),
    path("nieuwe-telefoon/<str:token>/", views.follow_link, name="recovery_link"),
    path("nieuwe-telefoon/", views.link_expired, name="recovery_link_expired"),
]

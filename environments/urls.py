from django.urls import path

from environments import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("omgevingen/<slug:slug>/", views.open_environment, name="open_environment"),
]

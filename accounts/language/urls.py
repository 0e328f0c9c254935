from django.urls import path

from accounts.language import views

urlpatterns = [
    path("taal/", views.choose, name="choose_language"),
    path("persoonlijke-gegevens/taal/", views.change, name="change_language"),
]

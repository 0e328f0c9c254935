from django.urls import path

from accounts.audit import views

urlpatterns = [path("persoonlijke-gegevens/activiteit/", views.security_activity, name="security_activity")]

from django.contrib.auth import views as auth
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("inloggen/", auth.LoginView.as_view(template_name="benchmarks/bare_sign_in.html")),
    path("", lambda request: HttpResponse("in")),
]

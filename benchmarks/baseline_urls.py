from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import path


@login_required
def landing(request):
    return render(request, "benchmarks/bare_landing.html")


urlpatterns = [
    path("inloggen/", auth.LoginView.as_view(template_name="benchmarks/bare_sign_in.html")),
    path("", landing),
]

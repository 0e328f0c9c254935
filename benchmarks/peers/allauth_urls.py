from django.contrib.auth.decorators import login_required
from django.urls import include, path

from benchmarks.peers.tiles.views import landing

urlpatterns = [path("accounts/", include("allauth.urls")), path("", login_required(landing))]

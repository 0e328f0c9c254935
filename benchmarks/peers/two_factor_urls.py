from django.urls import include, path
from django_otp.decorators import otp_required
from two_factor.urls import urlpatterns as two_factor

from benchmarks.peers.tiles.views import landing

urlpatterns = [path("", include(two_factor)), path("", otp_required(landing))]

from accounts import mailed_links  # noqa: F401 - makes the converter known
from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.account_recovery.views")

urlpatterns = [
    path("inloggen/nieuwe-telefoon/", views.new_phone, name="new_phone"),
    path("inloggen/code-van-support/", views.bridge_code, name="bridge_code"),
    path("nieuwe-telefoon/<mailed:token>/", views.follow_link, name="recovery_link"),
    path("nieuwe-telefoon/", views.link_expired, name="recovery_link_expired"),
]

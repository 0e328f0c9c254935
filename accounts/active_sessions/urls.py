from django.urls import register_converter

from accounts.lazy_views import Views, path

views = Views("accounts.active_sessions.views")


class SessionName:
    """Sixteen hexadecimal digits; a shorter one could point at many sessions."""

    regex = "[0-9a-f]{16}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SessionName, "session_name")

urlpatterns = [
    path("sessie/", views.left, name="session_left"),
    path("sessie/verlengen/", views.extend, name="session_extend"),
    path("persoonlijke-gegevens/sessies/", views.overview, name="sessions"),
    path("persoonlijke-gegevens/sessies/andere-beeindigen/", views.end_others, name="sessions_end_others"),
    path("persoonlijke-gegevens/sessies/<session_name:name>/beeindigen/", views.end_one, name="session_end"),
]

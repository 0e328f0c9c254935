from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.recovery_codes.views")

urlpatterns = [
    path("persoonlijke-gegevens/herstelcodes/", views.overview, name="recovery_codes"),
    path("persoonlijke-gegevens/herstelcodes/nieuw/", views.make, name="recovery_codes_make"),
    path("persoonlijke-gegevens/herstelcodes/bewaard/", views.kept, name="recovery_codes_kept"),
    path("persoonlijke-gegevens/herstelcodes/bij-de-hand/", views.still_at_hand, name="recovery_codes_at_hand"),
]

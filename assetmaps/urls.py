from django.conf import settings
from django.urls import include

from accounts.lazy_views import Namespace, Views, path

health = Views("assetmaps.health")
views = Views("assetmaps.views")

# What is asked for most comes first: an address is compared with one pattern after the other.
urlpatterns = [
    path("", include("environments.urls")),
    path("", include("accounts.urls")),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("begin/", views.begin, name="begin"),
    path("hulp/twee-staps-authenticatie/", views.help_two_factor, name="help_two_factor"),
    path("", include("assetmaps.well_known.urls")),
    path("csp-melding/", views.policy_report, name="policy_report"),
    path("beheer/sso/", include("accounts.sso.overview.urls")),
    # Before the administration itself, which answers everything else below its address.
    path("beheer/", include("accounts.mfa_policy.urls")),
    path("beheer/mensen/", include("environments.people.urls")),
    path("beheer/", include("accounts.audit_pages.urls")),
    path("beheer/", include("accounts.queue_pages.urls")),
    path("beheer/", include("accounts.privacy.urls")),
    path("beheer/support/", include("accounts.support.desk.urls")),
    path("beheer/", include("environments.administration.urls")),
    Namespace("beheer/", "assetmaps.administration_urls", "admin"),
]

if settings.DEBUG:
    urlpatterns.insert(0, path("ontwikkeling/mails/", include("assetmaps.mail_preview.urls")))

handler400 = "assetmaps.errors.bad_request"
handler403 = "assetmaps.errors.forbidden"
handler404 = "assetmaps.errors.not_found"
handler500 = "assetmaps.errors.server_error"

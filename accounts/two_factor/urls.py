from django.urls import include, path

urlpatterns = [
    path("", include("accounts.two_factor.challenge.urls")),
    path("", include("accounts.two_factor.account_recovery.urls")),
    path("", include("accounts.two_factor.authenticators.urls")),
    path("", include("accounts.two_factor.passkeys.urls")),
    path("", include("accounts.two_factor.recovery_codes.urls")),
    path("", include("accounts.two_factor.totp.urls")),
]

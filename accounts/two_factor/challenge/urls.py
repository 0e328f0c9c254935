from accounts.lazy_views import Views, path

views = Views("accounts.two_factor.challenge.views")

urlpatterns = [
    path("inloggen/verificatie/", views.verification_code, name="verification_code"),
    path("inloggen/passkey/", views.passkey, name="passkey_verify"),
    path("inloggen/herstelcode/", views.recovery_code, name="recovery_code"),
    path("inloggen/herstelcode/gebruikt/", views.after_recovery_code, name="after_recovery_code"),
]

from accounts.lazy_views import Views, path

callback = Views("accounts.sign_in.callback.views")
fresh_proof = Views("accounts.sign_in.fresh_proof.views")
passkey = Views("accounts.sign_in.passkey.views")
password = Views("accounts.sign_in.password.views")
sign_out = Views("accounts.sign_in.sign_out.views")

urlpatterns = [
    path("inloggen/", password.sign_in, name="sign_in"),
    path("inloggen/met-passkey/", passkey.sign_in, name="passkey_sign_in"),
    path("inloggen/met-passkey/opties/", passkey.options, name="passkey_sign_in_options"),
    path("uitloggen/", sign_out.sign_out, name="sign_out"),
    path("bevestig-identiteit/", fresh_proof.confirm_identity, name="confirm_identity"),
    path("inloggen/sso/<slug:organisation>/callback/", callback.callback, name="sso_callback"),
    path("persoonlijke-gegevens/zakelijk-account/koppelen/", callback.link, name="sso_link"),
    path("wachtwoord-instellen/zakelijk-account/", callback.follow_invitation, name="sso_invited"),
]

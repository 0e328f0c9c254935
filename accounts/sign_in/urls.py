from django.urls import path

from accounts.sign_in.callback import views as callback
from accounts.sign_in.fresh_proof import views as fresh_proof
from accounts.sign_in.password import views as password
from accounts.sign_in.sign_out import views as sign_out

urlpatterns = [
    path("inloggen/", password.sign_in, name="sign_in"),
    path("uitloggen/", sign_out.sign_out, name="sign_out"),
    path("bevestig-identiteit/", fresh_proof.confirm_identity, name="confirm_identity"),
    path("inloggen/sso/<slug:organisation>/callback/", callback.callback, name="sso_callback"),
    path("persoonlijke-gegevens/zakelijk-account/koppelen/", callback.link, name="sso_link"),
    path("wachtwoord-instellen/zakelijk-account/", callback.follow_invitation, name="sso_invited"),
]

"""Everything below /beheer/sso/: for staff with a second factor, by `admin_view`."""

from accounts.lazy_views import StaffViews, path

credentials = StaffViews("accounts.sso.credentials.views")
domains = StaffViews("accounts.sso.domains.views")
views = StaffViews("accounts.sso.overview.views")
setup = StaffViews("accounts.sso.setup.views")
sign_in_test = StaffViews("accounts.sso.sign_in_test.views")

HERE = "<slug:slug>/"

urlpatterns = [
    path("", views.organisations, name="sso_organisations"),
    path(HERE, views.show, name="sso_setup"),
    path(f"{HERE}aanbieder/", credentials.provider, name="sso_provider"),
    path(f"{HERE}controleren/", setup.check, name="sso_check"),
    path(f"{HERE}geheim/", credentials.secret, name="sso_secret"),
    path(f"{HERE}sleutelpaar/", credentials.key_pair, name="sso_key_pair"),
    path(f"{HERE}sleutelpaar/maken/", credentials.make_key_pair, name="sso_key_pair_make"),
    path(f"{HERE}sleutelpaar/gebruiken/", credentials.use_key_pair, name="sso_key_pair_use"),
    path(f"{HERE}sleutelpaar/certificaat/", credentials.certificate, name="sso_certificate"),
    path(f"{HERE}tweede-stap/", setup.second_step, name="sso_second_step"),
    path(f"{HERE}mensen/", setup.people, name="sso_people"),
    path(f"{HERE}noodaccount/", setup.emergency_account, name="sso_emergency_account"),
    path(f"{HERE}domeinen/", domains.domains, name="sso_domains"),
    path(f"{HERE}domeinen/<int:pk>/controleren/", domains.check, name="sso_domain_check"),
    path(f"{HERE}domeinen/<int:pk>/bewijzen/", domains.prove, name="sso_domain_prove"),
    path(f"{HERE}domeinen/<int:pk>/verwijderen/", domains.remove, name="sso_domain_remove"),
    path(f"{HERE}proef/", sign_in_test.show, name="sso_sign_in_test"),
    path(f"{HERE}proef/beginnen/", sign_in_test.begin, name="sso_sign_in_test_begin"),
    path(f"{HERE}inschakelen/", views.switch_on, name="sso_switch_on"),
    path(f"{HERE}uitschakelen/", views.switch_off, name="sso_switch_off"),
]

"""The set-up pages: who gets in, what each button does, and that nothing secret is ever shown."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.models import ClientProof, Connection, MailDomain
from tests.accounts.sso.domains.dns_server import serving
from tests.accounts.sso.provider import CLIENT_ID, Provider
from tests.conftest import outlive_proof
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db

HERE = "/beheer/sso/gemeente/"
SECRET = "heel-erg-geheim-4711"
NAMES = [
    "sso_setup", "sso_provider", "sso_check", "sso_secret", "sso_key_pair", "sso_key_pair_make", "sso_key_pair_use",
    "sso_certificate", "sso_second_step", "sso_people", "sso_emergency_account", "sso_domains", "sso_domain_check",
    "sso_domain_prove", "sso_domain_remove", "sso_sign_in_test",
    "sso_sign_in_test_begin", "sso_switch_on", "sso_switch_off",
]  # fmt: skip
READ_ONLY = {"sso_setup", "sso_certificate", "sso_sign_in_test", "sso_key_pair"}
POST_ONLY = {
    "sso_check", "sso_key_pair_make", "sso_key_pair_use", "sso_domain_check", "sso_domain_remove",
    "sso_sign_in_test_begin",
    "sso_switch_on",
}  # fmt: skip


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente", slug="gemeente")


@pytest.fixture
def worker(town: Organisation) -> User:
    return administrator(town, email="beheer@gemeente.nl")


@pytest.fixture
def client(worker: User) -> Client:
    return signed_in(worker)


def administrator(organisation: Organisation, **traits: object) -> User:
    person = UserFactory(staff=True, with_totp=True, organisation=organisation, **traits)
    person.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    return person


def agreed(organisation: Organisation, **fields: object) -> Connection:
    made = Connection(
        organisation=organisation, **{"issuer": "https://login.voorbeeld.nl", "client_id": CLIENT_ID} | fields
    )
    made.set_secret(SECRET)
    made.secret_set_at = timezone.now()
    made.save()
    return made


def address(name: str, organisation: Organisation, domain: MailDomain) -> str:
    return reverse(name, args=[organisation.slug, *([domain.pk] if "_domain_" in name else [])])


def listed(organisation: Organisation) -> MailDomain:
    return MailDomain.objects.create(organisation=organisation, domain=f"{organisation.slug}.nl", token="f" * 32)


def answers(client: Client, organisation: Organisation, domain: MailDomain) -> dict[str, set[int]]:
    found = {}
    for name in NAMES:
        page = address(name, organisation, domain)
        found[name] = {client.get(page).status_code, client.post(page).status_code}
    return found


# ASVS 8.2.1, 8.4.1
def test_pages_of_another_organisation_do_not_exist_for_this_administrator(client: Client) -> None:
    other = OrganisationFactory()
    agreed(other)
    domain = listed(other)
    for name, found in answers(client, other, domain).items():
        assert found <= {404, 405}, name
    MailDomain.objects.get(pk=domain.pk, proved_at=None)
    assert not AuditEntry.objects.filter(organisation=other).exists()


def test_domain_of_another_organisation_is_not_reached_through_the_own_pages(
    client: Client, town: Organisation
) -> None:
    theirs = listed(OrganisationFactory())
    for action in ("controleren", "verwijderen"):
        assert client.post(f"{HERE}domeinen/{theirs.pk}/{action}/").status_code == 404
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    assert boss.post(f"{HERE}domeinen/{theirs.pk}/bewijzen/", {"reason": "x"}).status_code == 404
    assert MailDomain.objects.get().proved_at is None


def test_staff_without_the_right_are_refused_everywhere(town: Organisation) -> None:
    agreed(town)
    desk = signed_in(UserFactory(in_support=True, with_totp=True, organisation=town))
    for name, found in answers(desk, town, listed(town)).items():
        assert found <= {403, 405}, name
    assert desk.get("/beheer/sso/").status_code == 403
    assert not AuditEntry.objects.filter(event__startswith="sso").exists()


def test_administrator_without_an_organisation_sees_none(town: Organisation) -> None:
    loose = UserFactory(staff=True, with_totp=True)
    loose.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    client = signed_in(loose)
    assert client.get(HERE).status_code == 404
    assert "Gemeente" not in shown(client, "/beheer/sso/")


def test_people_who_are_no_staff_and_strangers_get_nothing(town: Organisation) -> None:
    agreed(town)
    member = UserFactory(with_totp=True, organisation=town)
    member.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    for who in (signed_in(member), Client()):
        for name, found in answers(who, town, listed(OrganisationFactory())).items():
            assert found == {302}, name


def test_list_shows_the_organisations_that_the_administrator_works_for(client: Client, town: Organisation) -> None:
    OrganisationFactory(name="Andere")
    boss = shown(signed_in(UserFactory(superuser=True, with_totp=True)), "/beheer/sso/")
    assert 'href="/beheer/sso/gemeente/"' in boss
    assert "Andere" in boss
    assert client.get("/beheer/sso/").url == HERE  # the only one


def test_index_of_the_administration_leads_here(client: Client, town: Organisation) -> None:
    assert 'href="/beheer/sso/"' in shown(client, "/beheer/")
    desk = signed_in(UserFactory(in_support=True, with_totp=True))
    assert 'href="/beheer/sso/"' not in shown(desk, "/beheer/")


# ASVS 7.5.3
def test_every_change_asks_for_fresh_proof(client: Client, town: Organisation) -> None:
    agreed(town)
    domain = listed(town)
    outlive_proof(client)
    for name in NAMES:
        if name in READ_ONLY | {"sso_domain_prove", "sso_sign_in_test_begin"}:
            continue
        answer = client.post(address(name, town, domain))
        assert answer.status_code == 302, name
        assert answer.url.startswith("/bevestig-identiteit/"), name
    assert Connection.objects.get().secret() == SECRET
    assert not AuditEntry.objects.filter(event__startswith="sso").exists()


# ASVS 3.5.3
def test_nothing_is_done_by_a_link(client: Client, town: Organisation) -> None:
    agreed(town)
    domain = listed(town)
    for name in POST_ONLY:
        assert client.get(address(name, town, domain)).status_code == 405, name
    assert client.get(f"{HERE}uitschakelen/").status_code == 200
    assert not AuditEntry.objects.filter(event__startswith="sso").exists()


@pytest.mark.parametrize("slug", ["bestaat-niet", "x" * 300])
def test_organisation_that_does_not_exist_is_not_found(client: Client, slug: str) -> None:
    assert client.get(f"/beheer/sso/{slug}/").status_code == 404


def test_addresses_to_copy_are_the_public_ones(client: Client, town: Organisation) -> None:
    page = shown(client, f"{HERE}aanbieder/?soort=keycloak")
    for path in ("inloggen/sso/gemeente/callback/", "inloggen/sso/gemeente/backchannel-logout/", "uitgelogd/"):
        assert f">https://mijn.assetmaps.nl/{path}</code>" in page
    agreed(town, enabled=True)
    assert ">https://mijn.assetmaps.nl/inloggen/sso/gemeente/</code>" in shown(client, HERE)


@pytest.mark.parametrize("proof", ClientProof.values)
def test_secret_without_a_date_is_told_in_a_whole_sentence(client: Client, town: Organisation, proof: str) -> None:
    connection = agreed(town, client_proof=proof)
    connection.set_private_key(b"x")
    connection.save()
    Connection.objects.update(secret_set_at=None, secret_expires_on=None)
    page = shown(client, HERE)
    assert ("Er is een geheim." in page) != ("Er is een sleutelpaar in gebruik." in page)
    assert " op ." not in page
    assert "sinds ." not in page


def test_step_is_not_done_and_wrong_at_once(client: Client, town: Organisation) -> None:
    agreed(town)
    Connection.objects.update(findings=[["reached", ""], ["issuer_differs", "https://anders.nl"]])
    step = shown(client, HERE).partition('id="aanbieder"')[2].partition("</li>\n<li")[0]
    assert ">fout<" in step
    assert "De aanbieder noemt zich “https://anders.nl”." in step
    assert "klaar" not in step


# ASVS 14.2.6
def test_secret_is_shown_by_no_page_again(client: Client, town: Organisation, provider: Provider) -> None:
    agreed(town, issuer=provider.issuer)
    tomorrow = timezone.localdate() + timedelta(days=1)
    page = shown(client, f"{HERE}geheim/", {"secret": "nieuw-geheim-815", "expires_on": tomorrow.isoformat()})
    assert "Verloopt over 1 dag." in page
    assert "Er is een geheim." in page
    assert Connection.objects.get().secret() == "nieuw-geheim-815"
    for path in ("", "geheim/", "aanbieder/", "sleutelpaar/", "proef/"):
        seen = shown(client, f"{HERE}{path}")
        assert "nieuw-geheim" not in seen
        assert SECRET not in seen


def test_refused_secret_is_carried_nowhere(client: Client, town: Organisation) -> None:
    agreed(town)
    answer = client.post(f"{HERE}geheim/", {"secret": "nieuw-geheim-815", "expires_on": "2001-01-01"})
    assert "nieuw-geheim" not in str(answer.cookies) + answer.url
    page = shown(client, f"{HERE}geheim/")
    assert "Deze datum is voorbij." in page
    assert "nieuw-geheim" not in page
    assert Connection.objects.get().secret() == SECRET


def test_date_as_dutch_people_write_it_is_understood(client: Client, town: Organisation) -> None:
    agreed(town)
    client.post(f"{HERE}geheim/", {"secret": "x", "expires_on": "31-12-2099"})
    assert str(Connection.objects.get().secret_expires_on) == "2099-12-31"


def test_key_pair_is_made_downloaded_and_used(client: Client, town: Organisation, provider: Provider) -> None:
    agreed(town, issuer=provider.issuer)
    page = shown(client, f"{HERE}sleutelpaar/maken/", {"kind": "ec"})
    assert "Het nieuwe sleutelpaar wacht" in page
    assert '"kty": "EC"' in page
    certificate = client.get(f"{HERE}sleutelpaar/certificaat/")
    assert certificate["Content-Disposition"] == 'attachment; filename="mijn-assetmaps-gemeente.cer"'
    assert certificate.content.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in certificate.content
    assert "PRIVATE" not in page
    key_id = re.search(r'name="key_id" value="([^"]+)"', page)[1]
    done = shown(client, f"{HERE}sleutelpaar/gebruiken/", {"key_id": key_id})
    assert "is een sleutelpaar in gebruik" in done
    assert "De aanbieder accepteert het bewijs niet" in done  # this one says nothing about key pairs
    assert Connection.objects.get().client_proof == ClientProof.KEY_PAIR


def test_entra_is_offered_rsa_only_because_it_takes_nothing_else(client: Client, town: Organisation) -> None:
    agreed(town, issuer="https://login.microsoftonline.com/1b2c3d4e-5f60-4711-8a9b-0c1d2e3f4a5b/v2.0")
    page = shown(client, f"{HERE}sleutelpaar/")
    assert 'value="ec"' not in page
    client.post(f"{HERE}sleutelpaar/maken/", {"kind": "ec"})
    assert not Connection.objects.get().next_key_id


@pytest.mark.parametrize("kind", ["", "dsa", "\x00"])
def test_unknown_kind_of_key_makes_none(client: Client, town: Organisation, kind: str) -> None:
    agreed(town)
    assert client.post(f"{HERE}sleutelpaar/maken/", {"kind": kind}).status_code == 302
    assert not Connection.objects.get().next_key_id


def test_certificate_that_does_not_exist_is_not_found(client: Client, town: Organisation) -> None:
    assert client.get(f"{HERE}sleutelpaar/certificaat/").status_code == 404
    agreed(town)
    assert client.get(f"{HERE}sleutelpaar/certificaat/").status_code == 404


def test_second_step_asks_for_the_value_that_a_claim_must_have(client: Client, town: Organisation) -> None:
    agreed(town)
    page = shown(client, f"{HERE}tweede-stap/", {"vouching": "acrs", "value": "", "missing_proof": "refuse"})
    assert "Vul de waarde in die de tweede stap laat zien." in page
    shown(client, f"{HERE}tweede-stap/", {"vouching": "acrs", "value": "c1", "missing_proof": "refuse"})
    connection = Connection.objects.get()
    assert (connection.vouching, connection.vouching_value, connection.missing_proof) == ("acrs", "c1", "refuse")


def test_value_without_a_claim_is_dropped_because_it_would_mean_nothing(client: Client, town: Organisation) -> None:
    agreed(town)
    shown(client, f"{HERE}tweede-stap/", {"vouching": "agreement", "value": "mfa", "missing_proof": "ask_ours"})
    assert Connection.objects.get().vouching_value == ""


@pytest.mark.parametrize("values", [{}, {"vouching": "x", "missing_proof": "y"}, {"vouching": "amr\x00"}])
def test_rubbish_about_the_second_step_changes_nothing(
    client: Client, town: Organisation, values: dict[str, str]
) -> None:
    agreed(town)
    assert client.post(f"{HERE}tweede-stap/", values).status_code == 302
    assert Connection.objects.get().vouching == "ours"


def test_arrival_and_the_claim_are_kept(client: Client, town: Organisation) -> None:
    agreed(town)
    shown(client, f"{HERE}mensen/", {"make_on_arrival": "on", "group_claim": "roles"})
    assert Connection.objects.filter(make_on_arrival=True, group_claim="roles").exists()
    client.post(f"{HERE}mensen/", {"group_claim": "is_staff"})
    assert Connection.objects.get().group_claim == "roles"


def test_emergency_account_is_chosen_among_the_own_people(client: Client, town: Organisation, worker: User) -> None:
    agreed(town)
    stranger = UserFactory(organisation=OrganisationFactory(), email="vreemd@elders.nl")
    page = shown(client, f"{HERE}noodaccount/")
    assert worker.email in page
    assert stranger.email not in page
    client.post(f"{HERE}noodaccount/", {"person": str(stranger.pk)})
    assert Connection.objects.get().break_glass is None
    client.post(f"{HERE}noodaccount/", {"person": str(worker.pk)})
    assert Connection.objects.get().break_glass == worker


# ASVS 8.2.3
def test_fields_that_no_form_has_are_ignored(client: Client, town: Organisation) -> None:
    made = agreed(town)
    extra = {"enabled": "on", "organisation": "1", "tested_at": "2026-01-01", "break_glass": "1", "id": "1"}
    client.post(f"{HERE}mensen/", {"make_on_arrival": "on"} | extra)
    fresh = Connection.objects.get()
    assert (fresh.enabled, fresh.tested_at, fresh.break_glass, fresh.pk) == (False, None, None, made.pk)


def test_switching_on_says_what_is_missing(client: Client, town: Organisation) -> None:
    agreed(town)
    page = shown(client, f"{HERE}inschakelen/", {})
    assert "Proefinloggen is met deze instellingen nog niet gelukt." in page
    (told,) = get_messages(client.post(f"{HERE}inschakelen/").wsgi_request)
    assert str(told).startswith("Nog niet alles is klaar.")
    assert not Connection.objects.get().enabled


def test_switching_on_and_off(client: Client, town: Organisation) -> None:
    agreed(town, findings=[["reached", ""]], tested_at=timezone.now())
    assert "Inloggen met zakelijk account staat aan." in shown(client, f"{HERE}inschakelen/", {})
    assert Connection.objects.get().enabled
    assert "Inloggen met zakelijk account staat uit." in shown(client, f"{HERE}uitschakelen/", {})
    assert not Connection.objects.get().enabled


def test_status_tells_the_last_failure_with_its_reason(client: Client, town: Organisation) -> None:
    agreed(town, failed_at=timezone.now(), failure="our_secret")
    page = shown(client, HERE)
    assert "De aanbieder accepteert ons geheim of sleutelpaar niet." in page
    assert "(our_secret)" in page
    Connection.objects.update(failure="van-een-andere-versie <b>")
    assert "van-een-andere-versie <b>" in shown(client, HERE)


def test_what_a_provider_says_is_never_markup(client: Client, town: Organisation) -> None:
    agreed(town, findings=[["issuer_differs", "<script>alert(1)</script>"]])
    raw = client.get(HERE).content.decode()
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert" in raw


def test_domain_is_added_checked_and_removed(client: Client, town: Organisation, settings: object) -> None:
    page = shown(client, f"{HERE}domeinen/", {"domain": "@Voorbeeld.nl"})
    assert "aria-invalid" not in page
    domain = MailDomain.objects.get()
    assert f"assetmaps-verificatie={domain.token}" in page
    assert ">_assetmaps.voorbeeld.nl</code>" in page
    with serving({"_assetmaps.voorbeeld.nl": "nxdomain"}) as (server, _asked):
        settings.DNS_RESOLVERS = [server]
        assert "Dit record is er nog niet." in shown(client, f"{HERE}domeinen/{domain.pk}/controleren/", {})
    zone = {"_assetmaps.voorbeeld.nl": [[f"assetmaps-verificatie={domain.token}".encode()]]}
    with serving(zone) as (server, _asked):
        settings.DNS_RESOLVERS = [server]
        assert "Het domein is bewezen." in shown(client, f"{HERE}domeinen/{domain.pk}/controleren/", {})
    assert "Het domein is verwijderd." in shown(client, f"{HERE}domeinen/{domain.pk}/verwijderen/", {})
    assert not MailDomain.objects.exists()


def test_refusal_does_not_say_which_organisation_has_the_domain(client: Client, town: Organisation) -> None:
    other = OrganisationFactory(name="Geheime BV", slug="geheime-bv")
    MailDomain.objects.create(organisation=other, domain="voorbeeld.nl", token="x", proved_at=timezone.now())
    page = shown(client, f"{HERE}domeinen/", {"domain": "voorbeeld.nl"})
    assert "Een andere organisatie heeft dit domein bewezen." in page
    assert 'aria-invalid="true"' in page
    assert "geheime" not in page.lower()


def test_only_a_superuser_proves_with_a_reason(client: Client, town: Organisation) -> None:
    domain = listed(town)
    page = f"{HERE}domeinen/{domain.pk}/bewijzen/"
    assert client.get(page).status_code == 403
    assert client.post(page, {"reason": "x"}).status_code == 403
    assert page not in shown(client, f"{HERE}domeinen/")
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    assert "Schrijf op waarom" in shown(boss, page, {"reason": " "})
    shown(boss, page, {"reason": "Contract gezien"})
    assert "Contract gezien" in shown(boss, f"{HERE}domeinen/")
    assert MailDomain.objects.get().proved_at is not None


def test_every_page_has_one_heading_and_no_inline_code(client: Client, town: Organisation) -> None:
    agreed(town)
    domain = listed(town)
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    for name in [name for name in NAMES if name not in POST_ONLY | {"sso_certificate"}]:
        text = boss.get(address(name, town, domain)).content.decode()
        assert len(re.findall(r"<h1[\s>]", text)) == 1, name
        assert 'lang="nl"' in text, name
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text), name

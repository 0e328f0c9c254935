"""The administration (Beheer): who has access, and what they may do there."""

from __future__ import annotations

import base64
import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client, RequestFactory
from django_otp.models import Device

from accounts import flows
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE
from accounts.lazy_views import load_administration
from accounts.models import User
from accounts.organisations.models import Membership
from accounts.two_factor import devices
from environments.models import Environment
from tests.accounts.test_access_control import every_address
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import CONFIRM, browser, half_signed_in, is_signed_in, shown, signed_in, text

load_administration()

pytestmark = pytest.mark.django_db

PEOPLE = "/beheer/accounts/user/"
NEW_PERSON = {
    "email": "nieuw@voorbeeld.nl",
    "first_name": "Nina",
    "last_name": "Nieuw",
    "language": "nl",
}
EVERYONE = "work_for_every_organisation"


@pytest.fixture
def boss() -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True, email="baas@voorbeeld.nl"))


def staff_with(*codenames: str) -> tuple[User, Client]:
    person = UserFactory(staff=True, with_totp=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person, signed_in(person)


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def values_of(person: User, **changes: str) -> dict[str, str]:
    values = NEW_PERSON | {"email": person.email, "first_name": person.first_name, "last_name": person.last_name}
    for flag in ("is_active", "is_staff", "is_superuser"):
        if getattr(person, flag):
            values[flag] = "on"
    return {name: value for name, value in (values | changes).items() if value}


def test_stranger_is_sent_to_our_own_sign_in() -> None:
    assert shown(browser(), "/beheer/").count("<h1>Inloggen</h1>") == 1


# ASVS 8.2.1
def test_employee_is_not_let_in() -> None:
    client = signed_in(UserFactory(with_totp=True))
    for address in ("/beheer/", PEOPLE, "/beheer/login/", "/beheer/bestaat-niet/"):
        page = client.get(address, follow=True)
        assert page.request["PATH_INFO"] == "/", address


def test_staff_without_a_second_step_are_sent_to_the_set_up() -> None:  # ASVS 6.3.4
    client = signed_in(UserFactory(superuser=True))
    for address in ("/beheer/", PEOPLE, f"{PEOPLE}1/change/", "/beheer/jsi18n/"):
        assert client.get(address).url == CONFIRM
        assert client.post(address).url == CONFIRM
    assert "Voor het beheer is een tweede stap nodig." in shown(client, CONFIRM)


def test_staff_with_a_verified_session_are_let_in(boss: Client) -> None:
    page = shown(boss, "/beheer/")
    assert "Personen" in page
    assert "<title>Beheer · Mijn Assetmaps</title>" in page


def test_list_of_organisations_leads_to_what_this_worker_may_open(boss: Client) -> None:
    town = OrganisationFactory(slug="stad")
    assert "Persoon toevoegen</a>" in shown(boss, PEOPLE)
    pages = {"/beheer/organisaties/stad/overzicht/": "view_user", "/beheer/sso/stad/": "change_organisation"}
    for right in (*pages.values(), "view_group"):
        worker = UserFactory(staff=True, with_totp=True, organisation=town)
        worker.user_permissions.set(Permission.objects.filter(codename__in=["view_organisation", right]))
        page = shown(signed_in(worker), "/beheer/organisations/organisation/")
        assert {address for address in pages if f'href="{address}"' in page} == {
            address for address, needed in pages.items() if needed == right
        }


# ASVS 6.4.6
def test_stock_sign_in_and_password_forms_are_gone(boss: Client) -> None:
    assert browser().get("/beheer/login/").url == "/inloggen/"
    assert browser().post("/beheer/login/", {"username": "a", "password": "b"}).url == "/inloggen/"
    assert boss.get("/beheer/password_change/").url == "/persoonlijke-gegevens/wachtwoord/"
    assert boss.post("/beheer/password_change/", {}).status_code == 302


def test_first_administrator_comes_from_the_command_and_needs_a_second_step() -> None:
    call_command("createsuperuser", email="eerste@voorbeeld.nl", interactive=False, verbosity=0)
    person = User.objects.get()
    assert (person.is_staff, person.is_superuser, person.has_usable_password()) == (True, True, False)


def test_no_page_of_the_administration_has_a_password_field(boss: Client) -> None:  # ASVS 6.4.6
    person = UserFactory()
    for name, address in every_address(person.pk, "x"):
        if name.startswith("admin:"):
            assert not re.search(r'type="password"|name="password', text(boss.get(address))), address


# ASVS 14.2.4, 14.2.6
def test_no_page_of_the_administration_shows_a_secret(boss: Client) -> None:  # ASVS 6.5.2, 14.2.4
    person = UserFactory(with_totp=True)
    AuthenticatorFactory(user=person, confirmed=False)
    secrets = [device.secret() for device in person.authenticator_set.all()]
    secrets += [bytes(device.sealed_secret) for device in person.authenticator_set.all()]
    for name, address in every_address(person.pk, "x"):
        if name.startswith("admin:"):
            page = shown(boss, address).lower()
            for secret in secrets:
                for readable in (secret.hex(), base64.b32encode(secret).decode(), base64.b64encode(secret).decode()):
                    assert readable.lower() not in page, address
            assert "otpauth:" not in page
            assert "argon2" not in page


# ASVS 6.4.1
def test_adding_a_person_sends_an_invitation(boss: Client, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = boss.post(f"{PEOPLE}add/", NEW_PERSON | {"password": "x" * 20, "is_superuser": "on"})
    assert answer.status_code == 302
    person = User.objects.get(email="nieuw@voorbeeld.nl")
    assert not person.has_usable_password()
    assert not person.is_superuser
    entry = AuditEntry.objects.get(event="invited")
    assert (entry.subject, entry.actor.email) == (person, "baas@voorbeeld.nl")
    assert [(message.to, message.subject) for message in mails()] == [
        (["nieuw@voorbeeld.nl"], "Je bent uitgenodigd voor Assetmaps")
    ]


def test_same_address_in_other_case_is_told_and_not_added(boss: Client) -> None:
    answer = boss.post(f"{PEOPLE}add/", NEW_PERSON | {"email": "BAAS@voorbeeld.nl"})
    assert "Er is al iemand met dit e-mailadres." in text(answer)
    assert User.objects.count() == 1


def test_look_alike_letters_in_an_address_are_refused(boss: Client) -> None:
    answer = boss.post(f"{PEOPLE}add/", NEW_PERSON | {"email": "b\u0430as@voorbeeld.nl"})
    assert answer.status_code == 200
    assert User.objects.count() == 1


def test_deactivating_ends_every_session_at_once(boss: Client) -> None:  # ASVS 7.4.2
    person = UserFactory(with_totp=True)
    client, owing = signed_in(person), half_signed_in(person)
    assert boss.post(page_of(person), values_of(person, is_active="")).status_code == 302
    assert not Session.objects.filter(user=person).exists()
    assert not is_signed_in(client)
    assert owing.get("/inloggen/verificatie/").url == "/inloggen/"
    assert AuditEntry.objects.get(event="deactivated").actor.email == "baas@voorbeeld.nl"


def test_another_address_ends_sessions_and_is_mailed_to_both(
    boss: Client, django_capture_on_commit_callbacks: object
) -> None:  # ASVS 6.3.7
    person = UserFactory(email="oud@voorbeeld.nl")
    client = signed_in(person)
    with django_capture_on_commit_callbacks(execute=True):
        boss.post(page_of(person), values_of(person, email="vers@voorbeeld.nl"))
    assert not is_signed_in(client)
    assert sorted(message.to[0] for message in mails()) == ["oud@voorbeeld.nl", "vers@voorbeeld.nl"]
    assert AuditEntry.objects.get(event="address_changed").detail == {"before": "oud@voorbeeld.nl"}


def test_editing_a_person_does_not_undo_what_the_person_did_meanwhile() -> None:
    person = UserFactory()
    seen_by_the_administrator = User.objects.get(pk=person.pk)
    person.set_password("een nieuwe lange zin")
    person.links_issued = 7
    person.save()
    seen_by_the_administrator.first_name = "Anders"
    before = User.objects.get(pk=person.pk)
    flows.change_person(seen_by_the_administrator, before=before, actor=person, origin=CONSOLE)
    person.refresh_from_db()
    assert person.first_name == "Anders"
    assert person.check_password("een nieuwe lange zin")
    assert person.links_issued == 7


def test_superuser_gives_rights(boss: Client) -> None:
    person = UserFactory()
    boss.post(page_of(person), values_of(person, is_staff="on"))
    person.refresh_from_db()
    assert person.is_staff


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "groups", "user_permissions"])
def test_who_is_no_superuser_cannot_give_rights(right: str) -> None:  # ASVS 8.2.1
    actor, client = staff_with("view_user", "change_user", EVERYONE)
    person = UserFactory()
    value = {"groups": Group.objects.first, "user_permissions": Permission.objects.first}.get(right)
    values = values_of(person, first_name="Anders") | {right: str(value().pk) if value else "on"}
    for subject in (person, actor):
        client.post(page_of(subject), values | {"email": subject.email})
        subject.refresh_from_db()
        assert not subject.is_superuser
        assert not subject.groups.exists()
    assert person.first_name == "Anders"
    assert not person.is_staff
    assert not person.user_permissions.exists()
    assert actor.user_permissions.count() == 3


def test_who_is_no_superuser_cannot_change_a_group() -> None:  # ASVS 8.2.1
    actor, client = staff_with("view_group", "add_group", "change_group", "delete_group", "view_user", "change_user")
    group = Group.objects.create(name="Mijn groep")
    actor.groups.add(group)
    every_right = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    client.post(f"/beheer/auth/group/{group.pk}/change/", {"name": "Mijn groep", "permissions": every_right})
    client.post("/beheer/auth/group/add/", {"name": "Nieuw", "permissions": every_right})
    assert not group.permissions.exists()
    assert not Group.objects.filter(name="Nieuw").exists()


# ASVS 8.3.1
@pytest.mark.parametrize("kind", ["superuser", "staff with another right"])
def test_nobody_changes_a_person_with_more_rights(kind: str) -> None:  # ASVS 8.2.1
    _actor, client = staff_with("view_user", "change_user", EVERYONE)
    person = UserFactory(superuser=True) if kind == "superuser" else staff_with("delete_environment")[0]
    answer = client.post(page_of(person), values_of(person, email="dief@voorbeeld.nl"))
    assert answer.status_code == 403
    person.refresh_from_db()
    assert person.email != "dief@voorbeeld.nl"


# ASVS 8.2.1
def test_staff_without_rights_see_nothing() -> None:
    _actor, client = staff_with()
    for address in (PEOPLE, f"{PEOPLE}add/", "/beheer/activiteit/", "/beheer/environments/environment/"):
        assert client.get(address).status_code == 403


def test_people_are_never_deleted(boss: Client) -> None:
    person = UserFactory()
    assert boss.get(f"{PEOPLE}{person.pk}/delete/").status_code == 403
    assert boss.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    boss.post(PEOPLE, {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()
    assert f"{PEOPLE}{person.pk}/delete/" not in shown(boss, page_of(person))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=jansen", {"jan@voorbeeld.nl"}),
        ("q=JAN@", {"jan@voorbeeld.nl"}),
        ("second_step=on", {"piet@voorbeeld.nl", "baas@voorbeeld.nl"}),
        ("second_step=off", {"jan@voorbeeld.nl"}),
        ("is_staff__exact=1", {"baas@voorbeeld.nl"}),
        ("is_active__exact=0", {"piet@voorbeeld.nl"}),
        ("second_step=zomaar", {"jan@voorbeeld.nl", "piet@voorbeeld.nl", "baas@voorbeeld.nl"}),
    ],
)
def test_people_are_found_and_filtered(boss: Client, query: str, found: set[str]) -> None:
    UserFactory(email="jan@voorbeeld.nl", last_name="Jansen")
    piet = UserFactory(email="piet@voorbeeld.nl", is_active=False, with_totp=True)
    AuthenticatorFactory(user=User.objects.get(email="jan@voorbeeld.nl"), confirmed=False)
    assert devices.has_confirmed_device(piet)
    answer = boss.get(f"{PEOPLE}?{query}")
    assert {person.email for person in answer.context["cl"].result_list} == found


def test_people_are_filtered_by_organisation(boss: Client) -> None:
    ours, theirs = OrganisationFactory(), OrganisationFactory()
    person = UserFactory(organisation=ours)
    UserFactory(organisation=theirs)
    answer = boss.get(f"{PEOPLE}?organisation={ours.pk}")
    assert list(answer.context["cl"].result_list) == [person]


def test_list_of_people_takes_the_same_queries_for_few_and_many(
    boss: Client, django_assert_max_num_queries: object
) -> None:
    for _ in range(40):
        UserFactory(organisation=OrganisationFactory())
    with django_assert_max_num_queries(12):
        boss.get(PEOPLE)


def test_organisations_environments_and_access_are_managed(boss: Client) -> None:
    values = {"name": "Gemeente", "slug": "gemeente", "colour": "#1f6f54"}
    assert boss.post("/beheer/organisations/organisation/add/", values).status_code == 302
    wrong = boss.post("/beheer/organisations/organisation/add/", values | {"name": "B", "slug": "b", "colour": "red"})
    assert "Geef een kleur als #" in text(wrong)
    environment, person = EnvironmentFactory(), UserFactory()
    boss.post("/beheer/environments/access/add/", {"user": person.pk, "environment": environment.pk})
    assert person.access.get().environment == environment


def test_administrator_puts_a_person_in_an_organisation(boss: Client) -> None:
    person, organisation = UserFactory(), OrganisationFactory()
    values = values_of(person) | {"organisation": organisation.name}
    assert boss.post(page_of(person), values).status_code == 302
    assert Membership.objects.get().organisation == organisation


def test_environment_address_is_a_web_address(boss: Client) -> None:  # ASVS 3.7.2
    values = {
        "organisation": OrganisationFactory().pk,
        "name": "Kaart",
        "slug": "kaart",
        "group_mappings-TOTAL_FORMS": "0",
        "group_mappings-INITIAL_FORMS": "0",
    }
    for address in ("javascript:alert(1)", "ftp://x.nl/", "data:text/html,x"):
        assert boss.post("/beheer/environments/environment/add/", values | {"address": address}).status_code == 200
    boss.post("/beheer/environments/environment/add/", values | {"address": "kaart.voorbeeld.nl"})
    assert Environment.objects.get().address == "https://kaart.voorbeeld.nl"


def test_audit_has_no_raw_pages(boss: Client) -> None:  # ASVS 16.4.2
    entry = AuditEntry.objects.first()
    for page in ("", "add/", f"{entry.pk}/change/", f"{entry.pk}/delete/"):
        address = f"/beheer/audit/auditentry/{page}"
        assert boss.get(address).status_code == boss.post(address, {"reason": "x", "post": "yes"}).status_code == 404
    assert AuditEntry.objects.get(pk=entry.pk).reason == ""


def test_names_are_escaped_in_the_administration(boss: Client) -> None:  # ASVS 3.2.2
    person = UserFactory(first_name="<script>alert(1)</script>", with_totp=True)
    for address in (PEOPLE, page_of(person), f"/beheer/support/{person.pk}/", f"{PEOPLE}{person.pk}/history/"):
        assert b"<script>alert" not in boss.get(address).content


def test_superuser_changes_a_group(boss: Client) -> None:
    group = Group.objects.get(name="Support")
    boss.post(f"/beheer/auth/group/{group.pk}/change/", {"name": "Servicedesk", "permissions": []})
    group.refresh_from_db()
    assert group.name == "Servicedesk"


# ASVS 8.3.1
def test_no_page_of_the_administration_holds_or_deletes_what_opens_an_account(boss: Client) -> None:
    registered = {model._meta.label: pages for model, pages in admin.site._registry.items()}
    secrets = ("two_factor.", "support.", "active_sessions.", "audit.")
    assert not {label for label in registered if label.startswith(secrets)}
    assert not {label for label in registered if issubclass(apps.get_model(label), Device)}
    request = RequestFactory().get("/")
    request.user = User.objects.get(email="baas@voorbeeld.nl")
    assert not registered["accounts.User"].has_delete_permission(request)
    for pages in registered.values():
        inlined = {inline.model._meta.app_label for inline in pages.inlines}
        assert not inlined & {"two_factor", "support", "active_sessions"}


def test_list_without_anything_says_so_and_what_to_do() -> None:
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    assert "Hier staat nog niets. Voeg de eerste toe" in text(client.get("/beheer/environments/environment/"))
    page = text(client.get("/beheer/accounts/user/?q=zomaarniemand"))
    assert 'Niets voldoet hieraan. Typ minder, of laat een filter weg. <a href="?">Alles laten zien</a>' in page
    assert "Niets voldoet hieraan" not in text(client.get("/beheer/accounts/user/"))


def test_first_cell_of_each_row_says_that_it_is_a_heading_and_typed_text_cannot_look_like_one() -> None:
    typed = '<th class="field-email">'
    UserFactory(first_name=typed)
    page = signed_in(UserFactory(superuser=True, with_totp=True)).get(PEOPLE).content.decode()
    body = page.partition('id="result_list"')[2].partition("</table>")[0]
    assert body.count('<th scope="row" class="field-') == User.objects.count()
    assert "&lt;th class=" in body
    assert '<th class="field-' not in body
    assert all("scope=" in tag for tag in re.findall(r"<th\b[^>]*>", body))

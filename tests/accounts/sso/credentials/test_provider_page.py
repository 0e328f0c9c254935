"""The page of the provider: everything that it gives in one form, with the words of its kind."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.organisations.models import Organisation
from accounts.sso.inspection.reading import ProviderReader
from accounts.sso.models import Connection
from accounts.sso.refusal_reasons import Reason, RefusedError
from tests.accounts.sso.provider import CLIENT_ID, Provider
from tests.accounts.sso.setup.test_pages import HERE, SECRET, administrator, agreed
from tests.factories import OrganisationFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db

ENTRA = "https://login.microsoftonline.com/1b2c3d4e-5f60-4711-8a9b-0c1d2e3f4a5b/v2.0"


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente", slug="gemeente")


@pytest.fixture
def client(town: Organisation) -> Client:
    return signed_in(administrator(town, email="beheer@gemeente.nl"))


def test_saved_provider_is_read_at_once_and_every_finding_is_a_sentence(
    client: Client, town: Organisation, provider: Provider
) -> None:
    page = shown(client, f"{HERE}aanbieder/", {"issuer": f" {provider.issuer} ", "client_id": CLIENT_ID})
    assert "Opgeslagen." in page
    assert "De aanbieder noemt zich precies zoals je hebt ingevuld." in page
    assert "De sleutels waarmee de aanbieder ondertekent, zijn te lezen." in page
    assert Connection.objects.get().issuer == provider.issuer


def test_nothing_is_lost_when_the_provider_is_down(client: Client, town: Organisation, settings: object) -> None:
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = ["127.0.0.1:1"]
    page = shown(client, f"{HERE}aanbieder/", {"issuer": "http://127.0.0.1:1", "client_id": CLIENT_ID})
    assert "De aanbieder geeft geen antwoord op dit adres." in page
    assert Connection.objects.get().client_id == CLIENT_ID


@pytest.mark.parametrize(
    ("issuer", "sentence"),
    [
        ("", "Vul de issuer of de tenant-id in."),
        ("common", "staan voor elk Microsoft-account ter wereld"),
        ("http://login.voorbeeld.nl", "moet beginnen met https://"),
        ("zomaar <b>iets</b>", "Dit is geen adres en geen tenant-id."),
    ],
)
def test_refused_provider_keeps_what_was_typed(client: Client, town: Organisation, issuer: str, sentence: str) -> None:
    page = shown(client, f"{HERE}aanbieder/", {"issuer": issuer, "client_id": "mijn-client"})
    assert sentence in page
    assert 'value="mijn-client"' in page
    assert not Connection.objects.exists()


def test_provider_that_is_on_must_be_switched_off_first(client: Client, town: Organisation) -> None:
    agreed(town, enabled=True)
    page = shown(client, f"{HERE}aanbieder/", {"issuer": "https://anders.nl", "client_id": "x"})
    assert "Schakel inloggen met zakelijk account eerst uit" in page
    assert Connection.objects.get().issuer == "https://login.voorbeeld.nl"


def test_secret_is_filled_in_with_the_provider_on_one_page(
    client: Client, town: Organisation, provider: Provider
) -> None:
    values = {"issuer": provider.issuer, "client_id": CLIENT_ID, "secret": SECRET, "expires_on": "2099-12-31"}
    page = shown(client, f"{HERE}aanbieder/", values)
    assert SECRET not in page
    connection = Connection.objects.get()
    assert (connection.secret(), str(connection.secret_expires_on)) == (SECRET, "2099-12-31")
    assert connection.checked_at is not None
    events = AuditEntry.objects.filter(event__startswith="sso").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["sso_changed", "sso_secret_set"]


def test_secret_that_is_left_empty_stays(client: Client, town: Organisation, provider: Provider) -> None:
    agreed(town, issuer=provider.issuer)
    shown(client, f"{HERE}aanbieder/", {"issuer": provider.issuer, "client_id": "een-ander", "secret": ""})
    connection = Connection.objects.get()
    assert (connection.client_id, connection.secret()) == ("een-ander", SECRET)


def test_new_secret_is_not_kept_when_the_provider_may_not_change(client: Client, town: Organisation) -> None:
    agreed(town, enabled=True)
    shown(client, f"{HERE}aanbieder/", {"issuer": "https://anders.nl", "client_id": "x", "secret": "nieuw-geheim-815"})
    assert Connection.objects.get().secret() == SECRET
    same = {"issuer": "https://login.voorbeeld.nl", "client_id": CLIENT_ID, "secret": "nieuw-geheim-815"}
    shown(client, f"{HERE}aanbieder/", same)
    assert Connection.objects.get().secret() == "nieuw-geheim-815"


def test_date_without_a_secret_is_not_dropped_unseen(client: Client, town: Organisation) -> None:
    agreed(town)
    values = {"issuer": "https://login.voorbeeld.nl", "client_id": CLIENT_ID, "expires_on": "2099-12-31"}
    assert "Vul het geheim in." in shown(client, f"{HERE}aanbieder/", values)


def test_mail_domain_of_the_members_is_filled_in_for_entra(client: Client, town: Organisation) -> None:
    page = shown(client, f"{HERE}aanbieder/?soort=entra")
    assert 'value="gemeente.nl"' in page
    assert "App registrations" in page
    assert 'value="gemeente.nl"' not in shown(client, f"{HERE}aanbieder/?soort=keycloak")


def test_mail_domain_becomes_the_tenant_of_entra(
    client: Client, town: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProviderReader, "document", lambda _reader, _issuer: {"issuer": ENTRA})
    address = f"{HERE}aanbieder/?soort=entra"
    shown(client, address, {"issuer": "gemeente.nl", "client_id": CLIENT_ID, "secret": SECRET})
    assert Connection.objects.get().issuer == ENTRA
    assert f'value="{ENTRA.split("/")[3]}"' in shown(client, f"{HERE}aanbieder/")


def test_mail_domain_that_entra_does_not_know_is_told(
    client: Client, town: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_reader: ProviderReader, _issuer: str) -> None:
        raise RefusedError(Reason.HTTP_STATUS)

    monkeypatch.setattr(ProviderReader, "document", unknown)
    page = shown(client, f"{HERE}aanbieder/?soort=entra", {"issuer": "gemeente.nl", "client_id": CLIENT_ID})
    assert "Entra ID kent dit maildomein niet." in page
    assert "App registrations" in page  # still the words of the kind that was chosen
    assert not Connection.objects.exists()


def test_google_asks_for_no_address(client: Client, town: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSO_CHECKS", 0)  # nothing is asked of Google
    address = f"{HERE}aanbieder/?soort=google"
    assert 'name="issuer"' not in shown(client, address)
    shown(client, address, {"client_id": CLIENT_ID, "secret": SECRET, "issuer": "https://kwaad.nl"})
    assert Connection.objects.get().issuer == "https://accounts.google.com"


@pytest.mark.parametrize("typed", ["/", "/.well-known/openid-configuration"])
def test_address_of_a_realm_and_of_its_document_both_work(
    client: Client, town: Organisation, provider: Provider, typed: str
) -> None:
    address = f"{HERE}aanbieder/?soort=keycloak"
    page = shown(client, address, {"issuer": provider.issuer + typed, "client_id": CLIENT_ID})
    assert Connection.objects.get().issuer == provider.issuer
    assert "De aanbieder noemt zich precies zoals je hebt ingevuld." in page


@pytest.mark.parametrize("word", ["", "onzin", "<b>", "../setup"])
def test_unknown_kind_of_provider_is_another_provider(client: Client, town: Organisation, word: str) -> None:
    assert "authorization code flow" in shown(client, f"{HERE}aanbieder/?{urlencode({'soort': word})}")

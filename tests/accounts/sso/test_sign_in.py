"""Signing in with the business account, without faults."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import VIA
from accounts.models import User
from accounts.sso.models import Connection
from accounts.sso.provider import discovery
from tests.accounts.sso.browsing import (
    FIND,
    come_back,
    connect,
    domain,
    employee,
    entry,
    leave,
    led_to,
    sign_in_there,
    signed_in_there,
)
from tests.accounts.sso.provider import Provider, public_jwk
from tests.codes import code_of
from tests.conftest import browser
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import CODE, CONFIRM, DETAILS, SIGN_IN, is_signed_in, session_key, session_row, shown, signed_in, text

pytestmark = pytest.mark.django_db


def values_of(address: str) -> dict[str, str]:
    return {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}


def test_person_comes_in_at_the_page_that_was_asked_for(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    address = leave(client, connection, next=DETAILS)
    answer = come_back(client, connection, provider.sign_in(address))
    assert answer.url == DETAILS
    assert is_signed_in(client)
    entry = AuditEntry.objects.get(event="signed_in")
    assert entry.detail == {"factor": "business_account", "vouched": "claim"}
    assert entry.organisation_id == connection.organisation_id


# ASVS 3.7.2
@pytest.mark.parametrize(
    "target", ["https://kwaad.nl/", "//kwaad.nl", "javascript:alert(1)", "/\\kwaad.nl", "x" * 3000]
)
def test_sign_in_leads_only_to_own_addresses(client: Client, provider: Provider, target: str) -> None:
    connection = connect(provider)
    employee(connection)
    answer = come_back(client, connection, provider.sign_in(leave(client, connection, next=target)))
    assert answer.url == "/"


# ASVS 10.1.2, 10.2.1, 10.2.3, 11.5.1
def test_what_goes_along_to_the_provider(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    first, second = (values_of(leave(client, connection)) for _ in range(2))
    assert first["scope"] == "openid email profile"
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"https://mijn.assetmaps.nl{entry(connection)}callback/"
    assert first["max_age"] == str(int(limits.SESSION_OVERALL.total_seconds()))
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43  # 256 bits in base64url
        assert first[name] != second[name]


def test_address_leads_to_the_organisation_that_proved_its_domain(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    domain(connection, "xn--gemnte-dva.nl")
    employee(connection)
    address = led_to(client.post(FIND, {"email": " Iemand@GEMÉNTE.nl ", "next": DETAILS}))
    assert values_of(address)["login_hint"] == "Iemand@xn--gemnte-dva.nl"
    assert "domain_hint" not in values_of(address)
    assert come_back(client, connection, provider.sign_in(address)).url == DETAILS


def test_entra_is_told_the_domain(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    issuer = "https://login.microsoftonline.com/0e1b7a3c-0000-4000-8000-000000000000/v2.0"
    domain(connection, "voorbeeld.nl")
    # Its description is known already, so that nothing is asked of Microsoft here.
    discovery.store(issuer, provider.document() | {"issuer": issuer})
    Connection.objects.update(issuer=issuer)
    values = values_of(led_to(client.post(FIND, {"email": "iemand@voorbeeld.nl"})))
    assert values["login_hint"] == "iemand@voorbeeld.nl"
    assert values["domain_hint"] == "voorbeeld.nl"


@pytest.mark.parametrize("address", ["iemand@onbekend.nl", "iemand@bewezen.nl.kwaad.nl", "Iemand <iemand@onbekend.nl>"])
def test_unknown_domain_gets_a_plain_answer_and_the_password_way(
    client: Client, provider: Provider, address: str
) -> None:
    domain(connect(provider), "bewezen.nl")
    page = shown(client, FIND, {"email": address})
    assert "Bij dit adres kennen we geen zakelijk account." in page
    assert 'href="/inloggen/"' in page
    assert provider.asked == []


@pytest.mark.parametrize("address", ["@", "rommel", "x@" + "a." * 120, "iemand@bewezen"])
def test_what_is_no_address_asks_nobody(client: Client, provider: Provider, address: str) -> None:
    domain(connect(provider), "bewezen.nl")
    assert "Dit is geen volledig e-mailadres." in shown(client, FIND, {"email": address})
    assert provider.asked == []


def test_domain_that_is_only_claimed_finds_nothing(client: Client, provider: Provider) -> None:
    domain(connect(provider), "geclaimd.nl", proved=False)
    assert "kennen we geen zakelijk account" in shown(client, FIND, {"email": "iemand@geclaimd.nl"})


def test_connection_that_is_switched_off_finds_nothing_and_has_no_page(client: Client, provider: Provider) -> None:
    connection = connect(provider, enabled=False)
    domain(connection, "bewezen.nl")
    assert "kennen we geen zakelijk account" in shown(client, FIND, {"email": "iemand@bewezen.nl"})
    assert client.get(entry(connection)).status_code == 404
    assert client.post(entry(connection)).status_code == 404


def test_sign_in_page_offers_the_second_way(client: Client) -> None:
    page = shown(client, f"{SIGN_IN}?next={DETAILS}")
    assert "Inloggen met zakelijk account" in page
    assert f'href="/inloggen/sso/?next={DETAILS.replace("/", "%2F")}"' in page


# ASVS 3.5.1, 7.6.2
def test_nothing_begins_without_the_button(provider: Provider) -> None:
    connection = connect(provider)
    client = browser(enforce_csrf_checks=True)
    assert "Inloggen bij" in text(client.get(entry(connection)))
    assert client.post(entry(connection)).status_code == 403
    assert client.post(FIND, {"email": "iemand@bewezen.nl"}).status_code == 403
    assert provider.asked == []


def test_warm_sign_in_makes_one_request(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    signed_in_there(provider, connection)
    assert provider.paths == ["/.well-known/openid-configuration", "/token", "/keys"]
    provider.asked.clear()
    assert is_signed_in(signed_in_there(provider, connection))
    assert provider.paths == ["/token"]


# ASVS 10.1.1
def test_no_token_stays_behind(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    sign_in_there(client, provider, connection)
    kept = str(dict(client.session))
    assert "een-toegangsbewijs" not in kept
    assert "eyJ" not in kept
    assert "nonce" not in kept
    assert "verifier" not in kept


# ASVS 7.2.4
def test_session_gets_a_new_key(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    address = leave(client, connection)
    before = session_key(client)
    come_back(client, connection, provider.sign_in(address))
    assert session_key(client) != before
    assert session_row(client).upstream


def test_several_tabs_work(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    first, second = leave(client, connection, next=DETAILS), leave(client, connection)
    assert come_back(client, connection, provider.sign_in(second)).url == "/"
    assert come_back(client, connection, provider.sign_in(first)).url == DETAILS
    assert is_signed_in(client)


def test_number_of_open_tabs_is_bounded(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    addresses = [leave(client, connection) for _ in range(limits.SSO_TRANSACTIONS + 3)]
    assert len(client.session["sso_transactions"]) == limits.SSO_TRANSACTIONS
    assert come_back(client, connection, provider.sign_in(addresses[0])).status_code == 400
    assert come_back(client, connection, provider.sign_in(addresses[-1])).url == "/"


# ASVS 11.6.1
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_every_common_algorithm_is_taken(client: Client, provider: Provider, algorithm: str) -> None:
    connection = connect(provider)
    employee(connection)
    provider.keys, provider.header = [public_jwk("first", algorithm)], {"alg": algorithm}
    assert sign_in_there(client, provider, connection).url == "/"


def test_changed_keys_are_found_once_and_then_known(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    signed_in_there(provider, connection)
    provider.keys, provider.signs_with = [public_jwk("first"), public_jwk("second")], "second"
    provider.asked.clear()
    assert is_signed_in(signed_in_there(provider, connection))
    assert provider.paths == ["/token", "/keys"]
    provider.asked.clear()
    assert is_signed_in(signed_in_there(provider, connection))
    assert provider.paths == ["/token"]


def test_made_up_key_names_do_not_make_us_ask_without_end(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    signed_in_there(provider, connection)
    provider.asked.clear()
    provider.header = {"kid": "verzonnen"}
    for _ in range(4):
        signed_in_there(provider, connection)
    assert provider.paths.count("/keys") == 1


def test_same_person_after_another_name_and_address_at_the_provider(client: Client, provider: Provider) -> None:
    connection = connect(provider, make_on_arrival=True)
    domain(connection, "bewezen.nl")
    person = employee(connection)
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl", given_name="Nieuw", family_name="Naam")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert User.objects.count() == 1


# ASVS 6.8.1
def test_subjects_are_compared_sign_by_sign(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection, "Persoon-A")
    sign_in_there(client, provider, connection, sub="persoon-a")
    assert not is_signed_in(client)


# ASVS 7.4.2
def test_deactivated_person_is_out_at_once(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    sign_in_there(client, provider, connection)
    person.is_active = False
    person.save()
    assert not is_signed_in(client)
    answer = sign_in_there(client, provider, connection)
    assert answer.status_code == 400
    assert not is_signed_in(client)


def test_somebody_who_moved_to_another_organisation_is_no_longer_let_in(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person = employee(connection)
    person.membership.organisation = OrganisationFactory()
    person.membership.save()
    sign_in_there(client, provider, connection)
    assert not is_signed_in(client)


# ASVS 7.6.1
# NIST N14
def test_sign_in_of_yesterday_at_the_provider_is_too_old(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    long_ago = int(time.time() - limits.SESSION_OVERALL.total_seconds() - 120)
    assert sign_in_there(client, provider, connection, auth_time=long_ago).status_code == 400
    assert not is_signed_in(client)
    assert sign_in_there(client, provider, connection, auth_time=None).url == "/"  # Entra ID does not tell


def test_success_and_failure_are_seen_on_the_connection(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    sign_in_there(client, provider, connection)
    assert Connection.objects.get().worked_at
    assert Connection.objects.get().failed_at is None
    provider.header = {"alg": "none"}
    sign_in_there(browser(), provider, connection)
    assert Connection.objects.get().failure == "algorithm"


def test_callback_that_comes_too_late_begins_anew(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    address = leave(client, connection)
    later = limits.SSO_TRANSACTION + timedelta(seconds=1)
    with time_machine.travel(time.time() + later.total_seconds()):
        answer = come_back(client, connection, provider.sign_in(address))
    assert answer.status_code == 400
    assert "Begin opnieuw" in text(answer)
    assert f'href="{entry(connection)}"' in text(answer)


def test_many_starts_from_one_network_have_to_wait(client: Client, provider: Provider, settings: object) -> None:
    connection = connect(provider)
    for _ in range(limits.SSO_STARTS):
        client.post(entry(connection))
    answer = client.post(entry(connection))
    assert answer.status_code == 429
    assert "te veel pogingen" in text(answer)


def test_starts_without_a_network_address_have_to_wait_too(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSO_STARTS", 1)
    address, unknown = entry(connect(provider)), {"REMOTE_ADDR": "", VIA: "10.0.0.5"}
    answers = [browser().post(address, **unknown).status_code for _ in range(limits.NETWORK_UNREADABLE + 1)]
    assert set(answers[:-1]) == {200}
    assert answers[-1] == 429


# Who vouches for the second step. ---------------------------------------------------------------------------------

SHOWN = [
    ("amr", "mfa", {"amr": ["pwd", "mfa"]}),
    ("acr", "urn:hoog", {"acr": "urn:hoog"}),
    ("acrs", "c1", {"acrs": ["c1", "c2"]}),
]
NOT_SHOWN = [
    ("amr", "mfa", {"amr": ["pwd"]}),
    ("amr", "mfa", {"amr": "nomfa"}),
    ("amr", "mfa", {"amr": {"mfa": True}}),
    ("amr", "mfa", {"amr": None}),
    ("amr", "", {"amr": [""]}),
    ("acr", "urn:hoog", {"acr": "urn:hooger"}),
    ("acr", "urn:hoog", {"acr": ["urn:hoog"]}),
    ("acrs", "c1", {"acrs": "c1"}),
    ("acrs", "c1", {"acrs": []}),
]


@pytest.mark.parametrize("missing", ["ask_ours", "refuse"])
@pytest.mark.parametrize(("vouching", "value", "claims"), SHOWN)
def test_shown_proof_opens_the_portal_without_our_code(
    client: Client, provider: Provider, vouching: str, value: str, claims: dict, missing: str
) -> None:
    connection = connect(provider, vouching=vouching, vouching_value=value, missing_proof=missing)
    employee(connection, with_totp=True)
    assert sign_in_there(client, provider, connection, **claims).url == "/"
    assert is_signed_in(client)


# ASVS 6.8.4
@pytest.mark.parametrize(("vouching", "value", "claims"), NOT_SHOWN)
def test_missing_proof_is_refused_where_that_is_agreed(
    client: Client, provider: Provider, vouching: str, value: str, claims: dict
) -> None:
    connection = connect(provider, vouching=vouching, vouching_value=value, missing_proof="refuse")
    employee(connection)
    answer = sign_in_there(client, provider, connection, **claims)
    assert "Zonder tweede stap kom je niet binnen." in text(answer)
    assert not is_signed_in(client)
    assert AuditEntry.objects.get(event="sso_refused").detail["cause"] == "no_second_step"


# ASVS 6.8.4
@pytest.mark.parametrize(("vouching", "value", "claims"), [*NOT_SHOWN, ("ours", "", {"amr": ["mfa"]})])
def test_missing_proof_asks_our_code_where_that_is_agreed(
    client: Client, provider: Provider, vouching: str, value: str, claims: dict
) -> None:
    connection = connect(provider, vouching=vouching, vouching_value=value, missing_proof="ask_ours")
    person = employee(connection, with_totp=True)
    assert sign_in_there(client, provider, connection, **claims).url == CODE
    assert not is_signed_in(client)
    client.post(CODE, {"code": code_of(person)})
    assert is_signed_in(client)
    detail = AuditEntry.objects.get(event="signed_in").detail
    assert detail == {"factor": "totp", "vouched": "nothing"}
    assert session_row(client).upstream


@pytest.mark.parametrize("missing", ["ask_ours", "refuse"])
def test_who_must_show_our_code_and_has_none_sets_it_up_and_nothing_else(
    client: Client, provider: Provider, missing: str
) -> None:
    connection = connect(provider, vouching="ours", missing_proof=missing)
    employee(connection)
    sign_in_there(client, provider, connection)
    for address in ("/", DETAILS):
        assert client.get(address).url == CONFIRM
    assert client.get(CONFIRM).status_code == 200


# ASVS 6.8.4
@pytest.mark.parametrize("missing", ["ask_ours", "refuse"])
def test_agreement_opens_the_portal_but_not_the_administration(provider: Provider, missing: str) -> None:
    connection = connect(provider, vouching="agreement", missing_proof=missing)
    employee(connection, "gewoon", with_totp=True)
    employee(connection, "beheer", superuser=True, with_totp=True)
    assert is_signed_in(signed_in_there(provider, connection, sub="gewoon"))
    client = browser()
    assert sign_in_there(client, provider, connection, sub="beheer").url == CODE
    assert client.get("/beheer/").status_code == 302


def test_administration_opens_by_a_claim_and_by_our_own_code(provider: Provider) -> None:  # ASVS 8.4.2
    connection = connect(provider)
    employee(connection, staff=True)
    client = signed_in_there(provider, connection)
    assert client.get("/beheer/").status_code == 200
    Connection.objects.update(vouching="ours")
    person = User.objects.get()
    AuthenticatorFactory(user=person)
    client = signed_in_there(provider, connection)
    assert client.get("/beheer/").status_code == 302
    client.post(CODE, {"code": code_of(person)})
    assert client.get("/beheer/").status_code == 200


def test_claims_give_no_rights(client: Client, provider: Provider) -> None:
    connection = connect(provider, make_on_arrival=True)
    domain(connection, "bewezen.nl")
    rights = {"is_staff": True, "is_superuser": True, "roles": ["admin"], "groups": ["Support", "Organisatiebeheer"]}
    sign_in_there(client, provider, connection, email="nieuw@bewezen.nl", **rights)
    person = User.objects.get()
    assert [person.is_staff, person.is_superuser, person.groups.count()] == [False, False, 0]
    assert client.get("/beheer/").status_code == 302


def test_button_gives_way_to_a_line_about_the_organisation(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    connection.organisation.contact = "de servicedesk"
    connection.organisation.save()
    employee(connection)
    sign_in_there(client, provider, connection)
    page = shown(client, DETAILS)
    assert "Activeer Twee-Staps-Authenticatie" not in page
    assert f"{connection.organisation.name} regelt de tweede stap" in page
    assert "de servicedesk" in page


def test_who_signs_in_with_a_password_keeps_the_button(provider: Provider) -> None:
    person = UserFactory(organisation=connect(provider).organisation)
    assert "Activeer Twee-Staps-Authenticatie" in shown(signed_in(person), DETAILS)

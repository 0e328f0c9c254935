"""The steps of the set-up: each state follows from what is stored, and one step is the next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.organisations.models import Organisation
from accounts.sso.inspection.findings import Finding
from accounts.sso.models import Connection, MailDomain
from accounts.sso.overview.steps import steps
from accounts.sso.sign_in_test.flows import SESSION_KEY
from tests.accounts.sso.setup.test_pages import HERE, administrator
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

NOW = timezone.now()
GOOD = [Finding("reached").stored()]
BAD = [*GOOD, Finding("pkce_wrong").stored()]
PROVED, UNPROVED = MailDomain(domain="een.nl", proved_at=NOW), MailDomain(domain="twee.nl")
TESTED = {"findings": GOOD, "tested_at": NOW}
YESTERDAY = timezone.localdate() - timedelta(days=1)


def connection(**fields: Any) -> Connection:
    made = Connection(organisation=Organisation(pk=1), issuer="https://login.nl", client_id="x", **fields)
    if "sealed_secret" not in fields:
        made.set_secret("geheim")
    return made


@pytest.mark.parametrize(
    ("stored", "domains", "options", "states", "following"),
    [
        (None, [], {}, "todo todo todo todo todo", "soort"),
        ({"findings": GOOD}, [], {}, "done done todo todo todo", "domeinen"),
        ({"findings": GOOD, "sealed_secret": b""}, [], {}, "done busy todo todo todo", "aanbieder"),
        ({"findings": []}, [], {}, "done busy todo todo todo", "aanbieder"),
        ({"findings": BAD}, [], {}, "done wrong todo todo todo", "aanbieder"),
        ({"findings": GOOD, "secret_expires_on": YESTERDAY}, [], {}, "done wrong todo todo todo", "aanbieder"),
        ({"findings": GOOD, "sealed_secret": b"x"}, [], {}, "done wrong todo todo todo", "aanbieder"),
        ({"findings": GOOD}, [UNPROVED], {}, "done done busy todo todo", "proef"),
        ({"findings": GOOD}, [PROVED, UNPROVED], {}, "done done busy todo todo", "proef"),
        ({"findings": GOOD}, [PROVED], {}, "done done done todo todo", "proef"),
        ({"findings": GOOD}, [PROVED], {"test_failed": True}, "done done done wrong todo", "proef"),
        (
            {"findings": GOOD, "tested_at": NOW},
            [PROVED],
            {"test_failed": True},
            "done done done done todo",
            "inschakelen",
        ),
        ({"findings": GOOD, "tested_at": NOW, "enabled": True}, [PROVED], {}, "done done done done done", None),
        ({"findings": GOOD, "tested_at": NOW, "enabled": True}, [UNPROVED], {}, "done done busy done done", "domeinen"),
        ({"findings": BAD, "tested_at": NOW, "enabled": True}, [PROVED], {}, "done wrong done done done", "aanbieder"),
        ({"findings": GOOD}, [PROVED], {"chooses": True}, "todo done done todo todo", "soort"),
    ],
)
def test_each_state_follows_from_what_is_stored(
    stored: dict[str, Any] | None,
    domains: list[MailDomain],
    options: dict[str, bool],
    states: str,
    following: str | None,
) -> None:
    made = connection(**stored) if stored is not None else None
    found = steps(made, domains, **{"test_failed": False, "chooses": False} | options)
    assert " ".join(step.state for step in found) == states
    assert [step.name for step in found if step.is_next] == ([following] if following else [])


@pytest.fixture
def client() -> Client:
    return signed_in(administrator(OrganisationFactory(name="Gemeente", slug="gemeente"), email="beheer@gemeente.nl"))


@pytest.mark.django_db
def test_first_step_offers_the_four_kinds(client: Client) -> None:
    page = shown(client, HERE)
    for kind in ("entra", "google", "keycloak", "anders"):
        assert f'href="{HERE}aanbieder/?soort={kind}"' in page
    assert page.count('aria-current="step"') == 1
    assert page.count(">nog niet<") == 5


@pytest.mark.django_db
def test_domain_of_the_members_is_added_with_one_press(client: Client) -> None:
    made = Connection(organisation=Organisation.objects.get(), issuer="https://login.nl", client_id="x", findings=GOOD)
    made.set_secret("geheim")
    made.save()
    UserFactory(email="iemand@gmail.com", organisation=made.organisation)
    page = shown(client, HERE)
    assert "gemeente.nl toevoegen" in page
    assert "gmail.com" not in page
    assert "_assetmaps.gemeente.nl" in shown(client, f"{HERE}domeinen/", {"domain": "gemeente.nl"})
    page = shown(client, HERE)
    assert "gemeente.nl: wacht op het DNS-record" in page
    assert "toevoegen" not in page


@pytest.mark.django_db
def test_failed_test_is_shown_until_one_succeeds(client: Client) -> None:
    made = Connection(organisation=Organisation.objects.get(), issuer="https://login.nl", client_id="x", findings=GOOD)
    made.set_secret("geheim")
    made.save()
    session = client.session
    now = timezone.now().isoformat()
    session[SESSION_KEY] = {"organisation": made.organisation_id, "at": now, "reason": "our_secret"}
    session.save()
    assert "Wat ging er mis?" in shown(client, HERE)
    Connection.objects.update(tested_at=NOW)
    assert "Wat ging er mis?" not in shown(client, HERE)
    Connection.objects.update(tested_at=None, changed_at=timezone.now())  # other settings since
    assert "Wat ging er mis?" not in shown(client, HERE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("issuer", "field", "hint"),
    [
        ("https://login.microsoftonline.com/x/v2.0", "Tenant-id of maildomein", True),
        ("https://a.nl/realms/b", "Adres van de realm", False),
        ("https://a.nl", "Issuer", False),
    ],
)
def test_fault_names_the_field_of_this_provider_and_no_test_is_offered(
    client: Client, issuer: str, field: str, hint: bool
) -> None:
    town = Organisation.objects.get()
    made = Connection(
        organisation=town, issuer=issuer, client_id="x", findings=[Finding("unreachable").stored()], tested_at=NOW
    )
    made.set_secret("geheim")
    made.save()
    page = shown(client, HERE)
    assert f"Controleer “{field}”" in page
    assert "proef/beginnen/" not in page
    assert ("“Secret ID”" in shown(client, f"{HERE}geheim/")) is hint


def test_expiry_date_in_the_future_is_no_fault() -> None:
    found = steps(
        connection(findings=GOOD, secret_expires_on=date(2999, 1, 1)), [PROVED], test_failed=False, chooses=False
    )
    assert found[1].state == "done"

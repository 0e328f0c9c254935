"""What the page says when the DNS record is not found: the texts found there, and ours at a wrong name."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.organisations.models import Organisation
from accounts.sso.models import MailDomain
from tests.accounts.sso.domains.dns_server import Zone, serving
from tests.accounts.sso.setup.test_pages import administrator
from tests.factories import OrganisationFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

TOKEN = "0123456789abcdef" * 2
OURS = f"assetmaps-verificatie={TOKEN}".encode()
RIGHT, TWICE = "_assetmaps.voorbeeld.nl", "_assetmaps.voorbeeld.nl.voorbeeld.nl"


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(slug="gemeente")


def press(town: Organisation, zone: Zone, settings: object) -> tuple[str, bool]:
    client: Client = signed_in(administrator(town))
    domain = MailDomain.objects.create(organisation=town, domain="voorbeeld.nl", token=TOKEN)
    with serving(zone) as (address, _asked):
        settings.DNS_RESOLVERS = [address]
        answer = client.post(f"/beheer/sso/gemeente/domeinen/{domain.pk}/controleren/", follow=True)
    page = answer.content.decode()
    domain.refresh_from_db()
    return page, domain.proved_at is not None


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ({}, "Dit record is er nog niet"),
        ({RIGHT: [[b"iets anders"]]}, f"Bij {RIGHT} staat: “iets anders”."),
        ({RIGHT: [[b"v=spf1 -all"], [b"x"], [b"y"], [b"z"]]}, "En nog 1 andere."),
        ({RIGHT: [[b"<b>vet</b>"]]}, "“&lt;b&gt;vet&lt;/b&gt;”"),
        ({RIGHT: [[b"a" * 200]]}, "“" + "a" * 100 + "”"),
        ({RIGHT: [[b"twee\nregels\xff"]]}, "“twee regels\ufffd”"),
        ({TWICE: [[OURS]]}, f"Je tekst staat bij {TWICE}. Dat is een naam te ver"),
        ({"voorbeeld.nl": [[b"v=spf1 -all"], [OURS]]}, "Je tekst staat bij voorbeeld.nl zelf."),
        ({RIGHT: "servfail"}, "geven een fout"),
    ],
)
def test_page_says_what_was_found_and_where(town: Organisation, zone: Zone, said: str, settings: object) -> None:
    page, is_proved = press(town, zone, settings)
    assert said in page
    assert not is_proved


@pytest.mark.parametrize("text", [OURS.upper(), b'"' + OURS + b'"', b"  " + OURS + b" ", "“".encode() + OURS])
def test_text_counts_as_people_and_dns_pages_write_it(town: Organisation, text: bytes, settings: object) -> None:
    assert press(town, {RIGHT: [[text]]}, settings)[1]


def test_text_in_several_strings_and_behind_another_name_counts(town: Organisation, settings: object) -> None:
    assert press(town, {RIGHT: "alias:elders.nl", "elders.nl": [[OURS[:9], OURS[9:]]]}, settings)[1]

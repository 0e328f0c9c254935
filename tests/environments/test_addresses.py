"""Which addresses an environment may have."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from environments import addresses
from environments.models import Environment
from tests.factories import EnvironmentFactory, OrganisationFactory


def refusal(address: str) -> str:
    """What is said about the address, or "" when it is taken."""
    environment = EnvironmentFactory.build(organisation=OrganisationFactory.build(), address=address)
    try:
        Environment._meta.get_field("address").clean(address, environment)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


# ASVS 3.5.4
@pytest.mark.parametrize(
    "address",
    [
        "https://mijn.assetmaps.nl/",
        "https://mijn.assetmaps.nl",
        "http://MIJN.Assetmaps.NL/kaart",
        "https://mijn.assetmaps.nl./",
        "https://mijn.assetmaps.nl:8443/",
        "https://ｍijn.assetmaps.nl/",
        "https://mijn。assetmaps.nl/",
        "https://localhost/",
    ],
)
def test_environment_on_the_host_of_the_portal_is_refused(address: str) -> None:
    assert refusal(address)
    if address.isascii():
        assert "Dit is het portaal zelf" in refusal(address)
    with pytest.raises(ValidationError):
        addresses.not_ours(address)


@pytest.mark.parametrize(
    "address", ["https://kaart.assetmaps.nl/", "https://mijn.voorbeeld.nl/", "https://kaart.mijn.assetmaps.nl/a?b=c@d"]
)
def test_environment_on_a_host_of_its_own_is_taken(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize("address", ["https://mijn.assetmaps.nl@elders.nl/", "https://a:b@elders.nl/"])
def test_name_before_the_host_is_refused_because_it_hides_where_the_address_leads(address: str) -> None:
    assert "naam vóór de @" in refusal(address)


@pytest.mark.parametrize(
    "address", ["https://[", "https://[::1", "javascript:alert(1)", "//x", "https://", "\x00", "@"]
)
def test_rubbish_is_refused_and_breaks_nothing(address: str) -> None:
    assert refusal(address)


def test_pattern_of_allowed_hosts_forbids_no_host_because_it_names_none() -> None:
    with override_settings(ALLOWED_HOSTS=[".assetmaps.nl", "*", "Portaal.Voorbeeld.nl", "[::1]"]):
        assert addresses.own_hosts() == {"mijn.assetmaps.nl", "portaal.voorbeeld.nl", "::1"}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Kaart.Voorbeeld.NL:8443/x", "kaart.voorbeeld.nl"),
        ("https://bücher.nl/", "xn--bcher-kva.nl"),
        (f"https://{'é.' * 300}nl/", ("xn--9ca." * 40)[: addresses.LONGEST_HOST]),
        ("kaart", ""),
    ],
)
def test_host_is_read_as_browsers_read_it(address: str, host: str) -> None:
    assert addresses.host_of(address) == host

"""What an administrator pastes as the provider."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.sso.issuers import Flaw, IssuerRefusedError, look_up, normalise
from accounts.sso.refusal_reasons import Reason, RefusedError

TENANT = "1b2c3d4e-5f60-4711-8a9b-0c1d2e3f4a5b"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"


@pytest.mark.parametrize(
    ("typed", "issuer"),
    [
        (TENANT, ENTRA),
        (f"  {TENANT.upper()}\n", ENTRA),
        (ENTRA, ENTRA),
        (f"{ENTRA}/.well-known/openid-configuration", ENTRA),
        (f"https://login.microsoftonline.com/{TENANT}", ENTRA),
        (f"https://sts.windows.net/{TENANT}/", ENTRA),
        ("https://login.voorbeeld.nl/realms/bedrijf", "https://login.voorbeeld.nl/realms/bedrijf"),
        ("https://login.voorbeeld.nl/", "https://login.voorbeeld.nl/"),
        ("https://Login.Voorbeeld.nl/X", "https://Login.Voorbeeld.nl/X"),
    ],
)
def test_pasted_text_becomes_the_issuer(typed: str, issuer: str) -> None:
    """Only Entra ID forms are completed; the rest is compared character by character, so it stays."""
    assert normalise(typed) == issuer


@pytest.mark.parametrize(
    "typed",
    [
        "common", "Organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad",
        "https://login.microsoftonline.com/common/v2.0", "https://LOGIN.microsoftonline.com/COMMON/v2.0",
        "https://login.microsoftonline.com/organizations/", "https://login.microsoftonline.com/consumers/v2.0",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
    ],
)  # fmt: skip
def test_everybodys_tenants_are_refused_because_any_microsoft_account_would_be_one_of_the_organisation(
    typed: str,
) -> None:
    with pytest.raises(IssuerRefusedError, match="shared_tenant") as refused:
        normalise(typed)
    assert refused.value.flaw is Flaw.SHARED_TENANT


@pytest.mark.parametrize(
    "typed",
    [
        "", "x", "login.voorbeeld.nl", "https://", "https:///pad", "ftp://login.voorbeeld.nl", "javascript:alert(1)",
        "https://a@login.voorbeeld.nl", "https://a:b@login.voorbeeld.nl", "https://login.voorbeeld.nl?x=1",
        "https://login.voorbeeld.nl#x", "https://login.voorbeeld.nl?", "https://login.voorbeeld.nl/\x00",
        "https://login voorbeeld.nl", "https://login.voorbeeld.nl:99999", "https://[", "https://\u2024voorbeeld.nl",
        "file:///etc/passwd", "/.well-known/openid-configuration",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(IssuerRefusedError) as refused:
        normalise(typed)
    assert refused.value.flaw is Flaw.NOT_AN_ADDRESS


def test_plain_http_is_for_the_listed_exceptions_only() -> None:
    allowed = frozenset({"127.0.0.1:9000"})
    assert normalise("http://127.0.0.1:9000", http_allowed=allowed) == "http://127.0.0.1:9000"
    for typed in ("http://login.voorbeeld.nl", "http://127.0.0.1:9001", "http://127.0.0.1"):
        with pytest.raises(IssuerRefusedError) as refused:
            normalise(typed, http_allowed=allowed)
        assert refused.value.flaw is Flaw.NOT_ENCRYPTED


@given(st.text(max_size=400))
def test_any_text_is_an_issuer_or_is_refused(typed: str) -> None:
    try:
        assert normalise(typed).startswith("https://")
    except IssuerRefusedError:
        return


def entra(tenant: str) -> str:
    return f"https://login.microsoftonline.com/{tenant}/v2.0"


class Documents:
    """Discovery documents by issuer; remembers which were read."""

    def __init__(self, **own: str) -> None:
        self.own, self.read = own, []

    def __call__(self, issuer: str) -> dict[str, str]:
        self.read.append(issuer)
        if issuer not in self.own:
            raise RefusedError(Reason.HTTP_STATUS)
        return {"issuer": self.own[issuer]}


@pytest.mark.parametrize("typed", ["gemeente.nl", " iemand@Gemeente.NL "])
def test_tenant_of_entra_is_found_by_a_mail_domain(typed: str) -> None:
    documents = Documents(**{entra("gemeente.nl"): entra(TENANT)})
    assert look_up(typed, documents, for_entra=True) == entra(TENANT)
    assert documents.read == [entra("gemeente.nl")]


@pytest.mark.parametrize(
    "answer",
    ["https://kwaad.nl", entra("common"), entra("9188040d-6c67-4c5b-b112-36a304b66dad"), entra("gemeente.nl"), ""],
)
def test_answer_that_is_no_tenant_is_refused(answer: str) -> None:
    with pytest.raises(IssuerRefusedError) as refused:
        look_up("gemeente.nl", Documents(**{entra("gemeente.nl"): answer}), for_entra=True)
    assert refused.value.flaw is Flaw.NO_TENANT


def test_mail_domain_that_entra_does_not_know_is_refused() -> None:
    with pytest.raises(IssuerRefusedError) as refused:
        look_up("onbekend.nl", Documents(), for_entra=True)
    assert refused.value.flaw is Flaw.NO_TENANT


@pytest.mark.parametrize(("typed", "own"), [("", "/"), ("/", "")])
def test_slash_at_the_end_is_as_the_provider_writes_it(typed: str, own: str) -> None:
    issuer = "https://login.voorbeeld.nl/realms/een"
    assert look_up(issuer + typed, Documents(**{issuer + typed: issuer + own})) == issuer + own


def test_other_name_of_the_provider_is_never_taken_over() -> None:
    issuer = "https://login.voorbeeld.nl/realms/een"
    assert look_up(issuer, Documents(**{issuer: "https://login.voorbeeld.nl/realms/twee"})) == issuer
    assert look_up(issuer, Documents()) == issuer


@pytest.mark.parametrize("typed", ["common", "http://login.voorbeeld.nl", "", "gemeente.nl"])
def test_refused_issuer_is_asked_nobody(typed: str) -> None:
    documents = Documents()
    with pytest.raises(IssuerRefusedError):
        look_up(typed, documents)
    assert documents.read == []

"""Findings about a discovery document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.sso.inspection.findings import LONGEST_VALUE, Finding, examine, from_stored, is_acceptable

ISSUER = "https://login.voorbeeld.nl"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorise",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "end_session_endpoint": f"{ISSUER}/end",
    "response_types_supported": ["code", "id_token"],
    "id_token_signing_alg_values_supported": ["RS256", "HS256"],
    "code_challenge_methods_supported": ["plain", "S256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
}
# As Entra ID's tenants describe themselves: nothing about PKCE.
ENTRA = {name: value for name, value in GOOD.items() if name != "code_challenge_methods_supported"}


def found(document: dict[str, Any], proof: str = "client_secret_basic") -> list[Finding]:
    return examine(document, ISSUER, proof=proof, is_safe=lambda address: address.startswith("https://"))


def names(document: dict[str, Any], **options: str) -> set[str]:
    return {finding.name for finding in found(document, **options)}


def test_good_provider_is_told_so_in_every_respect() -> None:
    shown = found(GOOD)
    assert {finding.level for finding in shown} == {"good"}
    assert is_acceptable(shown)


def test_provider_that_is_silent_about_pkce_is_well_because_entra_is() -> None:
    shown = found(ENTRA)
    assert is_acceptable(shown)
    assert {finding.name for finding in shown if finding.level == "note"} == {"pkce_unsaid"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"issuer": f"{ISSUER}/"}, "issuer_differs"),
        ({"issuer": "https://LOGIN.voorbeeld.nl"}, "issuer_differs"),
        ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, "issuer_differs"),
        ({"issuer": None}, "issuer_differs"),
        ({"issuer": [ISSUER]}, "issuer_differs"),
        ({"token_endpoint": ""}, "endpoint_missing"),
        ({"jwks_uri": None}, "endpoint_missing"),
        ({"token_endpoint": "http://login.voorbeeld.nl/token"}, "endpoint_unsafe"),
        ({"token_endpoint": 7}, "endpoint_unsafe"),
        ({"authorization_endpoint": "https://a:b@login.voorbeeld.nl/"}, "endpoint_unsafe"),
        ({"authorization_endpoint": "https://["}, "endpoint_unsafe"),
        ({"end_session_endpoint": "javascript:alert(1)"}, "endpoint_unsafe"),
        ({"end_session_endpoint": "https://login.voorbeeld.nl/#x"}, "endpoint_unsafe"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "algorithms_wrong"),
        ({"id_token_signing_alg_values_supported": []}, "algorithms_wrong"),
        ({"id_token_signing_alg_values_supported": "RS256"}, "algorithms_wrong"),
        ({"code_challenge_methods_supported": ["plain"]}, "pkce_wrong"),
        ({"code_challenge_methods_supported": None}, "pkce_wrong"),
        ({"response_types_supported": ["id_token"]}, "code_wrong"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "proof_wrong"),
    ],
)
def test_each_fault_is_named_and_keeps_single_sign_on_off(change: dict[str, Any], expected: str) -> None:
    shown = found(GOOD | change)
    assert expected in {finding.name for finding in shown}
    assert not is_acceptable(shown)


def test_provider_that_names_no_proof_takes_the_secret_as_the_standard_says() -> None:
    silent = {name: value for name, value in GOOD.items() if "auth_methods" not in name}
    assert "proof_wrong" not in names(silent)
    assert "proof_wrong" in names(silent, proof="private_key_jwt")


def test_missing_sign_out_is_worth_a_note_and_no_more() -> None:
    shown = found(GOOD | {"end_session_endpoint": None})
    assert is_acceptable(shown)
    assert "sign_out_unsaid" in {finding.name for finding in shown}


def test_every_finding_has_a_sentence_with_its_value_in_it() -> None:
    sentence = Finding("issuer_differs", "https://anders.nl").sentence
    assert "https://anders.nl" in sentence
    assert sentence.endswith(".")
    assert "niet genoemd" in Finding("issuer_differs").sentence


def test_value_with_a_percent_sign_is_only_text() -> None:
    assert "%(x)s %d" in Finding("issuer_differs", "%(x)s %d").sentence


def test_stored_findings_come_back_and_unknown_ones_are_left_out() -> None:
    stored = [finding.stored() for finding in found(GOOD)]
    assert from_stored([*stored, ["of_another_version", "x"]]) == found(GOOD)


def test_provider_cannot_fill_the_database() -> None:
    stored = [
        one.stored() for one in found(GOOD | {"issuer": "x" * 10**6, "id_token_signing_alg_values_supported": []})
    ]
    assert max(len(value) for _name, value in stored) <= LONGEST_VALUE
    many = {"id_token_signing_alg_values_supported": ["RS256"] * 10**5}
    assert max(len(one.stored()[1]) for one in found(GOOD | many)) <= LONGEST_VALUE


def test_nothing_was_read_is_not_well() -> None:
    assert not is_acceptable([])


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_any_document_is_judged_without_an_error(document: dict[str, Any]) -> None:
    for finding in found(document):
        assert finding.sentence

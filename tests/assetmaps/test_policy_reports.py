from __future__ import annotations

import json
import logging

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.origin import Origin
from assetmaps import policy_reports

ADDRESS = "/csp-melding/"
OLD = {
    "csp-report": {
        "document-uri": "https://mijn.assetmaps.nl/inloggen/?next=/geheim/",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://elders.example/x.js?token=1",
        "line-number": 3,
    }
}
NEW = [
    {"type": "csp-violation", "body": {"documentURL": "https://mijn.assetmaps.nl/", "blockedURL": "inline"}},
    {"type": "deprecation", "body": {}},
]

FACTS = {"page": "https://mijn.assetmaps.nl/", "blocked": "inline"}


def post(client: Client, body: object, kind: str = "application/csp-report") -> object:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(ADDRESS, text, content_type=kind, secure=True)


def test_report_is_one_line_without_what_was_typed(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    # ASVS 3.4.7, 16.4.1
    with caplog.at_level(logging.INFO, "assetmaps.policy"):
        response = post(client, OLD)
    assert (response.status_code, response.content) == (204, b"")
    assert caplog.records[0].facts == {
        "page": "https://mijn.assetmaps.nl/inloggen/",
        "directive": "script-src-elem",
        "blocked": "https://elders.example/x.js",
        "line": "3",
    }


def test_both_kinds_of_report_are_read() -> None:
    assert policy_reports.read(json.dumps(NEW).encode()) == [FACTS]


def test_control_characters_and_keys_of_links_stay_out_of_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    token = "eyJ1c2VyIjoxfQ" * 4
    page = f"https://mijn.assetmaps.nl/wachtwoord-instellen/{token}/\r\nvals\x1b[31m\u2028"
    with caplog.at_level(logging.INFO, "assetmaps.policy"):
        post(client, {"csp-report": {"document-uri": page}})
    text = caplog.records[0].facts["page"]
    assert token not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "body",
    ["", "geen json", "[]", "{}", "3", '{"csp-report": 3}', "[[1]]", '{"csp-report": {"document-uri": {}}}', "[" * 5000,
     b"\xff\xfe", '{"csp-report": {"blocked-uri": "http://[kapot"}}', '{"body": {"lineNumber": ' + "9" * 6000 + "}}"],
)  # fmt: skip
def test_rubbish_is_taken_without_a_word(client: Client, body: object) -> None:
    assert post(client, body).status_code == 204


def test_too_large_report_is_refused(client: Client) -> None:
    assert post(client, "x" * (limits.POLICY_REPORT_BYTES + 1)).status_code == 413


# ASVS 3.4.7
def test_too_many_reports_from_one_address_do_not_fill_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "assetmaps.policy"):
        answers = [post(client, OLD) for _ in range(limits.POLICY_REPORTS + 1)]
    assert answers[-1].status_code == 429
    assert answers[-1]["Retry-After"] == "60"
    assert b"Te veel verzoeken" in answers[-1].content
    assert len([line for line in caplog.records if line.name == "assetmaps.policy"]) == limits.POLICY_REPORTS


def test_many_addresses_together_do_not_fill_the_log_either() -> None:
    counted = [policy_reports.too_many(Origin(f"2001:db8:{n:x}::1")) for n in range(limits.POLICY_REPORTS_OF_ALL + 1)]
    assert counted == [False] * limits.POLICY_REPORTS_OF_ALL + [True]

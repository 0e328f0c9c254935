"""Codes as they are pasted from lists, mails and chats; and the code of one field typed in another."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import codes
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.codes import Shape, parse_bridge_code, parse_recovery_code, shape_of
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.codes import code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, UserFactory
from tests.pages import ACTIVATE, CODE, CONFIRM, SWITCH_OFF, half_signed_in, is_signed_in, shown, signed_in, type_code

HERE = Origin("192.0.2.1", "Testbrowser")
RECOVERY = "/inloggen/herstelcode/"
PROVE = "/bevestig-identiteit/?next=/persoonlijke-gegevens/wachtwoord/"
PLAIN = "ABCD1234EFGH5678"
OTHER = "JKMN-90PQ-RSTV-WXYZ"
PASTED = [
    *["ABCD-1234-EFGH-5678", "abcd-1234-efgh-5678", "ABCD1234EFGH5678", "ABCD 1234 EFGH 5678", "AB CD12 34EF GH56 78"],
    *["3. ABCD-1234-EFGH-5678", "10. ABCD-1234-EFGH-5678", "3) abcd-1234-efgh-5678", "(3) ABCD-1234-EFGH-5678"],
    *[
        "3 ABCD-1234-EFGH-5678",
        "3\tABCD1234EFGH5678",
        "10 ABCD 1234 EFGH 5678",
        "3.ABCD-1234-EFGH-5678",
        "3- ABCD-1234-EFGH-5678",
    ],
    *["③ ABCD-1234-EFGH-5678", "٣. ABCD-1234-EFGH-5678", "#3: ABCD-1234-EFGH-5678", "[ ] ABCD-1234-EFGH-5678"],
    *[
        "• ABCD-1234-EFGH-5678",
        "- ABCD-1234-EFGH-5678",
        "* ABCD-1234-EFGH-5678",
        "– ABCD-1234-EFGH-5678",
        "☐ ABCD-1234-EFGH-5678",
    ],
    *[
        '"ABCD-1234-EFGH-5678"',
        "“ABCD-1234-EFGH-5678”",
        "‘ABCD-1234-EFGH-5678’",
        "«ABCD-1234-EFGH-5678»",
        "`ABCD-1234-EFGH-5678`",
    ],
    *[
        "ABCD-1234-EFGH-5678,",
        "ABCD-1234-EFGH-5678.",
        "ABCD-1234-EFGH-5678;",
        "  ABCD-1234-EFGH-5678 \r\n",
        '"ABCD-1234-EFGH-5678",',
    ],
    *[
        "ABCD‐1234‐EFGH‐5678",
        "ABCD–1234–EFGH–5678",
        "ABCD—1234—EFGH—5678",
        "ABCD−1234−EFGH−5678",
        "ABCD－1234－EFGH－5678",
    ],
    *[
        "ABCD - 1234 - EFGH - 5678",
        "ABCD\u00ad-1234-EFGH-5678",
        "\u202aABCD-1234-EFGH-5678\u202c",
        "ABCD\u200b-1234-EFGH-5678",
    ],
    *[
        "ＡＢＣＤ－１２３４－ＥＦＧＨ－５６７８",
        "ABCD-١٢٣٤-EFGH-٥٦٧٨",
        "𝐀𝐁𝐂𝐃-𝟏𝟐𝟑𝟒-𝐄𝐅𝐆𝐇-𝟓𝟔𝟕𝟖",
        "ABCD_1234_EFGH_5678",
        "ABCD.1234.EFGH.5678",
    ],
    *[
        "Herstelcode: ABCD-1234-EFGH-5678",
        "CODE ABCD-1234-EFGH-5678",
        "Code 3 = ABCD-1234-EFGH-5678",
        "CODE - ABCD-1234-EFGH-5678",
    ],
    *["ABCD-l234-EFGH-5678", "ABCD-I234-EFGH-5678"],
]


@pytest.mark.parametrize("typed", PASTED)
def test_recovery_code_is_read_as_it_is_pasted(typed: str) -> None:
    assert parse_recovery_code(typed) == PLAIN
    assert shape_of(typed) is Shape.RECOVERY


@pytest.mark.parametrize(
    "typed",
    [
        f"ABCD-1234-EFGH-5678 {OTHER}",
        f"1. ABCD-1234-EFGH-5678\r\n2. {OTHER}",
        f"ABCD-1234-EFGH-5678{OTHER}",  # a browser may drop the line ends of what is pasted
        f"ABCD1234EFGH5678, {OTHER}",
        "Herstelcodes voor Mijn Assetmaps. Elke werkt één keer.\r\n\r\n" + "\r\n".join([OTHER] * 10),
    ],
)
def test_list_of_recovery_codes_is_recognised_and_none_is_taken(typed: str) -> None:
    assert parse_recovery_code(typed) is None
    assert shape_of(typed) is Shape.SEVERAL


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ABCD-1234-EFGH-567",
        "ABCD-1234-EFGH-56789",
        "ABCU-1234-EFGH-5678",
        "АBCD-1234-EFGH-5678",
        "²BCD-1234-EFGH-5678",
    ],
)
def test_anything_else_is_no_recovery_code(typed: str) -> None:
    assert parse_recovery_code(typed) is None
    assert shape_of(typed) is Shape.UNKNOWN


@pytest.mark.parametrize(
    "typed", ["K7N3-MZDW", "k7n3mzdw", "“K7N3–MZDW”", "Ｋ７Ｎ３ ＭＺＤＷ.", "K7N3\u2060-MZDW\u200e"]
)
def test_code_of_support_is_read_as_it_is_pasted(typed: str) -> None:
    assert parse_bridge_code(typed) == "K7N3MZDW"
    assert shape_of(typed) is Shape.SUPPORT


@given(st.text(max_size=60))
def test_any_text_has_a_shape_and_at_most_one_code(typed: str) -> None:
    found = shape_of(typed)
    assert (codes.parse(typed) is not None) == (found is Shape.APP)
    assert (parse_recovery_code(typed) is not None) == (found is Shape.RECOVERY)


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def nothing_counts() -> bool:
    return not AttemptCounter.objects.filter(failures__gt=0).exists()


def entries(event: str) -> int:
    return AuditEntry.objects.filter(event=event).count()


@pytest.mark.django_db
@pytest.mark.parametrize("between", ["\u200b", "\u2212", "\uff0d", "\u2009", "\u200e-\u200e"])
def test_pasted_code_signs_in(person: User, between: str) -> None:
    code = code_of(person).translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})
    assert half_signed_in(person).post(CODE, {"code": f"\u202a{code[:3]}{between}{code[3:]}\u202c"}).url == "/"


@pytest.mark.django_db
def test_recovery_code_in_the_field_of_the_app_is_judged_as_one(person: User) -> None:
    code = recovery_codes.make(person, HERE)[0]
    client = half_signed_in(person)
    page = type_code(client, "AAAA-AAAA-AAAA-AAAA")
    assert "Deze herstelcode klopt niet" in page
    assert set(AttemptCounter.objects.filter(failures=1).values_list("kind", flat=True)) == {"recovery_code"}
    answer = client.post(CODE, {"code": f"3. “{code[:4]}–{code[4:8]}–{code[8:12]}–{code[12:]}”,"})
    assert answer.url == "/inloggen/herstelcode/gebruikt/"
    assert is_signed_in(client)
    assert nothing_counts()


@pytest.mark.django_db
@pytest.mark.parametrize("which", ["right", "wrong"])
def test_code_of_the_app_in_the_field_for_recovery_codes_leads_on_and_costs_nothing(person: User, which: str) -> None:
    recovery_codes.make(person, HERE)
    client = half_signed_in(person)
    code = code_of(person) if which == "right" else "123456"
    answer = client.post(RECOVERY, {"code": f"{code[:3]} {code[3:]}"})
    assert answer.url == CODE
    page = shown(client, CODE)
    assert "Dat is een code uit de authenticator-app. Vul hier de code in die de app nu laat zien." in page
    assert code not in page
    assert nothing_counts()
    assert entries("code_refused") == entries("recovery_code_refused") == 0
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("address", [CODE, RECOVERY])
def test_whole_list_and_code_of_support_are_named_and_cost_nothing(person: User, address: str) -> None:
    made = recovery_codes.make(person, HERE)
    support = account_recovery.issue_bridge_code(person)
    client = half_signed_in(person)
    listed = "\r\n".join(f"{number}. {code}" for number, code in enumerate(made, 1))
    assert "Dat is meer dan één herstelcode. Plak of typ één code." in shown(client, address, {"code": listed})
    page = shown(client, address, {"code": support})
    assert support.isdigit() or "Dat lijkt een code van support." in page
    assert nothing_counts()
    assert entries("code_refused") == entries("recovery_code_refused") == 0


def named(client: Client, address: str, **values: str) -> bool:
    code = "ABCD-1234-EFGH-5678"
    return "Hier telt alleen de code van 6 cijfers" in shown(client, address, {"code": code} | values)


@pytest.mark.django_db
def test_recovery_code_where_only_the_app_counts_is_named(person: User) -> None:
    client = signed_in(person)
    assert named(client, SWITCH_OFF)
    client.post(ACTIVATE)
    assert named(client, CONFIRM)
    assert nothing_counts()


@pytest.mark.django_db
def test_fresh_proof_takes_a_pasted_recovery_code(person: User) -> None:
    code = recovery_codes.make(person, HERE)[0]
    client = signed_in(person)
    outlive_proof(client)
    answer = client.post(PROVE, {"password": PASSWORD, "code": f"• {code.lower()}."})
    assert answer.url == "/persoonlijke-gegevens/wachtwoord/"

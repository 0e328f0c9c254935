"""What the code pages do with what is pasted, in the browser; and that their script has the table of the server."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.codes import parse
from accounts.two_factor.normalisation import legible
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.browser.page_tour import VERIFIED
from tests.browser.screen import Screen
from tests.codes import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCRIPT = Path(settings.BASE_DIR) / "static" / "js" / "send-code.js"
WHOLE = [
    *[
        "123456",
        "123 456",
        "\u200e123\u00a0456\u200f",
        "123\u200b456",
        "123\u2212456",
        "12\u00ad34\u206056",
        "\ufeff123-456",
    ],
    *["１２３４５６", "١٢٣٤٥٦", "१२३ ४५६", "𝟏𝟐𝟑𝟒𝟓𝟔", "1\ufe0f23456"],
]
NOT_WHOLE = ["12345", "1234567", "²²²²²²", "一二三四五六", "12345x", "'123456'", "ABCD-1234-EFGH-5678", "123456\u0301"]


def literal(name: str) -> str:
    """A regular expression of the script, as it is written there."""
    found = re.search(rf"^const {name} = (/.+/\w*);$", SCRIPT.read_text(), re.MULTILINE)
    assert found, name
    return found[1]


def test_script_drops_and_counts_the_very_signs_that_the_server_does(page: Page) -> None:
    known = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    dropped = page.evaluate(
        "([known, dropped]) => { const table = eval(dropped); return known.filter("
        "(code) => String.fromCodePoint(code).replace(table, '') === ''); }",
        [known, literal("DROPPED")],
    )
    assert dropped == [code for code in known if legible(chr(code)).replace(" ", "").replace("-", "") == ""]
    digits = page.evaluate(
        "([known, six]) => { const table = eval(six); return known.filter("
        "(code) => table.test(String.fromCodePoint(code).repeat(6))); }",
        [known, literal("SIX_DIGITS")],
    )
    assert digits == [code for code in known if parse(chr(code) * 6)]
    assert len(dropped) > 300
    assert len(digits) > 600


def sent(screen: Screen) -> list[str]:
    codes: list[str] = []

    def stop(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        codes.append(parse_qs(route.request.post_data or "")["code"][0])
        return route.fulfill(status=204)

    screen.page.route("**/*", stop)
    return codes


def test_code_goes_on_by_itself_however_it_is_pasted_and_nothing_else_does(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    expect(screen.code).to_have_attribute("data-sends-itself", "")
    codes = sent(screen)
    for typed in WHOLE:
        screen.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        screen.code.evaluate("field => { field.form.removeAttribute('data-sent'); field.value = ''; }")
        screen.code.evaluate("field => field.dispatchEvent(new Event('input', {bubbles: true}))")
        with screen.page.expect_request(lambda request: request.method == "POST"):
            screen.code.fill(typed)
    screen.page.wait_for_timeout(300)  # until the last one was taken down
    assert [parse(code) for code in codes] == [parse(typed) for typed in WHOLE]
    assert None not in [parse(typed) for typed in WHOLE]
    for typed in NOT_WHOLE:
        assert parse(typed) is None
        screen.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        screen.code.evaluate("field => { field.form.removeAttribute('data-sent'); field.value = ''; }")
        screen.code.fill(typed)
    screen.page.wait_for_timeout(500)
    assert len(codes) == len(WHOLE), json.dumps(codes[len(WHOLE) :])


def test_person_pastes_a_code_from_a_chat_and_is_in(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    expect(screen.code).to_have_attribute("data-sends-itself", "")
    code = code_of(verified)
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.page.evaluate(
        "text => navigator.clipboard.writeText(text)", f"\u202a{code[:3]}\u2009\u2011\u2009{code[3:]}\u202c"
    )
    screen.code.press("ControlOrMeta+V")
    screen.heading("Mijn Omgevingen")


def test_line_of_the_list_pasted_at_the_code_of_the_app_signs_in(screen: Screen, verified: User) -> None:
    made = recovery_codes.make(verified, Origin())
    lines = "\r\n".join(
        f"{number}. {code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}" for number, code in enumerate(made, 1)
    )
    screen.give_password(VERIFIED)
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.page.evaluate("text => navigator.clipboard.writeText(text)", lines)
    screen.code.press("ControlOrMeta+V")
    screen.press("Bevestigen")
    screen.says("Dat is meer dan één herstelcode. Plak of typ één code.")
    screen.page.evaluate("text => navigator.clipboard.writeText(text)", lines.splitlines()[2])
    screen.code.press("ControlOrMeta+V")
    screen.press("Bevestigen")
    screen.heading("Nieuwe telefoon koppelen?")
    assert not AttemptCounter.objects.filter(failures__gt=0).exists()


def test_code_of_the_app_at_the_recovery_codes_leads_to_its_own_field(screen: Screen, verified: User) -> None:
    screen.give_password(VERIFIED)
    screen.follow("Gebruik een herstelcode")
    screen.field("Herstelcode").fill("123 456")
    screen.press("Bevestigen")
    screen.heading("Verificatiecode")
    screen.says("Vul hier de code in die de app nu laat zien.")
    screen.give_code(code_of(verified))
    screen.heading("Mijn Omgevingen")

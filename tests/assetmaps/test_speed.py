"""What keeps a page from being shown at once: scripts that block, and heavy style sheets."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.addresses import filled
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import ACTIVATE, browser, half_signed_in, signed_in, text

pytestmark = pytest.mark.django_db

STYLES_KB = 15  # compressed, all of a page together
ROOT = Path(settings.BASE_DIR) / "static"


def visitors() -> list[Client]:
    """The set-up is begun; somebody with a second step sees what goes with that."""
    employee, verified = UserFactory(), UserFactory(with_totp=True)
    EnvironmentFactory(slug="kaart", people=[employee, verified])
    setting_up = signed_in(employee)
    setting_up.post(ACTIVATE)
    return [browser(), half_signed_in(UserFactory(with_totp=True)), setting_up, signed_in(verified)]


@cache  # texts, which outlive the rows of the test that asked first
def pages() -> list[tuple[str, str]]:
    """The address and the text of every page outside the administration, whose scripts are Django's."""
    addresses = {address for _name, address in filled(1, "kaart") if not address.startswith("/beheer/")}
    found = []
    for client in visitors():
        for address in addresses:
            answer = client.get(address)
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                found.append((address, text(answer)))
    return found


def test_no_script_keeps_a_page_from_being_shown() -> None:
    tags = [(address, tag) for address, page in pages() for tag in re.findall(r"<script\b[^>]*>", page)]
    assert len(tags) > 100
    for address, tag in tags:
        assert re.search(r'\btype="module"| (defer|async|nomodule)\b', tag), f"{address}: {tag}"


def test_style_sheets_of_a_page_are_light_together() -> None:
    heaviest = 0
    for address, page in pages():
        sheets = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', page)
        size = sum(len(gzip.compress((ROOT / sheet).read_bytes())) for sheet in sheets)
        assert size < STYLES_KB * 1024, f"{address}: {size} bytes in {sheets}"
        heaviest = max(heaviest, size)
    assert heaviest > 1024  # else nothing was weighed

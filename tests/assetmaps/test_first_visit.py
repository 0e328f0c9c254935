"""The first visit to the sign-in page is light and asks no other host for anything."""

from __future__ import annotations

import gzip
import re

from django.conf import settings
from django.test import Client

LIMIT = 16 * 1024


# ASVS 14.2.3
def test_first_visit_is_small_and_stays_with_us(client: Client) -> None:  # ASVS 3.6.1
    page = client.get("/inloggen/").content
    text = page.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg|png|woff2?))"', text)
    assert any(name.endswith(".css") for name in loaded)
    assert any(name.endswith(".js") for name in loaded)
    files = [(settings.BASE_DIR / name.lstrip("/")).read_bytes() for name in loaded]
    assert len(gzip.compress(page)) + sum(len(gzip.compress(file)) for file in files) < LIMIT
    assert all(name.startswith("/static/") for name in loaded)


# ASVS 3.6.1
def test_no_file_of_ours_asks_another_host() -> None:
    sources = [path for folder in ("css", "js") for path in (settings.BASE_DIR / "static" / folder).iterdir()]
    assert sources
    for path in sources:
        assert not re.search(r"(?:url\(|import|from|fetch\()\s*['\"]?(?:https?:)?//", path.read_text()), path


# ASVS 14.2.3
def test_page_links_to_no_other_host(client: Client) -> None:
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', client.get("/inloggen/").content.decode())
    assert all(re.match(r"/(?!/)|#|mailto:", address) for address in addresses)

"""Every address of the site with its variable parts filled in."""

from __future__ import annotations

import re
from uuid import UUID

from django.urls import get_resolver

from tests.test_structure import walk


def filled(person_id: int, slug: str) -> list[tuple[str, str]]:
    """Every address of the URLconf as (name, address)."""
    found = []
    for name, route, _view in walk(get_resolver().url_patterns):
        address = re.sub(r"<slug:\w+>", slug, route)
        address = re.sub(r"<session_name:\w+>", "0123456789abcdef", address)
        address = re.sub(r"<(str|mailed):\w+>", "een-token", address)
        address = re.sub(r"<path:content_type_id>", "1", address)
        address = re.sub(r"<uuid:\w+>", str(UUID(int=person_id)), address)
        address = re.sub(r"<(int|path):\w+>", str(person_id), address)
        address = re.sub(r"\^?\(\?P<app_label>(\w+)[^)]*\)/\$", r"\1/", address)
        address = re.sub(r"\(\?P<url>\.\*\)\$", "zomaar", address)
        assert not re.search(r"[<>^$()]", address), address
        found.append((name, f"/{address}"))
    assert len(found) > 40
    return found

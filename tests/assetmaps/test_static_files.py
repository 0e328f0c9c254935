"""Addresses of static files as attackers and broken clients write them: no file, and never a fault of the server."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/static/js/forms.js/more",  # below a file
        "/static/js/forms.js/",
        "/static/js",  # a folder
        "/static/js/",
        "/static/",
        "/static/js/%00.js",
        "/static/js/forms.js%00",
        "/static/%ff%fe.js",  # no UTF-8
        "/static/%ed%a0%80.js",
        f"/static/{'a' * 300}.js",
        f"/static/{'a/' * 900}b.js",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/%2e%2e%2fmanage.py",
        "/static/js/..%5c..%5cmanage.py",
        "/static//etc/passwd",
        "/static/js//forms.js",
        "/static/./js/forms.js",
    ],
)
def test_no_address_leads_to_a_fault_or_outside_the_folder(client: Client, address: str) -> None:
    with override_settings(DEBUG=False):
        answer = client.get(address)
    assert answer.status_code in (302, 400, 404, 414), (answer.status_code, answer.content[:200])
    assert b"DJANGO_SETTINGS_MODULE" not in answer.content


def test_file_is_found_each_time(client: Client) -> None:
    for _ in range(2):
        answer = client.get("/static/js/forms.js")
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content).strip()

"""Django's administration in a real browser: the content security policy, which Django's pages were not made for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from environments.models import Environment
from tests.browser import page_tour
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_administration_works_within_the_content_security_policy(screen: Screen) -> None:
    """The fixture ``screen`` fails the test at the first complaint in the console."""
    page_tour.people()
    icon = screen.page.locator("link[rel=icon][type='image/svg+xml']")
    for name in page_tour.administration(screen):
        assert icon.count() == 1, name
    screen.open(f"/beheer/environments/environment/{Environment.objects.first().pk}/change/")
    screen.page.locator(".field-organisation .select2-selection").click()
    expect(screen.page.get_by_role("option", name="Wonen aan de Dijk")).to_be_visible()

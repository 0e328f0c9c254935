"""What a visitor gets is byte for byte what Django's own loader makes of the same templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.template.backends.django import Template
from django.template.loader_tags import BlockNode, ExtendsNode
from django.test import Client, RequestFactory
from django.utils import translation

from accounts.models import User
from assetmaps.mail_preview.examples import EXAMPLES, messages_of
from tests.addresses import filled
from tests.assetmaps.folded_templates import plain
from tests.conftest import prove
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import ACTIVATE, browser, half_signed_in, signed_in

ROOT = Path(settings.BASE_DIR) / "templates"
EVERY = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.*"))
OUTAGE = {"errors/plain.html", "errors/proxy.html"}  # documents of their own
both_languages = pytest.mark.parametrize("language", ["nl", "en"])


def visitors(language: str) -> Iterator[Client]:
    employee, verified = UserFactory(language=language), UserFactory(language=language, with_totp=True)
    EnvironmentFactory(slug="kaart", people=[employee, verified])
    User.objects.filter(pk=verified.pk).update(is_staff=True, is_superuser=True)
    setting_up, administrator = signed_in(employee), signed_in(verified)
    setting_up.post(ACTIVATE)
    prove(administrator)
    for client in (
        browser(),
        half_signed_in(UserFactory(language=language, with_totp=True)),
        setting_up,
        administrator,
    ):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        yield client


@pytest.mark.django_db
@both_languages
def test_every_address_shows_what_djangos_loader_shows(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = plain.compare(monkeypatch)
    for client in visitors(language):
        for _name, address in filled(1, "kaart"):
            if "uitloggen" not in address:
                client.get(address)
    assert len(compared) > 60, sorted(compared)  # else nothing was compared


@both_languages
def test_every_mail_says_what_djangos_loader_says(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = plain.compare(monkeypatch)
    for template in EXAMPLES:
        assert messages_of(template, language)
    assert {name for name in EVERY if name.endswith("/body.txt")} <= compared


def test_only_pages_whose_frame_depends_on_the_visitor_keep_their_blocks() -> None:
    # Else a page would get slow without anybody noticing: a tag that is not known, or `block` used in another way.
    folded = {name: engines["django"].get_template(name).template.nodelist for name in EVERY}
    kept = {name for name, nodes in folded.items() if nodes.get_nodes_by_type((BlockNode, ExtendsNode))}
    assert kept - {"admin/invalid_setup.html"} == {name for name in EVERY if name.startswith("errors/")} - OUTAGE


def shown(template: Template) -> str:
    """The page for a stranger and without any value, or the name of the fault if that cannot be."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    try:
        return plain.SEALED.sub("", template.render({}, request))
    except Exception as fault:
        return f"{type(fault)}: {fault}"


@both_languages
def test_every_template_is_the_same_without_any_value(language: str) -> None:
    # Whatever page leads to it: no block and no text gets lost.
    ours, djangos = engines["django"], plain.engine()
    with translation.override(language):
        differing = [name for name in EVERY if shown(ours.get_template(name)) != shown(djangos.get_template(name))]
    assert differing == []

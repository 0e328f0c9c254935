"""No page of the administration falls back to English where Django's own catalogue has no Dutch sentence."""

from __future__ import annotations

import re
from pathlib import Path

import django
from django.contrib import admin
from django.utils import translation

from assetmaps.extra_translations import MISSING

TEMPLATES = Path(admin.__file__).parent / "templates"
SENTENCE = re.compile(r"{%\s*(?:translate|trans) ['\"](.+?)['\"]")
SAME = {"Filter"}  # in both languages


def test_every_sentence_of_djangos_administration_has_a_dutch_one() -> None:
    sentences = {found for page in TEMPLATES.rglob("*.html") for found in SENTENCE.findall(page.read_text("utf-8"))}
    assert len(sentences) > 60, django.VERSION
    with translation.override("nl"):
        english = {text for text in sentences if translation.gettext(text) == text} - SAME
    assert english == set()


def test_no_sentence_is_listed_that_django_does_not_say() -> None:
    said = "".join(page.read_text("utf-8") for page in TEMPLATES.rglob("*.html"))
    assert [text for text in MISSING if text not in said] == []

"""Every page rendered a second time with Django's own loader, and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.template.backends.django import DjangoTemplates, Template
from django.utils import timezone

SEALED = re.compile(r'(?<= name=)"(csrfmiddlewaretoken|shown)" value="[^"]*"')  # other characters each time
OPTIONS = settings.TEMPLATES[0]["OPTIONS"]
FILES = OPTIONS["loaders"][0][1]


def engine() -> DjangoTemplates:
    """That of the settings, with the loaders that Django has by itself."""
    options = OPTIONS | {"loaders": [("django.template.loaders.cached.Loader", FILES)]}
    return DjangoTemplates(
        {"NAME": "plain", "DIRS": settings.TEMPLATES[0]["DIRS"], "APP_DIRS": False, "OPTIONS": options}
    )


def compare(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """From now on each template that is shown is compared. Returns the names, which grow."""
    compared: set[str] = set()
    plain, render = engine(), Template.render

    def twice(self: Template, context: dict[str, Any] | None = None, request: object = None) -> str:
        # What can be gone through once would be empty the second time.
        context = {name: list(v) if isinstance(v, Iterator) else v for name, v in (context or {}).items()}
        if self.backend is plain:
            return render(self, context, request)
        name = str(self.template.name)
        with time_machine.travel(timezone.now(), tick=False):  # the session ends in so many seconds
            shown, expected = (render(template, context, request) for template in (self, plain.get_template(name)))
        assert SEALED.sub("", shown) == SEALED.sub("", expected), name
        compared.add(name)
        return shown

    monkeypatch.setattr(Template, "render", twice)
    return compared

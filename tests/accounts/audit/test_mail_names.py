"""Every kind of mail has a name that people read, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from accounts.audit import mail_names
from accounts.audit.events import Event

FOLDERS = sorted(one.name for one in (Path(settings.BASE_DIR) / "templates" / "mail").iterdir() if one.is_dir())


@pytest.mark.parametrize("template", FOLDERS)
def test_every_mail_has_a_name_in_both_languages(template: str) -> None:
    names = {}
    for language in ("nl", "en"):
        with translation.override(language):
            names[language] = mail_names.name_of(template)
    assert template not in names.values(), "add it to accounts/audit/mail_names.py"
    assert names["nl"] != names["en"]


def test_names_are_of_mails_that_exist_and_no_two_are_the_same() -> None:
    assert set(FOLDERS) >= mail_names.TO_ADMINISTRATORS
    assert set(mail_names._WITHOUT_EVENT) == set(FOLDERS) - set(Event.values)
    assert len({mail_names.name_of(template) for template in FOLDERS}) == len(FOLDERS)

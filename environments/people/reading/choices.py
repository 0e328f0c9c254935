"""Words for a role and for a language, as people write them in a list, Dutch or English."""

from __future__ import annotations

from collections.abc import Mapping

# By the values of `environments.models.Role`.
ROLES = {
    "reader": ("reader", "lezer", "lezen", "read", "viewer"),
    "editor": ("editor", "bewerker", "bewerken", "redacteur", "edit"),
    "manager": ("manager", "beheerder", "beheren", "beheer"),
}
# By the codes of the settings; with a region behind it a code counts too: nl-NL, en_GB.
LANGUAGES = {
    "nl": ("nl", "nederlands", "dutch", "nld"),
    "en": ("en", "engels", "english", "eng"),
}


def role_of(text: str) -> str:
    """The value of the role that is meant, or "" for none."""
    return _meant(ROLES, text.strip().lower())


def language_of(text: str) -> str:
    """The code of the language that is meant, or "" for none."""
    return _meant(LANGUAGES, text.strip().lower().replace("_", "-").partition("-")[0].strip())


def _meant(choices: Mapping[str, tuple[str, ...]], word: str) -> str:
    return next((value for value, words in choices.items() if word in words), "")

"""Rules for a new password (NIST SP 800-63B-4 section 3.1.1.2): long enough, and not one that others would guess.

No rules about capitals, digits or signs. Each refusal names its reason and says what to do instead. What is longer
than allowed is left to the length rule, so that nobody can make the other rules slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import limits
from accounts.passwords import blocklist, breached
from accounts.unicode_text import normalise, without_marks

PRODUCT = ("assetmaps",)
# Taken out as well once a name was found: "assetmaps wachtwoord" is no better than "assetmaps".
FILLERS = ("wachtwoord", "welkom", "inloggen", "geheim", "mijn", "password", "welcome", "login", "secret")
SHORTEST_NAME = 3


def length(password: str) -> int:
    """In code points of the composed form, the form that is hashed; of what nobody types, too many whatever it is."""
    return len(normalise("NFC", password[: limits.PASSWORD_LONGEST_TYPED]))


class LengthValidator:
    """15 to 128 code points (ASVS 6.2.1, 6.2.9)."""

    def validate(self, password: str, user: object = None) -> None:
        count = length(password)
        if count > limits.PASSWORD_MAX_LENGTH:
            raise ValidationError(self._too_long() % {"count": limits.PASSWORD_MAX_LENGTH}, code="password_too_long")
        if count < limits.PASSWORD_MIN_LENGTH:
            numbers = {"count": limits.PASSWORD_MIN_LENGTH, "missing": limits.PASSWORD_MIN_LENGTH - count}
            raise ValidationError(self._too_short(numbers["missing"]) % numbers, code="password_too_short")

    def get_help_text(self) -> str:
        return _("A password has %(least)d to %(most)d characters.") % {
            "least": limits.PASSWORD_MIN_LENGTH,
            "most": limits.PASSWORD_MAX_LENGTH,
        }

    def _too_long(self) -> str:
        return _("This password is too long: it may have %(count)d characters at most.")

    def _too_short(self, missing: int) -> str:
        return ngettext(
            "This password is too short: %(missing)d more character is needed, to make %(count)d. Add a word or two.",
            "This password is too short: %(missing)d more characters are needed, to make %(count)d. Add a word or two.",
            missing,
        )


class BlocklistValidator:
    """Not one that somebody would try first (ASVS 6.2.4)."""

    def validate(self, password: str, user: object = None) -> None:
        if length(password) > limits.PASSWORD_MAX_LENGTH:
            return
        if blocklist.is_repetition(password):
            raise ValidationError(
                _("This password repeats something short. Choose a sentence in which every word is another."),
                code="password_repeats",
            )
        if blocklist.is_common(password):
            raise ValidationError(
                _(
                    "Many people use this password or one like it, so it would be guessed soon. "
                    "Choose a few words that have nothing to do with each other."
                ),
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        return _("A password is not one that many people use.")


class NamesValidator:
    """Not built on a name that others know (ASVS 6.1.2, 6.2.11).

    The names are the product's and what the ``sources`` give: dotted paths of functions from a person to words, because
    some are in higher layers. Only names of the person's own surroundings are asked for: a refusal because of
    another organisation's name would tell that it is a customer.
    """

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self.sources: list[Callable[[object], Iterable[str]]] = [import_string(path) for path in sources]

    def validate(self, password: str, user: object = None) -> None:
        if length(password) > limits.PASSWORD_MAX_LENGTH:
            return
        names = set(PRODUCT)
        for words_of in self.sources:
            names.update(_letters(part) for text in words_of(user) for part in (text, *_parts(text)))
        found = _built_on(password, {name for name in names if len(name) >= SHORTEST_NAME})
        if found:
            raise ValidationError(
                _(
                    "This password is built on “%(name)s”, a name that others know. "
                    "Choose words that have nothing to do with you, your work or Assetmaps."
                ),
                code="password_built_on_name",
                params={"name": found},
            )

    def get_help_text(self) -> str:
        return _("A password is not built on your name, your address, your organisation or Assetmaps.")


class BreachedValidator:
    """Not one that was stolen elsewhere; only when `BREACHED_PASSWORDS_URL` is set (ASVS 6.2.12)."""

    def validate(self, password: str, user: object = None) -> None:
        if limits.PASSWORD_MIN_LENGTH <= length(password) <= limits.PASSWORD_MAX_LENGTH and breached.is_known(password):
            raise ValidationError(
                _(
                    "This password stands in a list of stolen passwords, so others know it. "
                    "Choose another one here, and change it everywhere else that you use it."
                ),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("A password is not one that was stolen elsewhere.")


def _plain(text: str) -> str:
    """Folded, and without accents: "Reneé" and "renee" are one name."""
    return without_marks(blocklist.fold(text))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, _plain(text)))


def _parts(text: str) -> list[str]:
    return "".join(char if char.isalpha() else " " for char in _plain(text)).split()


def _built_on(password: str, names: set[str]) -> str | None:
    """The longest of the names in the password, if too little is left without names, digits and signs.

    Looked at twice: by its own letters only, and with the digits and signs that stand for letters spelt out.
    """
    plain = _plain(password)
    spelt = [(blocklist.spell_out(char), char.isalpha()) for char in plain]
    for reading in ([pair for pair in spelt if pair[1]], [pair for pair in spelt if pair[0].isalpha()]):
        text = "".join(letter for letter, _own in reading)
        found, taken = _take_out(text, names)
        left = sum(own for (_letter, own), gone in zip(reading, taken, strict=True) if not gone)
        if found and left < limits.PASSWORD_OWN_PART:
            return found
    return None


def _take_out(text: str, names: set[str]) -> tuple[str | None, list[bool]]:
    """The longest name in the text, and which characters belong to a name or a filler."""
    taken = [False] * len(text)
    found = None
    for name in [*sorted(names, key=lambda name: (-len(name), name)), *FILLERS]:
        start = text.find(name)
        while start >= 0:
            if name in names:
                found = found or name
            taken[start : start + len(name)] = [True] * len(name)
            start = text.find(name, start + 1)
    return found, taken

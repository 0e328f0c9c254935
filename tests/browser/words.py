"""The words on the screen. Tests are written in Dutch; here they become the English ones, by way of the catalogue."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import django
import polib

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ROOT / "assetmaps/locale/nl/LC_MESSAGES/django.po"
DJANGO = Path(django.__file__).parent
THEIRS = tuple(DJANGO / part / "locale/nl/LC_MESSAGES/django.po" for part in ("conf", "contrib/admin", "contrib/auth"))

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%[sd]")


class UnknownWordError(LookupError):
    """No sentence of the catalogue is, or holds, the word that a test looks for: it was changed, or never there."""


class Pair(NamedTuple):
    dutch: str
    english: str


@cache
def pairs(*catalogues: Path) -> tuple[Pair, ...]:
    """Every sentence of the catalogues in both languages, as it reads on the screen; of plurals each form."""
    found = []
    for entry in (entry for path in catalogues for entry in polib.pofile(str(path)) if not entry.obsolete):
        forms = [entry.msgstr_plural[0], entry.msgstr_plural[1]] if entry.msgid_plural else [entry.msgstr]
        found += [
            Pair(_seen(form), _seen(text)) for form, text in zip(forms, (entry.msgid, entry.msgid_plural), strict=False)
        ]
    return tuple(dict.fromkeys(pair for pair in found if pair.dutch))


def _seen(text: str) -> str:
    """Without tags, on one line, and with a per cent sign where Python wants two."""
    return " ".join(re.sub(r"<[^>]+>", "", text).replace("%%", "%").split())


def english(word: str, *, exact: bool = False) -> re.Pattern[str]:
    """What stands on an English page where a Dutch one has ``word``: a sentence, or a part of one.

    Several sentences may have the same Dutch: each will do, and it is the page that must hold just one. Of a part of a
    sentence the whole sentence is looked for. ``exact``: nothing may stand before or after it. Raises UnknownWordError.
    """
    known = pairs(OURS, *THEIRS)
    found = [re.escape(pair.english) for pair in known if pair.dutch == word]
    found = found or [filled for pair in known if (filled := _filled(pair, word))]
    found = found or [pattern(pair.english) for pair in known if word in pair.dutch]
    if not found:
        raise UnknownWordError(word)
    either = "|".join(dict.fromkeys(_any_space(text) for text in found))
    return re.compile(rf"^\s*(?:{either})\s*$") if exact else re.compile(either, re.IGNORECASE)


def _filled(pair: Pair, word: str) -> str:
    """The English with what the word has in the places of the Dutch, or nothing when the word does not fit."""
    names = [match[1] or match[2] or str(at) for at, match in enumerate(PLACEHOLDER.finditer(pair.dutch))]
    if not names or len(PLACEHOLDER.sub("", pair.dutch).strip()) < 4:  # "%(a)s: %(b)s" would fit everything
        return ""
    fits = re.fullmatch(pattern(pair.dutch), word)
    values = dict(zip(names, fits.groups(), strict=True)) if fits else {}
    return pattern(pair.english, values) if fits else ""


def pattern(text: str, values: dict[str, str] | None = None) -> str:
    """A sentence of the catalogue as a regular expression; a place that has no value takes anything."""
    done, at = "", 0
    for number, place in enumerate(PLACEHOLDER.finditer(text)):
        value = (values or {}).get(place[1] or place[2] or str(number))
        done += re.escape(text[at : place.start()]) + (re.escape(value) if value else "(.+?)")
        at = place.end()
    return done + re.escape(text[at:])


def _any_space(text: str) -> str:
    return text.replace(r"\ ", r"\s+")

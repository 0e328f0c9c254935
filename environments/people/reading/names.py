"""The name of a person out of one text: "Vries, Jan de" is Jan de Vries."""

from __future__ import annotations

import re

# What stands between a first and a last name and belongs to the last, here and in neighbouring languages.
PARTICLES = frozenset(
    """van de den der het 't ’t 's ’s in op aan bij ten ter te tot uit uijt over onder voor la le les du des da das dos
    di del della von zu zum zur el al ben bin ibn ait af av v. v.d. vd v/d d. d' van't van’t vd. vande vanden vander
    van. der. den.""".split()  # noqa: SIM905 - a text reads better than a list of words
)
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.[ -]?)+|[^\W\d_]")
_FIRST = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
# Words that people put before an address, and that are no first name.
_NO_NAMES = frozenset(
    """aan to cc bcc van from voor naar mail e-mail email mailadres e-mailadres emailadres adres address contact info
    hoi hallo dag beste geachte graag ook en and met via bij hi hello dear please also for with stuur vraag dit deze
    nieuw nieuwe collega heer mevrouw dhr mevr mr mrs ms""".split()  # noqa: SIM905 - a text reads better
)
_PARENTHESES = re.compile(r"\(([^()]*)\)")
MOST_WORDS = 8


def is_particle(text: str) -> bool:
    """Whether every word is one."""
    words = text.lower().split()
    return bool(words) and all(word in PARTICLES for word in words)


def split(name: str) -> tuple[str, str]:
    """First and last name of a whole one on one line; either may be empty."""
    name, called = _without_parentheses(name)
    last, comma, first = name.partition(",")
    if comma:
        first, last = _turned(first.partition(",")[0].strip(), last.strip())
    else:
        first, last = _in_order(name.split())
    if called and _INITIALS.fullmatch(first):
        first = called
    return first, last


def with_particle(particle: str, last: str) -> str:
    """The last name with its particle, once: some lists have it in both columns, some behind a comma."""
    last, _comma, behind = last.partition(",")
    if is_particle(behind):
        last = f"{behind.strip()} {last}"
    elif behind.strip():
        last = f"{last},{behind}"
    if not particle or f"{last} ".lower().startswith(f"{particle.lower()} "):
        return last.strip()
    return f"{particle} {last}".strip()


def looks_like_one(text: str) -> bool:
    """Whether words that merely stand beside an address are a name: sentences have small words and figures."""
    words = text.replace(",", " , ").split()
    if not 2 <= len(words) <= MOST_WORDS or text.count(",") > 1:
        return False
    letters = [word for word in words if word != ","]
    if not all(re.fullmatch(r"[^\W\d_][^\W\d_.'’-]*(?:[.'’-][^\W\d_]*)*|['’][^\W\d_]+", word) for word in letters):
        return False
    plain = [word for word in letters if not is_particle(word)]
    ends_well = "," in text or not is_particle(letters[-1])
    return len(plain) > 1 and ends_well and all(word[0].isupper() for word in plain)


def looks_like_first(text: str) -> bool:
    """Whether a single word before an address is a first name: with a capital, and not a word of a sentence."""
    is_word = _FIRST.fullmatch(text) is not None and text[0].isupper()
    return is_word and text.lower() not in _NO_NAMES | PARTICLES


def _without_parentheses(name: str) -> tuple[str, str]:
    """And a single word that stood between them, which is the name somebody goes by where initials come before."""
    called = next((found for found in _PARENTHESES.findall(name) if found.isalpha()), "")
    plain = " ".join(_PARENTHESES.sub(" ", name).split()).replace(" ,", ",")
    return (plain or name, called)


def _turned(first: str, last: str) -> tuple[str, str]:
    words = first.split()
    place = len(words)
    while place and words[place - 1].lower() in PARTICLES:
        place -= 1
    return " ".join(words[:place]), " ".join([*words[place:], last])


def _in_order(words: list[str]) -> tuple[str, str]:
    """The last name begins at the first particle, else with the last word."""
    if not words or (len(words) > 1 and words[0].lower() in PARTICLES and words[0].islower()):
        return "", " ".join(words)
    if len(words) == 1:
        return words[0], ""
    inside = range(1, len(words) - 1)
    place = next((place for place in inside if words[place].lower() in PARTICLES), len(words) - 1)
    return " ".join(words[:place]), " ".join(words[place:])

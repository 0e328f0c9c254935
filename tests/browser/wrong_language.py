"""Sentences on the page that are in the other language. Names, and what people wrote themselves, are in no language."""

from __future__ import annotations

import re
from functools import cache

from playwright.sync_api import Page

from tests.browser import words

# Words of which two in one sentence show its language, whether or not the catalogue knows the sentence.
TELLING = {
    "nl": {"de", "het", "een", "je", "niet", "voor", "met", "naar", "deze", "van", "op", "wij", "we", "kan", "wordt"},
    "en": {"the", "you", "your", "this", "not", "for", "with", "from", "that", "these", "and", "be", "can", "will"},
}
BOTH = TELLING["nl"] & TELLING["en"]

# What the tour's people typed or are called, and what providers send: in no language, whatever the page is in.
WRITTEN = (
    "English",
    "Nederlands",
    "Tot 14 uur: we zetten nieuwe leidingen op de kaart.",
    "Tablet van de buitendienst, gemeente Voorbeeld",
    "een-lang-adres-van-iemand@gemeente-voorbeeld.nl",
    "de helpdesk van de gemeente, telefoon 0123 456 789",
    "Telefoon gestolen; teruggebeld op het bekende nummer.",
    "Telefoon in het water gevallen; de woorden kloppen.",
    "een-groep-met-een-hele-lange-naam-zonder-spaties-erin-zoals-ze-voorkomen",
)
# The same, where it is the whole of a text: the name of somebody, of a claim, or a word of a list that was pasted.
WRITTEN_ALONE = ("Organisatie", "Beheer", "name", "groups", "fout", "Onbekend")

# Every text of the page, block by block, but for what is marked as another language.
TEXTS = """() => {
  const blocks = new Map(), own = document.documentElement.lang;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    let block = node.parentElement;
    if (block.closest("script, style, textarea") || block.closest("[lang]").lang !== own) continue;
    while (/^inline/.test(getComputedStyle(block).display)) block = block.parentElement;
    blocks.set(block, (blocks.get(block) ?? "") + node.data);
  }
  const attributes = ["aria-label", "alt", "title", "placeholder", "aria-description", "data-copied"];
  const said = [...document.querySelectorAll("*")].filter((it) => it.closest("[lang]")?.lang === own).flatMap((it) =>
    [...attributes.map((name) => it.getAttribute(name)), it.matches("[type=submit]") ? it.value : ""]);
  return [...blocks.values(), ...said, document.title].map((text) => (text ?? "").replace(/\\s+/g, " ").trim());
}"""


def sentences(page: Page, language: str) -> list[str]:
    """What is not in this language."""
    faults = []
    for text in dict.fromkeys(filter(None, page.evaluate(TEXTS))):
        for kept in WRITTEN:
            text = text.replace(kept, "")
        text = "" if text in WRITTEN_ALONE else text
        faults += [f"not in {language}: {text[:100]}"] if _other(text, language) else []
    return faults


@cache  # the header and the footer stand on every page
def _other(text: str, language: str) -> bool:
    used = set(re.findall(r"[a-z]+", text.lower()))
    foreign = "en" if language == "nl" else "nl"
    telling = (TELLING[foreign] - BOTH) & used
    if len(telling) > 1 and len(telling) > len(TELLING[language] & used):
        return True
    return any(piece in text and _whole(own).search(text) for own, piece in _sentences(foreign))


@cache
def _sentences(language: str) -> tuple[tuple[str, str], ...]:
    """Every sentence of the catalogue in this language, but for those that are the same in the other.

    Each with its longest piece between places: a text without that piece needs no expression, and compiling 2,600 of
    them takes half a second.
    """
    known = words.pairs(words.OURS, *words.THEIRS)
    here = [(pair.dutch, pair.english) if language == "nl" else (pair.english, pair.dutch) for pair in known]
    there = {other.lower() for _own, other in here}
    kept = {own for own, _other in here if own.lower() not in there and _telling_enough(own)}
    return tuple((own, max(words.PLACEHOLDER.sub("\0", own).split("\0"), key=len)) for own in kept)


def _telling_enough(text: str) -> bool:
    return len(re.sub(r"[^a-zA-Z]", "", words.PLACEHOLDER.sub("", text))) > 3


@cache
def _whole(text: str) -> re.Pattern[str]:
    """A sentence may stand among others; of a word or two the whole text must be that."""
    pattern = words.pattern(text)
    return re.compile(rf"(?<!\w){pattern}(?!\w)" if text.count(" ") > 2 else rf"^{pattern}$")

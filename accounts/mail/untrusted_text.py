"""Texts that somebody else chose (a name, a reason), made harmless before they stand in a mail.

Mail programs turn text into links by themselves, and whoever invites somebody chooses the name in the first line.
"""

from __future__ import annotations

import re

from django.conf import settings

from accounts import limits, telephone

END_OF_SENTENCE = ".,;:!?)"
# Control characters, marks that turn the direction of what follows, and invisible characters. Not the two joiners,
# without which some languages cannot be written.
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
# What mail programs make a link of, by themselves: a scheme, www, a full stop within a word.
FULL_STOPS = ".\u2024\u3002\ufe52\uff0e\uff61"  # with those that are read as one
AUTO_LINKED = re.compile(
    rf"[a-z][a-z0-9+.-]*:/+|www[{FULL_STOPS}]|(?<=\w)[{FULL_STOPS}](?=[^\W\d_]{{2}})", re.IGNORECASE
)
EMAIL_ADDRESS = re.compile(r"[^\s/:@]+@[^\s/:@]+")  # which notices name
MOST_DIGITS = 3  # in a first name; more are a number to call, or a network address


def single_line(text: str) -> str:
    """The text without line breaks, with which it could pretend to be a paragraph of ours, and without what would turn
    round or hide our words behind it."""
    return " ".join(INVISIBLE.sub("", text).split())


def greeting_name(first_name: str) -> str:
    """The name for the first line; empty when it is more than a name: it stands above our own words and our link."""
    name = single_line(first_name)
    is_more = len(name) > limits.GREETING_NAME_LENGTH or AUTO_LINKED.search(name) or set(name) & set("@:")
    return "" if is_more or sum(character.isdigit() for character in name) > MOST_DIGITS else name


def without_foreign_links(text: str) -> str:
    """The text, in which a mail program finds no link but those to us."""
    return "".join(_without_foreign_link(part) for part in re.split(r"(\s+)", text))


def _without_foreign_link(word: str) -> str:
    bare = word.rstrip(END_OF_SENTENCE)
    if link_target(bare) or EMAIL_ADDRESS.fullmatch(bare):
        return word
    return AUTO_LINKED.sub(lambda found: ". " if found[0] in FULL_STOPS else "", word)


def link_target(word: str) -> str:
    """Where this word may lead: support, or an address of ours; empty for anything else."""
    if word == settings.SUPPORT_EMAIL:
        return f"mailto:{word}"
    if word and word == settings.SUPPORT_PHONE:
        return telephone.link(word)
    # With the slash: our address could be the beginning of another host's name.
    return word if word == settings.PUBLIC_URL or word.startswith(f"{settings.PUBLIC_URL}/") else ""

"""Why a domain is not proved: what the DNS holds where our text should stand, and where it stands instead."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.sso.domains.flows import record_name, record_text
from accounts.sso.domains.resolver import LookUpError, Resolver
from accounts.sso.models import MailDomain
from accounts.unicode_text import without_control_characters

MAX_TEXTS = 3  # shown
MAX_TEXT_LENGTH = 100  # characters shown of each; the owner of the zone chose them


@dataclass(frozen=True)
class Diagnosis:
    """``place``: the name at which there are texts; ``is_ours``: our text stands there, at a wrong name; ``texts``: the
    first ones, cut; ``more``: how many are left out."""

    place: str
    is_ours: bool
    texts: tuple[str, ...]
    more: int


def unquoted(text: str) -> str:
    """Without the quotation marks that people paste into the text itself."""
    return text.strip().strip('"“”').strip()


def wrong_names(domain: MailDomain) -> list[str]:
    """Names at which the record stands when the page of the DNS provider put the domain behind it once more, or when
    the first part of the name was left out."""
    name = domain.domain
    return [f"{record_name(domain)}.{name}", name]


def diagnose(domain: MailDomain, resolver: Resolver) -> Diagnosis | None:
    """Look at the right place and at the usual wrong ones; None when nothing tells. At most three look-ups."""
    here = _texts(resolver, record_name(domain))
    if here:
        return _found(record_name(domain), here, is_ours=False)
    for place in wrong_names(domain):
        if record_text(domain).lower() in [text.lower() for text in _texts(resolver, place)]:
            return _found(place, [record_text(domain)], is_ours=True)
    return None


def _found(place: str, texts: list[str], *, is_ours: bool) -> Diagnosis:
    shown = tuple(without_control_characters(text)[:MAX_TEXT_LENGTH] for text in texts[:MAX_TEXTS])
    return Diagnosis(place, is_ours, shown, len(texts) - len(shown))


def _texts(resolver: Resolver, name: str) -> list[str]:
    try:
        return [unquoted(text) for text in resolver.texts(name)]
    except LookUpError:
        return []

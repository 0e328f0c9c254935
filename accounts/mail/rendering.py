"""The HTML of a mail, made from its text, so that the two cannot say different things.

No text that somebody else chose can become structure: the template escapes every word, only addresses that
`untrusted_text.link_target` allows become links, and the button is that of the mail's own `action.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from accounts.mail.untrusted_text import END_OF_SENTENCE, link_target

LARGE_INDENT = "    "  # a line that begins so holds words or a number to copy or read out, and is shown large
Labels = dict[str, tuple[str, str]]  # by address: the words, and what kind of block they are
NEVER = r"(?!)"  # a pattern that matches nothing


class Span(NamedTuple):
    """Some words; with an address they are a link."""

    words: str
    address: str = ""


class Block(NamedTuple):
    """``kind``: brand, text, large, button or link."""

    kind: str
    lines: list[list[Span]]


def as_html(subject: str, body: str, action: str, links: str, language: str) -> str:
    """``action`` and ``links``: labels, the address of each on the line behind it. ``body`` begins with the brand, on a
    line of its own."""
    labels = {address: (label, "link") for address, label in _pairs(links)}
    labels |= {address: (label, "button") for address, label in _pairs(action)}
    brand, rest = body.split("\n", 1)
    blocks = [Block("brand", [[Span(brand)]]), *_blocks(rest, labels)]
    return render_to_string("mail/base.html", {"subject": subject, "language": language, "blocks": blocks})


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return zip(lines[1::2], lines[::2], strict=True)


def _blocks(body: str, labels: Labels) -> list[Block]:
    blocks: list[Block] = []
    for paragraph in re.split(r"\n{2,}", body.strip("\n")):
        lines: list[Block] = [_block(line, labels) for line in paragraph.split("\n")]
        for number, block in enumerate(lines):
            if number and block.kind == lines[number - 1].kind == "text":
                blocks[-1].lines.extend(block.lines)
            else:
                blocks.append(block)
    return blocks


def _block(line: str, labels: Labels) -> Block:
    if line.startswith(LARGE_INDENT):
        return Block("large", [[Span(line.strip())]])
    if line.strip() in labels:
        label, kind = labels[line.strip()]
        return Block(kind, [[Span(label, line.strip())]])
    return Block("text", [_spans(line)])


def _spans(line: str) -> list[Span]:
    spans: list[Span] = []
    for part in re.split(rf"({re.escape(settings.SUPPORT_PHONE) or NEVER}|\s+)", line):
        bare = part.rstrip(END_OF_SENTENCE)
        if target := link_target(bare):
            spans += [Span(bare, target), Span(part[len(bare) :])]
        else:
            spans.append(Span(part))
    return spans

"""The HTML of a mail, made from its text, so that the two cannot say different things.

Nothing that a person or an organisation is called can become structure: a template escapes every word, a link goes to
an address that begins with ours or to support, and the button is that of the mail's folder (`action.txt`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string

from accounts import limits

TO_READ_OUT = "    "  # a line that begins so holds words or a number to copy or read out, and is shown large
END_OF_SENTENCE = ".,;:!?)"
# Control characters, marks that turn the direction of what follows, and signs that nobody sees. Not the two joiners,
# without which some languages cannot be written.
UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


# What mail programs make a link of, by themselves: a scheme, www, a full stop within a word.
STOPS = ".\u2024\u3002\ufe52\uff0e\uff61"  # with those that are read as one
LINKED = re.compile(rf"[a-z][a-z0-9+.-]*:/+|www[{STOPS}]|(?<=\w)[{STOPS}](?=[^\W\d_]{{2}})", re.IGNORECASE)
PERSON = re.compile(r"[^\s/:@]+@[^\s/:@]+")  # an e-mail address, which notices name


@dataclass(frozen=True)
class Piece:
    """Some words; with an address they are a link."""

    words: str
    address: str = ""


@dataclass(frozen=True)
class Block:
    """``kind``: text, large, button or link."""

    kind: str
    lines: list[list[Piece]]


def one_line(words: str) -> str:
    """What somebody typed, without the line breaks with which it could pretend to be a paragraph of ours, and without
    what would turn round or hide the words of ours behind it."""
    return " ".join(UNSEEN.sub("", words).split())


def greeted(first_name: str) -> str:
    """The name for the first line; empty when it is more than what somebody is called. Whoever invites somebody chooses
    the name, and it stands above our own words and our link."""
    name = one_line(first_name)
    is_more = len(name) > limits.GREETED_LONGEST or LINKED.search(name) or set(name) & set("@:") or _digits(name) > 3
    return "" if is_more else name


def _digits(text: str) -> int:
    """More than a few are a number to call, or a network address."""
    return sum(sign.isdigit() for sign in text)


def unlinked(text: str) -> str:
    """The text, in which a mail program finds no link but those to us: what somebody is called, or gave as a reason,
    must not be one press away in a mail of ours."""
    return "".join(_unlinked(part) for part in re.split(r"(\s+)", text))


def _unlinked(word: str) -> str:
    bare = word.rstrip(END_OF_SENTENCE)
    if _target(bare) or PERSON.fullmatch(bare):
        return word
    return LINKED.sub(lambda found: ". " if found[0] in STOPS else "", word)


def as_html(subject: str, body: str, action: str, language: str) -> str:
    """``action``: a label, its address on the next line; the first pair is the button, others are quiet links."""
    lines = [line.strip() for line in action.splitlines() if line.strip()]
    labels = dict(zip(lines[1::2], lines[::2], strict=True))
    context = {"subject": subject, "language": language, "blocks": _blocks(body, labels)}
    return render_to_string("mail/base.html", context)


def _blocks(body: str, labels: dict[str, str]) -> list[Block]:
    blocks: list[Block] = []
    for paragraph in re.split(r"\n{2,}", body.strip("\n")):
        lines: list[Block] = [_block(line, labels) for line in paragraph.split("\n")]
        for number, block in enumerate(lines):
            if number and block.kind == lines[number - 1].kind == "text":
                blocks[-1].lines.extend(block.lines)
            else:
                blocks.append(block)
    return blocks


def _block(line: str, labels: dict[str, str]) -> Block:
    if line.startswith(TO_READ_OUT):
        return Block("large", [[Piece(line.strip())]])
    if label := labels.get(line.strip()):
        kind = "button" if line.strip() == next(iter(labels)) else "link"
        return Block(kind, [[Piece(label, line.strip())]])
    return Block("text", [_pieces(line)])


def _pieces(line: str) -> list[Piece]:
    pieces: list[Piece] = []
    for part in re.split(r"(\s+)", line):
        bare = part.rstrip(END_OF_SENTENCE)
        if target := _target(bare):
            pieces += [Piece(bare, target), Piece(part[len(bare) :])]
        else:
            pieces.append(Piece(part))
    return pieces


def _target(words: str) -> str:
    """Where these words may lead. With the slash: our address could be the beginning of another host's name."""
    if words == settings.SUPPORT_EMAIL:
        return f"mailto:{words}"
    return words if words == settings.PUBLIC_URL or words.startswith(f"{settings.PUBLIC_URL}/") else ""

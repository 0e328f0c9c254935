"""``python -m tests.environments.people.list_shapes`` prints how many people of each shape of list are read right.

Right is a person with the right address, names and environments. Wrongly invited is who would get a mail and should
not, or whose name or environments are not those of the list.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import django


@dataclass(frozen=True)
class Outcome:
    """``people``: who would be invited; ``wrong``: lines that are not carried out; ``named``: what is not used."""

    people: list[tuple[str, str, str, str]]
    wrong: int
    named: list[str]


def outcome(content: bytes | str) -> Outcome:
    """What the page would offer of a file or of pasted text, to somebody with every environment."""
    from environments.people import list_reader, validation
    from environments.people.reading.types import Listing

    listing = list_reader.read_file(content) if isinstance(content, bytes) else list_reader.read(content)
    assert isinstance(listing, Listing), listing
    people: dict[str, tuple[str, str, str, str]] = {}
    for row in listing:
        if not row.flaw and validation.is_address(row.address):
            environments = " | ".join(list_reader.environment_names(row.environments))
            people.setdefault(row.address.lower(), (row.address, row.first_name, row.last_name, environments))
    named = [name for note in listing.notes for name in note.names]
    return Outcome(list(people.values()), len(listing.rows) - len(people), named)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.environments.people.shapes import SHAPES

    right = total = strangers = whole = 0
    for shape in SHAPES:
        found = outcome(shape.content)
        good = sum(person in found.people for person in shape.people)
        extra = len(found.people) - good
        right, total, strangers = right + good, total + len(shape.people), strangers + extra
        whole += good == len(shape.people) and not extra and found.wrong == shape.wrong
        print(f"{good:3} of {len(shape.people):2} right, {extra} wrongly invited: {shape.name}")
    print(f"{right} of {total} people right, {strangers} wrongly invited; {whole} of {len(SHAPES)} shapes right.")
    return 0 if whole == len(SHAPES) else 1


if __name__ == "__main__":
    sys.exit(main())

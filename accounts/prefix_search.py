"""Finding by the beginning of a word, with an index, on every database.

Names are compared by their search keys (`accounts.fields`), addresses without regard to case. Text is compared by
code point: in the collation of a language ("de" before "De", accents and hyphens skipped) the words with the same
beginning are no contiguous range of an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Replace
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from accounts.unicode_text import folded

MOST_WORDS = 8  # of what somebody types; each more costs three queries
LAST_SIGN = "\U0010ffff"  # the highest code point: the end of every range


class Plain(Func):
    """In lower case, ordered by code point."""

    template = '(LOWER(%(expressions)s) COLLATE "C")'
    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(LOWER(%(expressions)s) COLLATE BINARY)", **context)


def last_word(field: str) -> Replace:
    """Who looks for "Berg" means "van den Berg": what is left without everything up to the last space."""
    up_to_the_last_space: Any = Func(F(field), Replace(F(field), Value(" ")), function="RTRIM")
    return Replace(F(field), up_to_the_last_space, Value(""))


def starts_with(expression: Any, text: str) -> Q:
    """The condition that what the expression gives begins with the text, which is in lower case."""
    plain = Plain(expression)
    return Q(GreaterThanOrEqual(plain, text)) & Q(LessThan(plain, text + LAST_SIGN))


def search_conditions(text: str, prefix: str = "") -> Iterator[tuple[Q, Plain]]:
    """The ways in which a text can name somebody, each with the order of its index: address, first name, last name or
    its last word begins with the text; or first and last name with its parts, in either order.

    ``prefix``: the way to the person, for example "user__". Each way is to be a query of its own: all in one condition,
    no index would serve, and a million people take seconds.
    """
    words = folded(text).split()[:MOST_WORDS]
    first, last = F(f"{prefix}first_name_key"), F(f"{prefix}last_name_key")
    last_words = last_word(f"{prefix}last_name_key")
    for name in (F(f"{prefix}email"), first, last, last_words) if words else ():
        yield starts_with(name, " ".join(words)), Plain(name)
    for place in range(1, len(words)):
        left, right = " ".join(words[:place]).rstrip(","), " ".join(words[place:])
        yield starts_with(first, left) & starts_with(last, right), Plain(last)
        yield starts_with(first, left) & starts_with(last_words, right), Plain(last_words)
        yield starts_with(last, left) & starts_with(first, right), Plain(last)

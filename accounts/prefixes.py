"""Finding by the beginning of a word, with an index, on every database.

Upper and lower case are the same. Signs are compared one by one: in the order of a language ("de" before "De", accents
and hyphens skipped) no index could say where the words with the same beginning end.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Replace
from django.db.models.lookups import GreaterThanOrEqual, LessThan

LAST_SIGN = "\U0010ffff"  # nothing sorts behind it


class Plain(Func):
    """In lower case, in the order of the signs' numbers."""

    template = '(LOWER(%(expressions)s) COLLATE "C")'
    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(LOWER(%(expressions)s) COLLATE BINARY)", **context)


def last_word(field: str) -> Replace:
    """Who looks for "Berg" means "van den Berg": what is left without everything up to the last space."""
    up_to_the_last_space: Any = Func(F(field), Replace(F(field), Value(" ")), function="RTRIM")
    return Replace(F(field), up_to_the_last_space, Value(""))


def begins(expression: Any, text: str) -> Q:
    """The condition that what the expression gives begins with the text."""
    plain, lower = Plain(expression), text.lower()
    # SQLite leaves accented capitals as they are.
    variants = {lower, lower[:1].upper() + lower[1:]} if lower[:1] > "\x7f" else {lower}
    found = Q()
    for begin in sorted(variants):
        found |= Q(GreaterThanOrEqual(plain, begin)) & Q(LessThan(plain, begin + LAST_SIGN))
    return found

"""Forms that merge with changes that others made since the page was shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.edit_conflicts import merging, page_state
from accounts.edit_conflicts.merging import Conflict
from accounts.edit_conflicts.page_state import Values


class MergedForm(forms.BaseForm):
    """Mixin for a form whose initial values are the stored ones; put it first among the bases, call `of`, and put
    ``{{ form.shown_input }}`` in the template.

    Read the stored values under a lock, in the transaction that validates the form and saves the result.
    """

    about = ""
    shown_to = 0
    carried_token = ""  # after a redirect: the token of the page whose input had errors
    rows: Values | None = None  # of the tables below the form, see `accounts.edit_conflicts.inline_rows`
    linked_fields: frozenset[str] = frozenset()  # fields that make sense only as a whole
    facts: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def of(self, about: str, person_id: int, **facts: tuple[str, str]) -> None:
        """``facts``: for fields that cannot show the stored value, a key that identifies it and a text for people."""
        self.about, self.shown_to, self.facts = about, person_id, facts

    @property
    def page_token(self) -> str:
        """The stored values that this page is based on, signed."""
        if self.carried_token:
            return self.carried_token
        facts = {name: key for name, (key, _words) in self.facts.items()}
        shown = {"fields": merging.values(self), "facts": facts, "rows": self.rows or {}}
        return page_state.sign(self.about, self.shown_to, shown)

    @property
    def shown_input(self) -> str:
        if not self.about:
            return ""
        return format_html('<input type="hidden" name="{}" value="{}">', page_state.FIELD, self.page_token)

    def full_clean(self) -> None:
        conflicts: list[Conflict] = []
        page: Values | None = None
        if self.is_bound and self.about:
            page = page_state.read(str(self.data.get(page_state.FIELD, "")), self.about, self.shown_to)
            conflicts = merging.merge(self, page["fields"] if page else None, self.linked_fields)
            conflicts += self._changed_facts(page)
        super().full_clean()
        if self.is_bound and self.about and page is None:
            self.add_error(None, unknown_page_message())
        for conflict in conflicts:
            self.add_error(conflict.field, conflict.sentence)

    def _changed_facts(self, page: Values | None) -> list[Conflict]:
        before: Any = page["facts"] if page else {}
        return [
            Conflict(name, words, _("what you just chose"))
            for name, (key, words) in self.facts.items()
            if page and before.get(name) != key and self[name].data  # what was left empty replaces nothing
        ]


def was_shown(posted: Mapping[str, Any], about: str, person_id: int | None) -> bool:
    """Was this form shown to this person? Then they may be told that its object was deleted."""
    return page_state.read(str(posted.get(page_state.FIELD, "")), about, person_id or 0) is not None


def deleted_message() -> str:
    return _("While this page was open, this was deleted, or moved out of your reach.")


def unknown_page_message() -> str:
    return _(
        "We can no longer see what this page showed when you opened it. Nothing is saved yet. "
        "Compare what stands here and save again."
    )

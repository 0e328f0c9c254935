"""Forms that know what their page showed."""

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
    """Stand it before the class of a form whose initial values are the stored ones, and call `of`. Its template holds
    ``{{ form.shown_input }}``.

    Read the stored values under a lock, in the transaction in which the form is checked and its result is written.
    """

    about = ""
    shown_to = 0
    carried_mark = ""  # after a redirect: of the page on which the errors were found
    rows: Values | None = None  # of the tables below the form, see `accounts.edit_conflicts.inline_rows`
    together: frozenset[str] = frozenset()  # fields that mean something only as one
    facts: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def of(self, about: str, person_id: int, **facts: tuple[str, str]) -> None:
        """``facts``: of fields that cannot show what is stored, what identifies that, and the same for people."""
        self.about, self.shown_to, self.facts = about, person_id, facts

    @property
    def mark(self) -> str:
        """Of the stored values, which are what this page is based on."""
        if self.carried_mark:
            return self.carried_mark
        facts = {name: key for name, (key, _words) in self.facts.items()}
        shown = {"fields": merging.values(self), "facts": facts, "rows": self.rows or {}}
        return page_state.sign(self.about, self.shown_to, shown)

    @property
    def shown_input(self) -> str:
        return (
            format_html('<input type="hidden" name="{}" value="{}">', page_state.FIELD, self.mark) if self.about else ""
        )

    def full_clean(self) -> None:
        conflicts: list[Conflict] = []
        page: Values | None = None
        if self.is_bound and self.about:
            page = page_state.read(str(self.data.get(page_state.FIELD, "")), self.about, self.shown_to)
            conflicts = merging.rebase(self, page["fields"] if page else None, self.together)
            conflicts += self._changed_facts(page)
        super().full_clean()
        if self.is_bound and self.about and page is None:
            self.add_error(None, unknown_page())
        for conflict in conflicts:
            self.add_error(conflict.field, conflict.sentence)

    def _changed_facts(self, page: Values | None) -> list[Conflict]:
        before: Any = page["facts"] if page else {}
        return [
            Conflict(name, words, _("what you just chose"))
            for name, (key, words) in self.facts.items()
            if page and before.get(name) != key
        ]


def was_shown(posted: Mapping[str, Any], about: str, person_id: int | None) -> bool:
    """Did this person have that form open? Then they may hear that what it was about is gone."""
    return page_state.read(str(posted.get(page_state.FIELD, "")), about, person_id or 0) is not None


def gone() -> str:
    return _("While this page was open, this was deleted, or moved out of your reach.")


def unknown_page() -> str:
    return _(
        "We can no longer see what this page showed when you opened it. Nothing is saved yet. "
        "Compare what stands here and save again."
    )

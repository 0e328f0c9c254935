"""The rows that a deletion removes as well, counted by kind. Django's own pages collect and list every row, which takes
most of a minute for the access of 30,000 people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import CASCADE, PROTECT, RESTRICT, Model, QuerySet
from django.db.models.deletion import get_candidate_relations_to_delete
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from accounts import limits

Counts = Counter[type[Model]]


class CountedDeletion(admin.ModelAdmin):
    """Names the rows that somebody chose to delete, and counts by kind what goes with them."""

    def get_deleted_objects(self, objs: Any, request: Any) -> tuple[list, dict, set, list]:
        """What the pages show: what was chosen, how many of each kind go, which kinds this worker may not delete, and
        how many of each kind are in the way. The same four as Django's."""
        chosen = list(objs)
        going, in_the_way = count(self.model, [one.pk for one in chosen])
        lacking = {
            str(kind._meta.verbose_name)
            for kind in going
            if self.admin_site.is_registered(kind)
            and not all(
                self.admin_site.get_model_admin(kind).has_delete_permission(request, one)
                for one in (chosen if kind is self.model else [None])
            )
        }
        told = {name: number for kind, number in going.items() if (name := name_of(kind, self.model))}
        protected = [f"{capfirst(kind._meta.verbose_name_plural)}: {number}" for kind, number in in_the_way.items()]
        return self._named(chosen), told, lacking, protected

    def _named(self, chosen: list[Any]) -> list[str]:
        address = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        kind = capfirst(self.opts.verbose_name)
        named: list[str] = [
            format_html('{}: <a href="{}">{}</a>', kind, reverse(address, args=[quote(one.pk)]), one)
            for one in chosen[: limits.NAMED_IN_DELETION]
        ]
        if left := len(chosen) - len(named):
            named.append(ngettext("and %(count)d more", "and %(count)d more", left) % {"count": left})
        return named


def name_of(kind: type[Model], seen_from: type[Model]) -> str:
    """The plural name of the model. Empty for models that are a part of another one and have no name for people: the
    sizes of a picture, the lines of a list."""
    if kind._meta.auto_created:  # a link of a ManyToManyField; Django names it in English
        ends: list[Any] = [field.related_model for field in kind._meta.fields if field.is_relation]
        other = next((end for end in ends if end is not seen_from), seen_from)
        return gettext("links with %(kind)s") % {"kind": other._meta.verbose_name_plural}
    name = kind._meta.verbose_name_plural
    return str(name) if isinstance(name, Promise) else ""


def count(model: type[Model], keys: Iterable[Any]) -> tuple[Counts, Counts]:
    """How many rows of each kind go when these go, and how many of each kind forbid it."""
    going: Counts = Counter()
    in_the_way: Counts = Counter()
    _count(model._base_manager.filter(pk__in=list(keys)), going, in_the_way)
    return going, in_the_way


def _count(rows: QuerySet, going: Counts, in_the_way: Counts) -> None:
    found = rows.count()
    if not found:
        return
    going[rows.model] += found
    relations: Any = get_candidate_relations_to_delete(rows.model._meta)
    for relation in relations:
        related = relation.related_model
        behind = related._base_manager.filter(**{f"{relation.field.name}__in": rows})
        if relation.on_delete in (PROTECT, RESTRICT):
            in_the_way += Counter({related: behind.count()})
        elif relation.on_delete is CASCADE and related is not rows.model:
            _count(behind, going, in_the_way)

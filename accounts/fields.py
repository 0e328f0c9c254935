"""Kinds of columns: names that are written in more than one way."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.unicode_text import folded, normalise


class NameField(models.CharField):
    """A name in its composed form (NFC), wherever it comes from: an é of one code point or of two is the same é, in
    the column and in every look-up. To migrations it is a plain CharField."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalise("NFC", value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class SearchKeyField(models.CharField):
    """How the text of another column is looked for, see `accounts.unicode_text.folded`. Set whenever the row is stored.

    A column and not an expression in the index: SQLite knows no accents, and PostgreSQL no folding that an index takes.
    ``update()`` of a query set does not set it; the model's ``save`` names it together with ``source``.
    """

    def __init__(self, *args: Any, source: str = "", **kwargs: Any) -> None:
        """``source``: the name of the other column, which is half as long."""
        self.source = source
        kwargs |= {"editable": False, "blank": True, "default": "", "db_default": ""}
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = folded(getattr(model_instance, self.source))[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def with_keys(model: type[models.Model], names: Any) -> list[str] | None:
    """``update_fields`` with the search keys of the columns in it; None stays None, which means all."""
    if names is None:
        return None
    keys = [field.name for field in model._meta.fields if isinstance(field, SearchKeyField) and field.source in names]
    return [*names, *keys]

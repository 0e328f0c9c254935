"""Columns of `Access` that hold something of the environment, as it was when the row was added; `environments.changes`
keeps them. To migrations they are plain."""

from __future__ import annotations

from typing import Any

from django.db import models

from environments.name_order import by_name


class _CopiedField(models.Field):
    def copied_from(self, environment: Any) -> object:
        raise NotImplementedError

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if add:
            setattr(model_instance, self.attname, self.copied_from(model_instance.environment))
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{type(self).__bases__[1].__name__}", args, kwargs


class OwnerField(_CopiedField, models.BigIntegerField):
    """The number of the organisation."""

    def copied_from(self, environment: Any) -> object:
        return environment.organisation_id


class OrderKeyField(_CopiedField, models.BinaryField):
    """What the name sorts by."""

    def copied_from(self, environment: Any) -> object:
        return by_name(environment.name)

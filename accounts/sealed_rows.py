"""Rows with encrypted columns, which are encrypted again when a new one of ENCRYPTION_KEYS is taken into use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Q

from accounts import encryption, limits


class SealedRow:
    """A model with columns that `encryption.seal` made, empty or not: ``SEALED`` names them.

    A plain class: among the bases of a Device, an abstract model would hide its manager from the type checker. Name the
    model in `key_rotation.flows.KINDS` too; a test fails otherwise.
    """

    SEALED: ClassVar[tuple[str, ...]]

    def sealed_owner(self) -> str:
        """What the columns are bound to."""
        raise NotImplementedError

    def opened(self, column: str) -> bytes:
        """What the column holds, decrypted; empty when it is. Raises encryption.SecretUnreadableError."""
        sealed = bytes(getattr(self, column))
        return encryption.unseal(sealed, owner=self.sealed_owner()) if sealed else b""

    @classmethod
    def renew_encryption(cls, pk: int) -> int:
        """Encrypt the columns of the row with the key in use; returns how many. Raises SecretUnreadableError.

        The condition on the old value prevents overwriting a parallel change.
        """
        rows = cls._default_manager  # type: ignore[attr-defined]
        row = rows.filter(pk=pk).first()
        renewed = 0
        for column in cls.SEALED if row else ():
            old = bytes(getattr(row, column))
            if old and not encryption.is_current(old):
                owner = row.sealed_owner()
                new = encryption.seal(encryption.unseal(old, owner=owner), owner=owner)
                renewed += rows.filter(pk=pk, **{column: old}).update(**{column: new})
        return renewed

    @classmethod
    def without_newest_key(cls) -> list[int]:
        """The rows with a column that another key than the one in use encrypted, in their order."""
        return sorted({pk for pk, value in cls.sealed_values() if not encryption.is_current(value)})

    @classmethod
    def unreadable(cls) -> list[int]:
        """The rows with a column whose key is not configured, in their order."""
        return sorted({pk for pk, value in cls.sealed_values() if not encryption.has_key_of(value)})

    @classmethod
    def sealed_values(cls) -> Iterator[tuple[int, bytes]]:
        """The primary key with each value that is not empty; in batches: no cursor of the server stays open."""
        with_any = reduce(or_, (~Q(**{column: b""}) for column in cls.SEALED))
        rows: Any = cls._default_manager.filter(with_any)  # type: ignore[attr-defined]
        rows = rows.order_by("pk").values_list("pk", *cls.SEALED)
        after = 0
        while batch := list(rows.filter(pk__gt=after)[: limits.EXPORT_BATCH]):
            yield from ((pk, bytes(value)) for pk, *values in batch for value in values if value)
            after = batch[-1][0]

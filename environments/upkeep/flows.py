from __future__ import annotations

from enum import Enum, auto

from django.db import transaction

from environments.models import Environment, Picture
from environments.upkeep import images
from environments.upkeep.drawing.refusals import Refusal


class Outcome(Enum):
    SAVED = auto()
    CHANGED_MEANWHILE = auto()  # the picture is no longer the one that the page showed
    NOT_A_PICTURE = auto()
    TOO_MANY_PIXELS = auto()
    TOO_MUCH_WORK = auto()
    TOO_SMALL = auto()
    BUSY = auto()


def set_picture(environment_id: int, uploaded: bytes, *, shown: int | None = None) -> Outcome:
    """Put the uploaded picture, redrawn, in the place of the one before. ``shown``: its version on the page, if any."""
    drawn = images.redraw(uploaded)  # before the transaction: it takes a while
    if isinstance(drawn, Refusal):
        return Outcome[drawn.name]
    with transaction.atomic():
        if not _begin_version(environment_id, has_picture=True, shown=shown):
            return Outcome.CHANGED_MEANWHILE
        files = [Picture(environment_id=environment_id, width=width, webp=webp) for width, webp in drawn.items()]
        Picture.objects.bulk_create(files)
    return Outcome.SAVED


@transaction.atomic
def remove_picture(environment_id: int, *, shown: int | None = None) -> bool:
    """Back to the initials; False when the picture is no longer the one that the page showed."""
    return _begin_version(environment_id, has_picture=False, shown=shown)


def _begin_version(environment_id: int, *, has_picture: bool, shown: int | None) -> bool:
    environment = Environment.objects.select_for_update().get(pk=environment_id)
    if shown is not None and environment.picture_version != shown:
        return False
    Picture.objects.filter(environment=environment).delete()
    environment.picture_version += 1
    environment.has_picture = has_picture
    environment.save(update_fields=["picture_version", "has_picture"])
    return True

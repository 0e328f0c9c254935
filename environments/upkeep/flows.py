from __future__ import annotations

from enum import Enum, auto

from django.db import transaction

from environments.models import Environment, Picture
from environments.upkeep import images
from environments.upkeep.images import Refusal


class Outcome(Enum):
    SAVED = auto()
    NOT_A_PICTURE = auto()
    TOO_MANY_PIXELS = auto()
    TOO_SMALL = auto()


def set_picture(environment_id: int, uploaded: bytes) -> Outcome:
    """Put the uploaded picture, redrawn, in the place of the one before."""
    drawn = images.redraw(uploaded)  # before the transaction: it takes a while
    if isinstance(drawn, Refusal):
        return Outcome[drawn.name]
    with transaction.atomic():
        _begin_version(environment_id, has_picture=True)
        files = [Picture(environment_id=environment_id, width=width, webp=webp) for width, webp in drawn.items()]
        Picture.objects.bulk_create(files)
    return Outcome.SAVED


@transaction.atomic
def remove_picture(environment_id: int) -> None:
    """Back to the initials."""
    _begin_version(environment_id, has_picture=False)


def _begin_version(environment_id: int, *, has_picture: bool) -> None:
    environment = Environment.objects.select_for_update().get(pk=environment_id)
    Picture.objects.filter(environment=environment).delete()
    environment.picture_version += 1
    environment.has_picture = has_picture
    environment.save(update_fields=["picture_version", "has_picture"])

from __future__ import annotations

from enum import Enum, auto

from django.db import transaction

from accounts.audit.origin import Origin
from accounts.models import User
from environments.administration import images
from environments.administration.image_conversion.refusals import Refusal
from environments.changes import flows as changes
from environments.models import Environment, Picture


class Outcome(Enum):
    SAVED = auto()
    CHANGED_MEANWHILE = auto()  # the picture is no longer the one that the page showed
    NOT_A_PICTURE = auto()
    TOO_MANY_PIXELS = auto()
    TOO_MUCH_WORK = auto()
    TOO_SMALL = auto()
    BUSY = auto()


def set_picture(
    environment_id: int, uploaded: bytes, *, actor: User, origin: Origin, shown: int | None = None
) -> Outcome:
    """Replace the picture by the uploaded one, converted. ``shown``: the version on the page, if any."""
    drawn = images.redraw(uploaded)  # before the transaction, because it is slow
    if isinstance(drawn, Refusal):
        return Outcome[drawn.name]
    with transaction.atomic():
        environment = _begin_version(environment_id, has_picture=True, shown=shown)
        if environment is None:
            return Outcome.CHANGED_MEANWHILE
        files = [Picture(environment_id=environment_id, width=width, webp=webp) for width, webp in drawn.items()]
        Picture.objects.bulk_create(files)
        changes.picture_changed(environment, actor=actor, origin=origin)
    return Outcome.SAVED


@transaction.atomic
def remove_picture(environment_id: int, *, actor: User, origin: Origin, shown: int | None = None) -> bool:
    """Back to the initials; False when the picture is no longer the one that the page showed."""
    environment = _begin_version(environment_id, has_picture=False, shown=shown)
    if environment is not None:
        changes.picture_changed(environment, actor=actor, origin=origin)
    return environment is not None


def _begin_version(environment_id: int, *, has_picture: bool, shown: int | None) -> Environment | None:
    environment = Environment.objects.select_for_update().get(pk=environment_id)
    if shown is not None and environment.picture_version != shown:
        return None
    Picture.objects.filter(environment=environment).delete()
    environment.picture_version += 1
    environment.has_picture = has_picture
    environment.save(update_fields=["picture_version", "has_picture"])
    return environment

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.fields import NameField, SearchKeyField, with_keys
from accounts.models import User
from accounts.organisations.models import Organisation
from environments import addresses
from environments.copied_fields import OrderKeyField, OwnerField


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    def open_to(self, user: User) -> EnvironmentQuerySet:
        """The environments that this person may open."""
        return self.filter(access__user=user).select_related("organisation")


class Environment(models.Model):
    """One map with assets, an application at its own address; the portal only links to it."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="environments"
    )
    name = NameField(_("name"), max_length=150)
    name_key = SearchKeyField(source="name", max_length=300)
    slug = models.SlugField(_("short name for addresses"), max_length=80, unique=True)
    place = models.CharField(_("place"), max_length=100, blank=True, default="", db_default="")
    description = models.CharField(_("description"), max_length=300, blank=True)
    address = models.URLField(
        _("address"),
        max_length=500,
        validators=[URLValidator(schemes=["https", "http"]), addresses.says_nothing_else, addresses.not_ours],
        help_text="https://…",
    )
    # Requested, and not in force yet; see `environments.address_change`.
    next_address = models.URLField(max_length=500, blank=True, default="", db_default="", editable=False)
    next_address_at = models.DateTimeField(null=True, editable=False)  # when it was asked for
    next_address_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    open_on_arrival = models.BooleanField(
        _("open to every new person"),
        default=False,
        db_default=False,
        help_text=_("For whoever of the organisation comes in with the business account for the first time."),
    )
    is_closed = models.BooleanField(
        _("closed for maintenance"),
        default=False,
        db_default=False,
        help_text=_("Nobody can open it from here, except the administrators of its organisation."),
    )
    closed_text = models.CharField(
        _("text while it is closed"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("What is being done, and until when. Everybody who may open the environment reads this."),
    )
    has_picture = models.BooleanField(default=False, db_default=False, editable=False)
    # Part of the addresses of a picture: a new picture has new ones, so no browser shows the one before.
    picture_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Access", related_name="environments", verbose_name=_("people")
    )

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("environment")
        verbose_name_plural = _("environments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """A name is never stored without its search key."""
        super().save(*args, update_fields=with_keys(Environment, update_fields), **kwargs)

    @property
    def host(self) -> str:
        return addresses.host_of(self.address)

    @property
    def next_host(self) -> str:
        return addresses.host_of(self.next_address)

    @property
    def next_address_takes_effect(self) -> datetime | None:
        """When it takes effect without approval; None when no change waits."""
        return self.next_address_at + limits.NEW_ADDRESS_WAITS if self.next_address and self.next_address_at else None

    @property
    def next_address_is_overdue(self) -> bool:
        """Is that moment past? Then the requester lost the permission, see `environments.address_change`."""
        at = self.next_address_takes_effect
        return at is not None and at <= timezone.now()

    @property
    def initials(self) -> str:
        """Up to two letters: of the first and the last word of the name."""
        words = [word for word in self.name.split() if word[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def ink(self) -> str:
        """Black or white, whichever reads better on the organisation's colour (WCAG 2.2 relative luminance)."""
        channels = [int(self.organisation.colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return "#000000" if luminance > 0.179 else "#ffffff"


class Picture(models.Model):
    """The picture of an environment in one width. In the database, so that servers need no shared disk."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="pictures")
    width = models.PositiveSmallIntegerField()  # pixels, and as high as it is wide
    webp = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "width"], name="one_picture_a_width")]

    def __str__(self) -> str:
        return f"{self.environment} {self.width}"


class Logo(models.Model):
    """An organisation's own logo. Another one is another row, so its number is part of its address."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="logo")
    width = models.PositiveSmallIntegerField()  # pixels; see limits.LOGO_BOX
    height = models.PositiveSmallIntegerField()
    webp = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.organisation}"


class Role(models.TextChoices):
    """A person's role in an environment, shown only: the environment itself decides what is allowed."""

    READER = "reader", _("reader")
    EDITOR = "editor", _("editor")
    MANAGER = "manager", _("manager")


ROLE_NAMES = dict(Role.choices)


class Access(models.Model):
    """Who may open which environment, and how that person uses it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="access"
    )
    environment = models.ForeignKey(
        Environment, verbose_name=_("environment"), on_delete=models.CASCADE, related_name="access"
    )
    # Changed on a page of its own, so that every change is recorded.
    role = models.CharField(
        _("role"), max_length=10, choices=Role.choices, default=Role.READER, db_default=Role.READER, editable=False
    )
    is_favourite = models.BooleanField(default=False, db_default=False, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    # The host that the person was warned about; another host is warned about again.
    known_host = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    # The organisation of the person, where the environment is of another one. Written by a trigger of PostgreSQL only
    # (`accounts.organisations.copies`), so that a member with such access is found among 100,000 at once.
    guest_of = models.BigIntegerField(null=True, editable=False)
    # Of the environment, copied so that one index has the tiles of a person in the order in which they are shown
    # (`environments.tile_pages`). Null where earlier code added the row: the tiles are then sorted after reading.
    owner = OwnerField(null=True, editable=False)  # number of its organisation
    order_key = OrderKeyField(null=True, editable=False)

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access")
        indexes = [
            # Who may open one environment, in the order of the list.
            models.Index(fields=["environment", "-id"], name="access_to_an_environment"),
            models.Index(fields=["guest_of"], condition=models.Q(guest_of__isnull=False), name="access_of_guests"),
            models.Index(fields=["user", "owner", "is_favourite", "order_key", "id"], name="tiles_in_order"),
            models.Index(
                fields=["user", "-opened_at"], condition=models.Q(opened_at__isnull=False), name="tiles_last_opened"
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["user", "environment"], name="one_access_a_person")]

    def __str__(self) -> str:
        return f"{self.user} > {self.environment}"

    @property
    def role_name(self) -> str:
        """What `get_role_display` gives, which makes a dictionary of all roles for each tile."""
        return str(ROLE_NAMES.get(self.role, self.role))


class GroupMapping(models.Model):
    """A group or role at the organisation's provider that gives access to the environment, at the first sign-in."""

    environment = models.ForeignKey(
        Environment, verbose_name=_("environment"), on_delete=models.CASCADE, related_name="group_mappings"
    )
    value = models.CharField(_("group or role"), max_length=200)  # as in the claim, compared exactly

    class Meta:
        verbose_name = _("group of the provider")
        verbose_name_plural = _("groups of the provider")
        constraints = [models.UniqueConstraint(fields=["environment", "value"], name="one_mapping_a_group")]

    def __str__(self) -> str:
        return f"{self.value} > {self.environment}"


class Preferences(models.Model):
    """A person's settings of Mijn Omgevingen. Without a row the defaults apply."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Speech input triggers single-key shortcuts by accident, so they can be switched off (WCAG 2.2, 2.1.4).
    slash_key = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.user}"

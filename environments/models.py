from __future__ import annotations

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.organisations.models import Organisation


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    def open_to(self, user: User) -> EnvironmentQuerySet:
        """The environments that this person may open."""
        return self.filter(access__user=user).select_related("organisation")


class Environment(models.Model):
    """One map with assets. It lives at its own address; the portal only leads there."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="environments"
    )
    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("short name for addresses"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    address = models.URLField(
        _("address"), max_length=500, validators=[URLValidator(schemes=["https", "http"])], help_text="https://…"
    )
    open_on_arrival = models.BooleanField(
        _("open to every new person"),
        default=False,
        help_text=_("For whoever of the organisation comes in with the business account for the first time."),
    )
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


class Access(models.Model):
    """Who may open which environment."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="access"
    )
    environment = models.ForeignKey(
        Environment, verbose_name=_("environment"), on_delete=models.CASCADE, related_name="access"
    )

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access")
        constraints = [models.UniqueConstraint(fields=["user", "environment"], name="one_access_a_person")]

    def __str__(self) -> str:
        return f"{self.user} > {self.environment}"


class GroupMapping(models.Model):
    """Which group or role at the provider of the environment's own organisation opens it, at the first visit."""

    environment = models.ForeignKey(
        Environment, verbose_name=_("environment"), on_delete=models.CASCADE, related_name="group_mappings"
    )
    value = models.CharField(_("group or role"), max_length=200)  # as the claim holds it, compared sign by sign

    class Meta:
        verbose_name = _("group of the provider")
        verbose_name_plural = _("groups of the provider")
        constraints = [models.UniqueConstraint(fields=["environment", "value"], name="one_mapping_a_group")]

    def __str__(self) -> str:
        return f"{self.value} > {self.environment}"

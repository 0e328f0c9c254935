from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import NameField, SearchKeyField, with_keys

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Give a colour as # and six digits, for example #1f6f54."))


class SecondStep(models.TextChoices):
    """The MFA policy of an organisation."""

    OPTIONAL = "optional", _("optional")
    REQUIRED = "required", _("required from a date")
    BUSINESS_ACCOUNT = "business_account", _("sign-in with the business account only")


class PasskeyFor(models.TextChoices):
    """Of whom a passkey is demanded at sign-in."""

    NOBODY = "nobody", _("nobody")
    STAFF = "staff", _("administrators and support")
    EVERYBODY = "everybody", _("everybody")


class Organisation(models.Model):
    name = NameField(_("name"), max_length=150, unique=True)
    name_key = SearchKeyField(source="name", max_length=300)
    slug = models.SlugField(_("short name for addresses"), max_length=60, unique=True)
    colour = models.CharField(_("colour"), max_length=7, default="#1f5f8b", validators=[hex_colour])
    contact = models.CharField(
        _("whom to ask"),
        max_length=200,
        blank=True,
        help_text=_("Who in the organisation helps colleagues; shown to somebody who has no environments yet."),
    )
    second_step = models.CharField(
        _("second step"),
        max_length=20,
        choices=SecondStep.choices,
        default=SecondStep.OPTIONAL,
        db_default=SecondStep.OPTIONAL,
        editable=False,
    )
    required_from = models.DateField(_("required from"), null=True, editable=False)
    passkey_for = models.CharField(
        _("passkey required of"),
        max_length=10,
        choices=PasskeyFor.choices,
        default=PasskeyFor.NOBODY,
        db_default=PasskeyFor.NOBODY,
        editable=False,
    )
    passkey_from = models.DateField(_("passkey required from"), null=True, editable=False)

    class Meta:
        permissions = [("work_for_every_organisation", "Can work for the people of every organisation")]
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            # A requirement without a first day would silently apply to nobody.
            models.CheckConstraint(
                condition=~models.Q(second_step="required") | models.Q(required_from__isnull=False),
                name="required_has_a_first_day",
            ),
            models.CheckConstraint(
                condition=models.Q(passkey_for="nobody") | models.Q(passkey_from__isnull=False),
                name="passkey_has_a_first_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """A name is never stored without its search key."""
        super().save(*args, update_fields=with_keys(Organisation, update_fields), **kwargs)


class StaffPolicy(models.Model):
    """What the portal itself demands of everybody who works in the administration, of whatever organisation; one row
    at most."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    passkey_from = models.DateField(_("passkey required from"), null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_staff_policy")]

    def __str__(self) -> str:
        return f"passkey from {self.passkey_from}" if self.passkey_from else "no passkey"


class Membership(models.Model):
    """The organisation that a person belongs to; at most one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="membership"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="memberships"
    )

    class Meta:
        # The people of one organisation, without reading the rows: lists of large organisations are sorted by person.
        indexes = [models.Index(fields=["organisation", "user"], name="members_of_an_organisation")]
        verbose_name = _("member of")
        verbose_name_plural = _("member of")

    def __str__(self) -> str:
        return f"{self.organisation}"


class ShortName(models.Model):
    """A short name and its owner: nobody else gets it, also after the owner was renamed or deleted.

    ``owner`` is the primary key of an organisation or environment, by ``kind``; no foreign key, because the row
    outlives them.
    """

    class Kind(models.TextChoices):
        ORGANISATION = "organisation"
        ENVIRONMENT = "environment"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    slug = models.CharField(max_length=80)  # lower case: names that differ in case only look the same
    owner = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="one_owner_a_short_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

# Without letters and digits that sound or look alike on the telephone.
_SIGNS = "23456789ABCDEFGHKMNPRSTVWXYZ"


def new_reference() -> str:
    """Seven signs to read out on the telephone, for example K7Q-3MZD: it finds a request and opens nothing."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(7))
    return f"{signs[:3]}-{signs[3:]}"


class HelpRequest(models.Model):
    """Somebody with the right password asked for help because the phone is lost."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="help_requests"
    )
    reference = models.CharField(_("reference"), max_length=8, unique=True, default=new_reference)
    asked_at = models.DateTimeField(_("asked on"), auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled on"), null=True)
    address = models.GenericIPAddressField(_("network address"), null=True)

    class Meta:
        verbose_name = _("request for help")
        verbose_name_plural = _("requests for help")
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return self.reference


class Report(models.Model):
    """Somebody pressed "Dit was ik niet" in a mail. Until a person has looked, support resets nothing."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="reports"
    )
    entry = models.OneToOneField(
        "audit.AuditEntry",
        verbose_name=_("audit entry"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    reported_at = models.DateTimeField(_("reported on"), auto_now_add=True)
    looked_at = models.DateTimeField(_("looked at on"), null=True)
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("looked at by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("report “this was not me”")
        verbose_name_plural = _("reports “this was not me”")
        ordering = ["-reported_at"]

    def __str__(self) -> str:
        return f"{self.user} {self.reported_at:%Y-%m-%d %H:%M}"

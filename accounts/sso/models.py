from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import encryption
from accounts.organisations.models import Organisation
from accounts.sealed_rows import SealedRow


class ClientProof(models.TextChoices):
    """How the portal authenticates to the provider (OpenID Connect Core section 9)."""

    SECRET = "client_secret_basic", _("secret")
    KEY_PAIR = "private_key_jwt", _("key pair")


class Vouching(models.TextChoices):
    """How the provider shows that a second factor was used (RFC 8176; OpenID Connect Core section 2)."""

    AMR = "amr", _("the claim “amr” contains the value")
    ACR = "acr", _("the claim “acr” equals the value")
    ACRS = "acrs", _("the claim “acrs” contains the value")
    AGREEMENT = "agreement", _("trusted by agreement, without a claim")
    OURS = "ours", _("always ask our code as well")


class MissingProof(models.TextChoices):
    """What happens without the required claim."""

    ASK_OURS = "ask_ours", _("ask our code")
    REFUSE = "refuse", _("refuse the sign-in")


class Connection(SealedRow, models.Model):
    """The connection to one organisation's identity provider. Secrets are encrypted, bound to the organisation."""

    SEALED: ClassVar = ("sealed_secret", "sealed_private_key", "sealed_next_private_key")

    organisation = models.OneToOneField(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="connection"
    )
    # As in the discovery document; compared character by character (OpenID Connect Discovery section 4.3).
    issuer = models.CharField(_("issuer"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=200)
    client_proof = models.CharField(
        _("how we prove that it is us"), max_length=20, choices=ClientProof.choices, default=ClientProof.SECRET
    )
    sealed_secret = models.BinaryField(default=b"", editable=False)
    sealed_private_key = models.BinaryField(default=b"", editable=False)  # PKCS #8 PEM, our own pair
    # SHA-256 thumbprint of the certificate in base64url: ``kid`` of the public key, ``x5t#S256`` of assertions.
    key_id = models.CharField(max_length=64, blank=True, editable=False)
    certificate = models.TextField(blank=True, editable=False)  # PEM, public
    # A new pair that is not in use until the provider knows it; the one above works meanwhile.
    sealed_next_private_key = models.BinaryField(default=b"", editable=False)
    next_key_id = models.CharField(max_length=64, blank=True, editable=False)
    next_certificate = models.TextField(blank=True, editable=False)
    secret_set_at = models.DateTimeField(null=True, editable=False)  # secret or key pair, whichever is in use
    secret_expires_on = models.DateField(_("secret expires on"), null=True, blank=True)
    warned_days = models.PositiveSmallIntegerField(null=True, editable=False)  # before the expiry; None: not yet
    enabled = models.BooleanField(_("switched on"), default=False)
    vouching = models.CharField(
        _("who vouches for the second step"), max_length=10, choices=Vouching.choices, default=Vouching.OURS
    )
    vouching_value = models.CharField(_("value of the claim"), max_length=100, blank=True)
    missing_proof = models.CharField(
        _("when the proof is missing"), max_length=10, choices=MissingProof.choices, default=MissingProof.ASK_OURS
    )
    make_on_arrival = models.BooleanField(_("make an account at the first visit"), default=False)
    # "groups" or "roles"; which value gives access to which environment is stored with the environments.
    group_claim = models.CharField(_("claim with groups"), max_length=20, blank=True)
    # Break-glass account: when the organisation requires the business account, its password still works.
    break_glass = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("emergency account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # The result of reading the discovery document: names of findings, see `inspection.findings`.
    findings = models.JSONField(default=list, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    # A successful test sign-in with the present issuer, client id and proof.
    tested_at = models.DateTimeField(null=True, editable=False)
    # Shown on the set-up page.
    worked_at = models.DateTimeField(null=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    failure = models.CharField(max_length=300, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def __str__(self) -> str:
        return f"{self.organisation}"

    def sealed_owner(self) -> str:
        return f"sso:{self.organisation_id}"

    def set_secret(self, secret: str) -> None:
        self.sealed_secret = encryption.seal(secret.encode(), owner=self.sealed_owner()) if secret else b""

    def secret(self) -> str:
        """The secret that the provider gave us; empty without one. Raises encryption.SecretUnreadableError."""
        return self.opened("sealed_secret").decode()

    def set_private_key(self, pem: bytes) -> None:
        self.sealed_private_key = encryption.seal(pem, owner=self.sealed_owner())

    def set_next_private_key(self, pem: bytes) -> None:
        self.sealed_next_private_key = encryption.seal(pem, owner=self.sealed_owner())

    def private_key(self) -> bytes:
        """Our private key as PKCS #8 PEM; empty without one. Raises encryption.SecretUnreadableError."""
        return self.opened("sealed_private_key")

    def next_private_key(self) -> bytes:
        """The same of the pair that is not yet in use. Raises encryption.SecretUnreadableError."""
        return self.opened("sealed_next_private_key")

    def is_readable(self) -> bool:
        """Can the portal decrypt the proof that is in use?"""
        try:
            self.private_key() if self.client_proof == ClientProof.KEY_PAIR else self.secret()
        except encryption.SecretUnreadableError:
            return False
        return True


class MailDomain(models.Model):
    """A mail domain that an organisation claims; sign-ins are routed by it only once it is proved."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="mail_domains"
    )
    domain = models.CharField(_("domain"), max_length=253)  # lower case, ASCII (an international one as xn--…)
    token = models.CharField(max_length=64, editable=False)  # the value of the DNS record
    proved_at = models.DateTimeField(null=True, editable=False)
    proved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, editable=False)  # of a superuser, instead of a DNS record

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "domain"], name="one_domain_an_organisation"),
            # Several organisations may claim a domain; one can prove it.
            models.UniqueConstraint(Lower("domain"), condition=Q(proved_at__isnull=False), name="one_proof_a_domain"),
        ]

    def __str__(self) -> str:
        return self.domain


class Identity(models.Model):
    """A business account: organisation, issuer and subject, never an address (ASVS 6.8.1, 10.5.2)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)  # compared character by character
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    linked_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("business account")
        verbose_name_plural = _("business accounts")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "issuer", "subject"], name="one_person_an_identity"),
            models.UniqueConstraint(fields=["organisation", "issuer", "user"], name="one_identity_a_person_and_issuer"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"


class Spent(models.Model):
    """Replay protection: the digest of a ``state`` or of the ``jti`` of a logout token that was used."""

    digest = models.CharField(primary_key=True, max_length=64)
    until = models.DateTimeField(db_index=True)  # afterwards the token itself has expired

    def __str__(self) -> str:
        return self.digest

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, TimestampMixin

from accounts.two_factor.sealed import CredentialMixin, SealedSecretMixin


class Authenticator(SealedSecretMixin, TimestampMixin, Device):
    """An authenticator app on somebody's phone (RFC 6238).

    Not django-otp's TOTPDevice: that stores the secret in plain text, allows unlimited drift and accepts codes
    with a plus or minus sign. django-otp's middleware finds this one all the same. ``confirmed=False`` is a set-up in
    progress.
    """

    kind = "totp"

    # The device that stops when this one is confirmed; empty for an additional device.
    replaces = models.ForeignKey("self", null=True, editable=False, on_delete=models.CASCADE, related_name="+")
    # The sign-in that began the set-up; no other session sees the secret or confirms it.
    begun_in = models.CharField(max_length=32, default="", editable=False)
    # "Geef me meer tijd": when the time was last extended, and how often.
    extended_at = models.DateTimeField(null=True, editable=False)
    extensions = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    sealed_secret = models.BinaryField(editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)  # the newest time step whose code was used
    # The audit entry of the activation; empty for older devices. A report "this was not me" about that entry, or about
    # an earlier one, removes the device.
    linked_in = models.BigIntegerField(null=True, editable=False)
    # Future steps whose codes were typed and explained as early, so they are void.
    void_steps = models.JSONField(default=list, editable=False)

    class Meta(Device.Meta):
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(confirmed=False), name="one_pending_authenticator")
        ]
        # Who has one, without reading the rows: for counting the people of a large organisation.
        indexes = [models.Index(fields=["user"], condition=Q(confirmed=True), name="people_with_authenticator")]

    def verify_token(self, token: str) -> bool:
        """django-otp's way to ask; False, because codes are verified only by `verification.check`, which counts."""
        return False


class EndReason(models.TextChoices):
    """Why an authenticator app is no longer in use, or never was."""

    REPLACED = "replaced"
    REMOVED = "removed"
    UNFINISHED = "unfinished"
    REPORTED = "disowned", "Disowned"  # by a report "this was not me": never restored


class FormerAuthenticator(SealedSecretMixin, models.Model):
    """A replaced, removed or unfinished app, which still shows codes for this account on somebody's phone.

    Kept for `limits.FORMER_AUTHENTICATOR_KEPT`, to explain a code of the wrong phone, and to restore the app when
    its owner reports that the change was not theirs. Not a device of django-otp.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    why = models.CharField(max_length=10, choices=EndReason.choices)
    sealed_secret = models.BinaryField(editable=False)
    ended_at = models.DateTimeField(default=timezone.now, db_index=True)
    linked_in = models.BigIntegerField(null=True, editable=False)  # as of the app
    ended_in = models.BigIntegerField(null=True, editable=False)  # the audit entry of the replacement or removal

    def __str__(self) -> str:
        return f"{self.user_id} {self.why} {self.ended_at:%Y-%m-%d %H:%M}"


class Passkey(CredentialMixin, TimestampMixin, Device):
    """A passkey of somebody: always confirmed, because it is stored only once it was shown."""

    kind = "passkey"

    credential_id = models.BinaryField(editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 of the credential id
    sealed_key = models.BinaryField(editable=False)
    sign_count = models.BigIntegerField(default=0, db_default=0, editable=False)  # as last reported; 0: it never counts
    backup_eligible = models.BooleanField(default=False, db_default=False, editable=False)  # may be kept in a cloud
    backed_up = models.BooleanField(default=False, db_default=False, editable=False)
    aaguid = models.CharField(
        max_length=36, blank=True, default="", db_default="", editable=False
    )  # model of the maker
    transports = models.JSONField(default=list, editable=False)  # how a browser reaches it, as it says itself
    # Has it ever verified its user (section 4, uvInitialized)? One that a browser made by itself may not have.
    has_verified = models.BooleanField(default=False, db_default=False, editable=False)
    # The audit entry of the registration. A report "this was not me" about it, or an earlier one, removes the passkey.
    linked_in = models.BigIntegerField(null=True, editable=False)

    class Meta(Device.Meta):
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        constraints = [models.CheckConstraint(condition=Q(confirmed=True), name="passkeys_are_confirmed")]

    @property
    def short_digest(self) -> str:
        """Which passkey, in the audit trail: as it was before a removal and after it came back."""
        return self.digest[:16]

    def verify_token(self, token: str) -> bool:
        """django-otp's way to ask; False, because passkeys are verified only by `passkeys.flows.verify`."""
        return False


class FormerPasskey(CredentialMixin, models.Model):
    """A removed passkey, kept for `limits.FORMER_AUTHENTICATOR_KEPT` to restore it when its owner reports that the
    removal was not theirs. It signs nobody in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    why = models.CharField(max_length=10, choices=EndReason.choices)
    credential_id = models.BinaryField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    sealed_key = models.BinaryField(editable=False)
    sign_count = models.BigIntegerField(default=0, editable=False)
    backup_eligible = models.BooleanField(default=False, editable=False)
    backed_up = models.BooleanField(default=False, editable=False)
    has_verified = models.BooleanField(default=False, db_default=False, editable=False)
    aaguid = models.CharField(max_length=36, blank=True, default="", editable=False)
    transports = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(default=timezone.now, db_index=True)
    linked_in = models.BigIntegerField(null=True, editable=False)
    ended_in = models.BigIntegerField(null=True, editable=False)  # the audit entry of the removal

    def __str__(self) -> str:
        return f"{self.user_id} {self.why} {self.ended_at:%Y-%m-%d %H:%M}"


class PasskeyHandle(models.Model):
    """The name by which authenticators know somebody, which tells nothing (WebAuthn section 14.6.1). Stored with
    the first registration, and kept when passkeys are removed: a device then replaces its own and makes no second."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkey_handle")
    handle = models.BinaryField(max_length=64, unique=True, editable=False)

    def __str__(self) -> str:
        return f"{self.user_id}"


class UsedChallenge(models.Model):
    """A challenge that a passkey answered. Inserted in the transaction that accepts the answer: of parallel uses of one
    challenge, one inserts."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256 of the challenge
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.digest


class RecoveryCodeSet(TimestampMixin, Device):
    """The recovery codes of one person. A device, so that django-otp's middleware accepts it in a session."""

    kind = "recovery_code"

    # One salt for the set: with a salt for each code, checking one would take ten hashes.
    salt = models.BinaryField(editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)  # when we last asked "still at hand?"

    class Meta(Device.Meta):
        verbose_name = _("set of recovery codes")
        verbose_name_plural = _("sets of recovery codes")
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_of_recovery_codes")]

    def verify_token(self, token: str) -> bool:
        """django-otp's way to ask; False, because codes are verified only by `recovery_codes.flows.use`."""
        return False


class RecoveryCode(models.Model):
    """One code, as a salted argon2id hash (ASVS 6.5.2). Works once: `used_at` is set by a conditional update."""

    code_set = models.ForeignKey(RecoveryCodeSet, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code_set", "digest"], name="one_recovery_code_a_digest")]

    def __str__(self) -> str:
        return f"{self.code_set_id}"


class AccountRecovery(models.Model):
    """Support reset the second factor: until a new one is linked, the password alone is not enough.

    The person also needs the mailed link (`account_recovery`), or a bridge code that support reads out.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_recovery")
    began_at = models.DateTimeField(default=timezone.now)
    # Incremented with every link that is made or used: only the newest works, and once.
    links_issued = models.PositiveIntegerField(default=0)
    # Fingerprint of the password at the reset: with a password set by mail later, the mailed link is not accepted.
    account = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.user_id} {self.began_at:%Y-%m-%d %H:%M}"


class BridgeCode(models.Model):
    """A code that support reads out after a lost phone; with the password it gives access to the set-up, once."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bridge_code")
    salt = models.BinaryField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id} {self.made_at:%Y-%m-%d %H:%M}"

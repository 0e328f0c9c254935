from django.conf import settings
from django.db import models


class Session(models.Model):
    """A browser's session. The primary key is a digest of the key in the cookie, so that somebody who reads the
    database cannot take a session over."""

    digest = models.CharField(primary_key=True, max_length=64)
    data = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="active_sessions"
    )
    signed_in = models.BooleanField(default=False)  # False: nobody, or somebody whose second factor is still owed
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=300, blank=True)

    # Since when the browser was known when it signed in, in seconds since 1970; 0: it was not known.
    known_since = models.BigIntegerField(default=0, db_default=0)

    # For a session that a provider opened: a digest of its name there, by which the provider may end it.
    upstream = models.CharField(max_length=64, blank=True, default="", db_default="", db_index=True)

    class Meta:
        indexes = [models.Index(fields=["user", "started_at"], name="sessions_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.browser}"

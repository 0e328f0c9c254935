from django.db import models
from django.utils import timezone


class KeyInUse(models.Model):
    """The one of ENCRYPTION_KEYS that encrypts, for all processes: one row."""

    key_id = models.CharField(max_length=16)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key_id


class Process(models.Model):
    """A process of the server and the names of its keys; it writes this row again every `limits.KEYS_NOTED`."""

    name = models.CharField(primary_key=True, max_length=200)  # host, number of the process, a random part
    encryption_key_ids = models.TextField()  # names as in `encryption.key_ids`, separated by commas
    signing_key_ids = models.TextField()  # of SECRET_KEY and SECRET_KEY_FALLBACKS
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

from django.db import models


class Kind(models.TextChoices):
    PASSWORD = "password"  # noqa: S105 - a name, not a password
    CODE = "code"


class AttemptCounter(models.Model):
    """Wrong attempts of one kind at one account, in one bucket. The row is locked while an attempt is judged."""

    STRANGERS = ""  # the bucket that all unknown browsers share

    subject = models.CharField(max_length=64)  # "user:<id>", or "address:<digest>" when nobody has the address
    kind = models.CharField(max_length=10, choices=Kind.choices)
    bucket = models.CharField(max_length=43, default=STRANGERS)
    failures = models.PositiveIntegerField(default=0)  # in a row
    waits_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "bucket"], name="one_counter_a_subject_kind_and_bucket")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.kind}: {self.failures}"

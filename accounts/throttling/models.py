from __future__ import annotations

from django.db import models

from accounts.throttling.rules import CounterState, Kind


class AttemptCounter(models.Model):
    """Wrong attempts of one kind at one account, in one bucket. The row is locked while an attempt is judged."""

    UNKNOWN_BROWSERS = ""  # the bucket that all unknown browsers share

    subject = models.CharField(max_length=64)  # "user:<id>", or "address:<digest>" when nobody has the address
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    bucket = models.CharField(max_length=43, default=UNKNOWN_BROWSERS)
    failures = models.PositiveIntegerField(default=0)
    recent = models.JSONField(default=list)
    waits_until = models.BigIntegerField(default=0)
    closed = models.BooleanField(default=False)
    forgiven = models.PositiveIntegerField(default=0, db_default=0)
    networks = models.JSONField(default=list, null=True)  # null: written by an earlier version
    changed_at = models.DateTimeField(auto_now=True)
    own_bucket: AttemptCounter | None = None  # the closed bucket of the browser, when this one is used instead
    network: str = ""  # of the attempt; empty: all networks together

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "bucket"], name="one_counter_a_subject_kind_and_bucket")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.kind}: {self.failures}"

    @property
    def state(self) -> CounterState:
        networks = tuple((str(name), int(failed), int(until)) for name, failed, until in self.networks or [])
        return CounterState(self.failures, tuple(self.recent), self.waits_until, self.closed, self.forgiven, networks)

    def store(self, state: CounterState) -> None:
        self.failures, self.waits_until, self.closed = state.failures, state.waits_until, state.closed
        self.recent, self.forgiven = list(state.recent), state.forgiven
        self.networks = [list(one) for one in state.networks]
        self.save()

"""The environments of a person, as a project would keep them beside one of the peers."""

from django.conf import settings
from django.db import models


class Environment(models.Model):
    name = models.CharField(max_length=150)
    organisation = models.CharField(max_length=150)
    address = models.URLField()
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="environments")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

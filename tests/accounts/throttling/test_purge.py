from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.support.models import HelpRequest
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


# ASVS 14.2.7
def test_purge_forgets_what_no_rule_looks_at_and_keeps_closed_doors_closed() -> None:
    person = UserFactory()
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind=Kind.CODE, closed=True)
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind=Kind.PASSWORD, failures=3)
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind=Kind.CODE, bucket="browser")
    AttemptCounter.objects.create(subject="address:abc", kind=Kind.PASSWORD, closed=True)
    HelpRequest.objects.create(user=person)
    for days, left in ((29, 4), (31, 2), (181, 1)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            call_command("purge", verbosity=0)
            assert AttemptCounter.objects.count() == left
    assert AttemptCounter.objects.get().closed
    assert not HelpRequest.objects.exists()

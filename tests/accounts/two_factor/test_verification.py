"""Using up a time step: a code counts once, also with a device that was read before."""

from __future__ import annotations

import pytest

from accounts.two_factor.codes import present_step
from accounts.two_factor.models import Authenticator
from accounts.two_factor.time_steps import use_up
from tests.codes import phone
from tests.factories import AuthenticatorFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def device() -> Authenticator:
    return AuthenticatorFactory(user=UserFactory())


# NIST N3
def test_step_is_claimed_once_however_old_the_copy(device: Authenticator) -> None:  # ASVS 6.5.1
    first, second = (Authenticator.objects.get(pk=device.pk) for _ in range(2))
    step = present_step()
    assert use_up(first, step)
    assert not use_up(second, step)
    assert not use_up(second, step - 1)
    assert use_up(second, step + 1)


def test_step_of_an_early_code_cannot_be_claimed(device: Authenticator) -> None:
    step = present_step()
    Authenticator.objects.update(void_steps=[step])
    assert not use_up(device, step)
    assert use_up(device, step + 1)


def test_django_otp_cannot_judge_a_code_around_the_counter(device: Authenticator) -> None:
    assert device.verify_token(phone(device).now()) is False

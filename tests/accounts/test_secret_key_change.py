from __future__ import annotations

import pytest

from tests.factories import UserFactory
from tests.pages import is_signed_in, signed_in


# ASVS 11.2.2, 13.3.4
@pytest.mark.django_db
def test_new_secret_key_signs_nobody_out_while_the_old_one_is_kept(settings: object) -> None:
    active, absent = signed_in(UserFactory(with_totp=True)), signed_in(UserFactory(with_totp=True))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-one-" * 6, [settings.SECRET_KEY]
    assert is_signed_in(active)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_signed_in(active)  # signed with the new key at its first visit
    assert not is_signed_in(absent)

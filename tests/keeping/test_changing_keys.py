"""Changing ENCRYPTION_KEYS and SECRET_KEY while two processes run, as docs/operations.md says: nobody is locked out."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from accounts import encryption
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE
from accounts.audit.recording import record
from accounts.key_rotation import flows, key_in_use, presence
from tests.keeping.installation import KEYS, SIGNING, Installation
from tests.keeping.sections import follow

OLD, BOTH = KEYS[0], f"{KEYS[1]},{KEYS[0]}"
BEFORE = {"ENCRYPTION_KEYS": OLD, "SECRET_KEY": SIGNING[0], "SECRET_KEY_FALLBACKS": SIGNING[1]}
AFTER = {"ENCRYPTION_KEYS": BOTH, "SECRET_KEY": SIGNING[1], "SECRET_KEY_FALLBACKS": SIGNING[0]}
KEY_OF_AUTHENTICATORS = (
    "from accounts.key_rotation import flows\nfrom accounts import encryption\n"
    "print([encryption.key_ids().index(one) for one in flows.count_by_key()])"
)


def test_new_keys_lock_nobody_out_while_processes_are_restarted_one_by_one(tmp_path: Path, prepared: Path) -> None:
    """ASVS 11.2.2, 13.3.4"""
    place = Installation(tmp_path / "portal").set_up(prepared)
    jan, piet = place.people("email='jan@voorbeeld.nl'", "email='piet@voorbeeld.nl'")
    with ExitStack() as second:
        old = second.enter_context(place.portal(**BEFORE))
        with place.portal(**BEFORE) as first:
            jan.sign_in(first)
        with place.portal(**AFTER) as new:
            assert jan.is_in(new)
            assert jan.is_in(old)
            # What the restarted process writes, the other one reads: a session, a step of a sign-in, the audit trail.
            piet.sign_in(new)
            assert piet.is_in(old)
            assert piet.is_in(new)
            assert jan.new_browser().give_password(old) == "/inloggen/verificatie/"
            told = place.manage("rotate_encryption_keys", status=1, **AFTER)
            assert "Nothing was changed" in told
            # The server and its worker of background tasks.
            assert place.manage("keys", **AFTER).count("lacks the first key of the list here") == 2
            second.close()
            old = second.enter_context(place.portal(**AFTER))
            assert jan.is_in(old)
            told, _keys = follow(place, "Changing keys", instead={}, **AFTER)
            assert "2 secrets are encrypted with the newest key now." in told
            # Now all of them write with the new key.
            fresh = jan.new_browser()
            fresh.sign_in(new, steps=1)
            assert fresh.is_in(old)
            assert piet.is_in(old)
    place.more = AFTER
    assert place.python(KEY_OF_AUTHENTICATORS).strip() == "[0]"
    assert "are in order" in place.manage("verify_audit_trail")
    assert '"level": "CRITICAL"' not in place.log()


@pytest.mark.django_db
def test_signing_key_that_other_processes_do_not_have_is_reported(
    settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    presence.note("old")
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = SIGNING[1], [old]
    presence.note("new")
    presence._warn_of_signing_key()
    assert "1 running processes do not have the SECRET_KEY of this one" in caplog.text
    settings.SECRET_KEY = old
    caplog.clear()
    presence._warn_of_signing_key()
    assert not caplog.text


@pytest.mark.django_db
def test_first_process_with_a_new_key_in_front_goes_on_with_the_one_of_the_newest_entry(settings: object) -> None:
    """The row that names the key in use is made at the first start of this release, which may bring a new key."""
    old = encryption.key_ids()[0]
    record(Event.KEYS_ROTATED, subject=None, origin=CONSOLE)
    settings.ENCRYPTION_KEYS = [KEYS[1], *settings.ENCRYPTION_KEYS]
    assert key_in_use.refresh() == old
    settings.KEY_IN_USE = "accounts.key_rotation.key_in_use.read"
    assert encryption.key_in_use() == old
    assert encryption.key_id_of(encryption.seal(b"x", owner="y")) == old
    assert flows.take_into_use().changed
    assert encryption.key_in_use() == encryption.key_ids()[0] != old


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_process_whose_clock_is_wrong_counts_as_running(ahead: timedelta) -> None:
    with time_machine.travel(timezone.now() + ahead):
        presence.note("wrong clock")
    presence.note("new")
    assert {process.name for process in presence.running()} == {"new", "wrong clock"}

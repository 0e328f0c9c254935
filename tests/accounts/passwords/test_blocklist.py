from __future__ import annotations

from accounts import limits
from accounts.passwords import blocklist, make_blocklist


# ASVS 6.2.4
def test_the_list_has_three_thousand_entries_of_policy_length() -> None:
    long_enough = [entry for entry in blocklist.entries() if len(entry) >= limits.PASSWORD_MIN_LENGTH]
    assert len(set(long_enough)) >= 3_000


def test_every_common_password_of_django_that_is_long_enough_is_refused() -> None:
    for password in make_blocklist.bundled():
        if len(password) >= limits.PASSWORD_MIN_LENGTH:
            assert blocklist.is_common(password) or blocklist.is_repetition(password), password


def test_the_committed_list_is_what_the_command_makes() -> None:
    # After a change of Django's list or of the command: python -m accounts.passwords.make_blocklist
    assert blocklist.entries() == make_blocklist.build()


def test_an_entry_is_found_as_a_whole_only() -> None:
    assert blocklist.is_common("zomerwinter")
    assert not blocklist.is_common("zomerwinte")
    assert not blocklist.is_common("omerwinter")
    assert not blocklist.is_common("zomerwinter\nzomerherfst")

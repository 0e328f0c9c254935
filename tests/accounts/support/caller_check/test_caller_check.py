"""Two words by mail, read back on the telephone: the worker never sees them."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from functools import partial
from itertools import product

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support.caller_check import flows
from accounts.support.caller_check.flows import Outcome
from accounts.support.caller_check.word_list import WORDS
from accounts.support.models import CallerCheck, Kind
from tests.accounts.support.desk_pages import HERE, page_of, words_in_mail
from tests.conftest import mails
from tests.factories import UserFactory
from tests.pages import at_once, browser, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True, email="beller@voorbeeld.nl")


def answer(person: User, desk: User, typed: str) -> object:
    return flows.answer(person, desk, typed, HERE)


def test_two_words_hold_sixteen_bits_and_no_two_pairs_are_written_the_same() -> None:
    assert len(WORDS) >= 256
    assert math.log2(len(WORDS) ** 2) >= 16
    assert all(re.fullmatch(r"[a-z]{3,9}", word) for word in WORDS)
    assert len({first + second for first, second in product(WORDS, WORDS)}) == len(WORDS) ** 2


def test_words_go_to_the_own_address_and_are_on_no_page(desk: User, person: User) -> None:
    client = signed_in(desk)
    page = shown(client, f"{page_of(person)}beller/versturen/", {})
    first, second = words_in_mail().split()
    assert mails()[-1].to == [person.email]
    assert "/dit-was-ik-niet/" in mails()[-1].body
    for text in (page, shown(client, page_of(person)), str(list(AuditEntry.objects.values()))):
        assert f"{first} {second}" not in text
    kept = CallerCheck.objects.get()
    assert (len(kept.digest), len(bytes(kept.salt))) == (64, 16)
    page = shown(client, f"{page_of(person)}beller/", {"words": f"{first} {second}"})
    assert "De woorden kloppen" in page
    assert "Beller gecontroleerd om" in page


@pytest.mark.parametrize("way", ["{0}{1}", "{0} {1}", "  {0}   {1} ", "{0}-{1}", "{0}, {1}"])
def test_capitals_and_spaces_do_not_matter(way: str, desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    typed = way.format(*words_in_mail().split())
    assert answer(person, desk, typed.upper()) is Outcome.PASSED


def test_third_wrong_answer_ends_it_even_for_the_right_words(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    words = words_in_mail()
    outcomes = [answer(person, desk, "niet deze") for _ in range(3)]
    assert outcomes == [Outcome.WRONG, Outcome.WRONG, Outcome.USED_UP]
    assert answer(person, desk, words) is Outcome.NOT_SENT
    assert flows.has_passed(person, desk) is None
    refused = AuditEntry.objects.filter(event="caller_checked", succeeded=False, actor=desk, subject=person)
    assert refused.count() == 3


def test_words_live_a_quarter_of_an_hour(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    words = words_in_mail()
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert answer(person, desk, words) is Outcome.NOT_SENT
        assert flows.waiting(person, desk) is None


def test_words_count_once_and_for_the_worker_who_had_them_sent(desk: User, person: User) -> None:
    colleague = UserFactory(in_support=True)
    flows.send(person, desk, HERE)
    words = words_in_mail()
    assert answer(person, colleague, words) is Outcome.NOT_SENT
    assert answer(UserFactory(), desk, words) is Outcome.NOT_SENT
    assert answer(person, desk, words) is Outcome.PASSED
    assert answer(person, desk, words) is Outcome.NOT_SENT
    assert flows.has_passed(person, colleague) is None
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert flows.has_passed(person, desk) is None


def test_new_words_make_the_ones_before_void(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    first = words_in_mail()
    flows.send(person, desk, HERE)
    assert answer(person, desk, first) is Outcome.WRONG
    assert answer(person, desk, words_in_mail()) is Outcome.PASSED


def test_person_gets_at_most_three_such_mails_an_hour_from_all_workers_together(desk: User, person: User) -> None:
    colleague = UserFactory(in_support=True, with_totp=True)
    for worker in (desk, colleague, desk):
        assert flows.send(person, worker, HERE) is Outcome.SENT
    assert "een paar keer" in shown(signed_in(colleague), f"{page_of(person)}beller/versturen/", {})
    assert len([message for message in mails() if message.to == [person.email]]) == limits.CALLER_CHECK_MAILS
    cache.clear()  # as after an hour
    assert flows.send(person, desk, HERE) is Outcome.SENT


def test_not_me_in_that_mail_makes_the_check_void(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    words = words_in_mail()
    browser().post(
        re.search(r"https://mijn\.assetmaps\.nl(/dit-was-ik-niet/\S+)", mails()[-1].body)[1], {"answer": "do"}
    )
    assert answer(person, desk, words) is Outcome.NOT_SENT


def test_tries_are_exact_when_many_come_at_once(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    outcomes = at_once([partial(answer, person, desk, f"fout {number}") for number in range(8)])
    assert outcomes.count(Outcome.WRONG) == limits.CALLER_CHECK_TRIES - 1
    assert outcomes.count(Outcome.USED_UP) == 1


def test_right_words_at_once_pass_once(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    words = words_in_mail()
    assert at_once([partial(answer, person, desk, words)] * 6).count(Outcome.PASSED) == 1


def test_page_says_what_is_wrong_and_keeps_nothing_that_was_typed(desk: User, person: User) -> None:
    client = signed_in(desk)
    client.post(f"{page_of(person)}beller/versturen/")
    page = shown(client, f"{page_of(person)}beller/", {"words": "fiets molen"})
    assert "Dit zijn niet de woorden." in page
    assert "fiets" not in page
    assert "Vul de twee woorden in" in shown(client, f"{page_of(person)}beller/", {"words": " "})
    assert "Dit zijn niet de woorden." in shown(client, f"{page_of(person)}beller/", {"words": "\u0660" * 60})


def test_page_says_what_to_do_with_a_caller_who_cannot_read_the_words(desk: User, person: User) -> None:
    client = signed_in(desk)
    client.post(f"{page_of(person)}beller/versturen/")
    words = words_in_mail()
    assert "Vertrouw je dit niet?" not in shown(client, f"{page_of(person)}beller/")
    page = shown(client, f"{page_of(person)}beller/", {"words": "fiets molen"})
    doubt = page.partition("Vertrouw je dit niet?")[2]
    assert "1 keer foute woorden in de laatste 30 dagen." in doubt
    assert "Geef dan geen code." in doubt
    assert f'href="{page_of(person, Kind.END_SESSIONS)}"' in doubt
    client.post(f"{page_of(person)}beller/", {"words": words})
    assert "Vertrouw je dit niet?" not in shown(client, f"{page_of(person)}beller/")


def test_sending_takes_a_post(desk: User, person: User) -> None:
    assert signed_in(desk).get(f"{page_of(person)}beller/versturen/").status_code == 405
    assert not CallerCheck.objects.exists()


def test_old_checks_are_purged(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    call_command("purge")
    assert CallerCheck.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        call_command("purge")
    assert not CallerCheck.objects.exists()

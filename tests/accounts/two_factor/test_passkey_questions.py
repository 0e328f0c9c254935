"""What a page asks of a passkey counts for one person, in one browser, for one purpose and for five minutes; and what
is read as an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fido2.utils import websafe_encode

from accounts import limits
from accounts.two_factor.passkeys import ceremonies, judgement
from accounts.two_factor.passkeys.ceremonies import Account, Purpose
from tests.clock import later
from tests.passkeys_client import Device, Twist

PERSON, BROWSER = 7, ceremonies.binding_of("a secret of this browser")
OTHERS = [purpose for purpose in Purpose if purpose is not Purpose.PROOF]
A_SECOND = timedelta(seconds=1)
AHEAD = limits.PASSKEY_CHALLENGE - limits.PASSKEY_CHALLENGE_KEPT  # the clock of the machine that made the page


@pytest.mark.parametrize(
    ("person", "browser", "purposes", "counts"),
    [
        (PERSON, BROWSER, [Purpose.PROOF], True),
        (PERSON, BROWSER, list(Purpose), True),
        (8, BROWSER, [Purpose.PROOF], False),
        (0, BROWSER, [Purpose.PROOF], False),
        (PERSON, ceremonies.binding_of("of another"), [Purpose.PROOF], False),
        (PERSON, "", [Purpose.PROOF], False),
        (PERSON, BROWSER, OTHERS, False),
    ],
)
def test_question_counts_where_it_was_asked(person: int, browser: str, purposes: list[Purpose], counts: bool) -> None:
    asked = ceremonies.to_show(Purpose.PROOF, PERSON, BROWSER)
    found = ceremonies.question_of(asked.token, person, browser, *purposes)
    assert (found is not None) is counts
    if found:
        assert ceremonies.encode(found.challenge) == asked.options["challenge"]


def test_question_that_was_bound_to_nothing_counts_nowhere() -> None:
    asked = ceremonies.to_show(Purpose.PROOF, PERSON, ceremonies.binding_of(""))
    assert ceremonies.question_of(asked.token, PERSON, "", Purpose.PROOF) is None


@pytest.mark.parametrize(
    ("passed", "counts"),
    [
        (limits.PASSKEY_CHALLENGE - A_SECOND, True),
        (limits.PASSKEY_CHALLENGE + A_SECOND, False),
        (AHEAD + A_SECOND, True),  # while it is remembered that the challenge was used
        (AHEAD - A_SECOND, False),
    ],
)
def test_question_counts_for_five_minutes_by_any_clock(passed: timedelta, counts: bool) -> None:
    asked = ceremonies.to_show(Purpose.SIGN_IN, 0, BROWSER)
    with later(passed):
        assert (ceremonies.question_of(asked.token, 0, BROWSER, Purpose.SIGN_IN) is not None) is counts


def answer(**more: object) -> dict[str, Any]:
    return Device().create(ceremonies.to_add(Account(PERSON, "x"), BROWSER).options, Twist(credential=more))


def text_of(length: int) -> str:
    """A true answer, made as long as that by what nobody looks at."""
    return json.dumps(answer()).ljust(length)


def with_client_data(length: int) -> str:
    return json.dumps(answer(**{"response.clientDataJSON": websafe_encode(b"{}".ljust(length))}))


def with_id(length: int) -> str:
    return json.dumps(answer(rawId=websafe_encode(bytes(length))))


@pytest.mark.parametrize(
    ("made", "most"),
    [
        (text_of, limits.PASSKEY_LONGEST),
        (with_client_data, judgement.LONGEST_CLIENT_DATA),
        (with_id, limits.PASSKEY_LONGEST_ID),
    ],
)
def test_answer_is_read_up_to_its_limits(made: Callable[[int], str], most: int) -> None:
    assert judgement.read(made(most)) is not None
    assert judgement.read(made(most + 1)) is None


def test_answer_without_an_id_is_none() -> None:
    assert judgement.read(with_id(0)) is None


def test_of_transports_only_known_ones_are_kept() -> None:
    told = answer(**{"response.transports": ["usb", "internal", "usb", "telepathy", 7, None]})
    found = judgement.read(json.dumps(told))
    assert found
    assert found.transports == ["internal", "usb"]


def test_attestation_decides_nothing() -> None:
    """Not even one that is wrong: we ask for none, and no certificate of an authenticator reaches a parser."""
    asked = ceremonies.to_add(Account(PERSON, "x"), BROWSER)
    question = ceremonies.question_of(asked.token, PERSON, BROWSER, Purpose.ADD)
    claimed = Twist(statement=("packed", {"alg": -7, "sig": b"nonsense", "x5c": [b"no certificate"]}))
    found = judgement.read(json.dumps(Device().create(asked.options, claimed)))
    assert question
    assert found
    assert judgement.judge_registration(found, question)

"""What an emptied cache must not undo: waits after wrong attempts, and sessions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress

import pyotp

from accounts import limits
from tests.pages import CODE, SIGN_IN
from tests.resilience.portal import Stage
from tests.resilience.visitors import CutShortError, Record, Visit

GUESSING = "127.77.0.1"  # the network from which passwords are guessed
NETWORK_WAITS = "Vanaf jouw netwerk is te vaak een fout wachtwoord ingevuld."
BEGINS = 4  # people who try in turn
MORE = 3  # guesses afterwards: as many as there are processes, and one


class Waiting:
    """At the beginning of the block somebody signs in, one person gets wrong codes until a wait, and a network guesses
    passwords to its limit; at the end all of it still holds, or the broken promises are in ``stage.complaints``."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._people = stage, iter(stage.twins)
        self._record = Record()  # not that of the crowd: here refusals are right
        self._guesses = itertools.count()

    def __enter__(self) -> None:
        self._signed_in = self._somebody(lambda visit: visit.sign_in(self._stage.twins[visit.email]))
        self._guessed = self._somebody(lambda visit: visit.give_password(CODE))
        for _ in range(limits.CODE_FREE_FAILURES):
            self._guessed.send(CODE, code="000000")
        for _ in range(limits.NETWORK_FAILURES + 1):
            self._guess()
        if not self._guess():
            self._stage.complaints.append("the network that guesses passwords did not have to wait to begin with")

    def __exit__(self, *_what: object) -> None:
        complain = self._stage.complaints.append
        try:
            self._signed_in.get("/persoonlijke-gegevens/")
        except CutShortError:
            complain("a session ended")
        code = pyotp.TOTP(self._stage.twins[self._guessed.email]).now()
        answer = self._guessed.send(CODE, code=code)
        if answer is not None and answer.headers.get("Location") == "/":
            complain("the wait after wrong codes was forgotten")
        opened = sum(not self._guess() for _ in range(MORE))
        if opened:
            complain(f"a network at its limit could guess {opened} more passwords of {MORE}")

    def _somebody(self, begin: Callable[[Visit], None]) -> Visit:
        """Who began so; somebody else where a machine that is busy said so."""
        for tries, email in enumerate(self._people, 1):
            visit = Visit(self._stage, self._record, email)
            try:
                begin(visit)
            except CutShortError:
                if tries == BEGINS:
                    raise
            else:
                return visit
        raise AssertionError("there are more people than that")

    def _guess(self) -> bool:
        return guess_password(self._stage, next(self._guesses), GUESSING)


def guess_password(stage: Stage, number: int, network: str) -> bool:
    """A wrong password of a new browser in that network, for another account each time: does the network have to
    wait?"""
    browser = Visit(stage, Record(), f"niemand{number}@voorbeeld.nl", network=network)
    with suppress(CutShortError):
        browser.give_password(SIGN_IN, "fout wachtwoord")
    return NETWORK_WAITS in browser.page

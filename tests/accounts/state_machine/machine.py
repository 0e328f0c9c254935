"""The machine: which steps there are, in whatever order, and what must hold after each and at the end."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts.support.models import Intervention, State
from accounts.support.models import Kind as Help
from tests.accounts.sso.provider import Provider
from tests.accounts.state_machine.desk import Desk
from tests.accounts.state_machine.model import (
    DAY,
    Account,
    BreachError,
    Kind,
    Means,
    is_in,
)
from tests.accounts.state_machine.owner import Owner
from tests.accounts.state_machine.thief import Thief

STEPS = 8
COMES_AND_GOES = ["sign_in_anew", "at_home", "sign_out", "use_recovery_code", "sign_in_by_passkey"]
CHANGES = ["change_password", "choose_password_by_mail", "change_address", "ask_administrator_for_address"]
CHANGES_OF_FACTORS = [
    "replace_phone",
    "add_phone",
    "make_recovery_codes",
    "add_passkey",
    "remove_passkey",
    "remove_app",
]
LITTLE_WHILE = timedelta(minutes=11)  # fresh proof is over, the session is not


def search(examples: int, *, shrinks: bool = False) -> settings:
    """``shrinks``: once something is found, look for the shortest path to it as well."""
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def has_step(machine: Machine) -> bool:
    return machine.account.kind in (Kind.SECOND_STEP, Kind.STAFF, Kind.PASSKEY)


def may_demand(machine: Machine) -> bool:
    """The organisation does not decide over support."""
    return has_step(machine) and machine.account.kind is not Kind.STAFF and not machine.account.demanded


class Machine(RuleBasedStateMachine):
    """Steps that are there whatever the thief has."""

    kind: ClassVar[Kind]
    means: ClassVar[Means]
    provider: ClassVar[Provider | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.account = Account(self.kind, self.means, provider=self.provider)
        try:
            self.desk = Desk(self.account)
            self.owner = Owner(self.account, self.desk)
            if self.means is Means.SESSION:
                self.account.clock.turn(LITTLE_WHILE)
            self.thief = Thief(self.account, self.desk, self.owner.home)
        except BaseException:
            self.account.stop()
            raise

    def teardown(self) -> None:
        """The verdict at the end, unless a step has failed already."""
        try:
            if sys.exc_info()[0] is None:
                self.verdict()
        finally:
            self.account.stop()

    # The owner's days: a few rules for all of it, so that steps of the thief often follow each other.

    @rule(what=strategies.sampled_from([*COMES_AND_GOES, "meets_demand"]))
    def owner_comes_and_goes(self, what: str) -> None:
        """Or the day comes from which the organisation requires a passkey: seldom, because it ends what a thief has of
        sessions, and of codes."""
        self.account.act("owner")
        if what == "meets_demand" and may_demand(self):
            self.desk.demand_passkeys()
        elif what != "meets_demand":
            getattr(self.owner, what)()

    @rule(what=strategies.data())
    def owner_changes(self, what: strategies.DataObject) -> None:
        self.account.act("owner")
        possible = CHANGES + CHANGES_OF_FACTORS if has_step(self) else CHANGES
        getattr(self.owner, what.draw(strategies.sampled_from(possible)))()

    @rule(kind=strategies.sampled_from([Help.BRIDGE_CODE, Help.RESET]), at_once=strategies.booleans())
    def owner_calls_support(self, kind: Help, at_once: bool) -> None:
        """``at_once``: links a new phone with what support gives; else that lies in the mailbox, or is forgotten."""
        self.account.act("owner")
        words = self.desk.words_from(self.account.addresses)
        self.owner.ask_support(kind) if at_once else self.desk.help(kind, words=words, is_owner=True)

    @rule()
    def owner_reports(self) -> None:
        self.account.act("owner")
        self._report()

    @rule()
    def a_day_passes(self) -> None:
        """The owner reads the mail of the day; then what waited for a day is carried out."""
        self.account.act("owner")
        self.owner.report_what_was_not_mine()
        self.account.clock.turn(DAY)
        self.desk.carry_out_what_waited()

    # The thief, without anything but the address.

    @rule(what=strategies.sampled_from(["ask_for_a_link", "guess_passwords"]))
    def thief_disturbs(self, what: str) -> None:
        self.account.act("thief")
        getattr(self.thief, what)()

    @rule(kind=strategies.sampled_from([Help.RESET, Help.BRIDGE_CODE]), at_once=strategies.booleans())
    def thief_calls_support(self, kind: Help, at_once: bool) -> None:
        """``at_once``: uses what support gives, if it does."""
        self.account.act("thief")
        self.thief.call(kind)
        if at_once and self.thief.password:
            self.thief.use_code_of_support() if self.thief.code_of_support else self.thief.follow_recovery_link()

    @precondition(lambda self: bool(self.thief.code_of_support and self.thief.password))
    @rule()
    def thief_uses_code_of_support(self) -> None:
        self.account.act("thief")
        self.thief.use_code_of_support()

    @invariant()
    def nothing_is_broken(self) -> None:
        self.account.collect()
        self.account.note_change()
        self.account.judge([self.owner.home], self.thief.windows, self.thief.stolen)

    def verdict(self) -> None:
        """A day later the owner comes in, with all own means or as the documents say; and what the thief took is
        given back."""
        self.account.act("owner")
        self.account.clock.turn(DAY)
        way = self.owner.come_back(self.thief.press_on)
        if not way:
            raise BreachError("the owner is locked out")
        if self._is_stranger() and way != "signed in":
            raise BreachError(f"strangers keep the owner out, who needs: {way}")
        if self.account.opens_by_itself:
            self._takes_it_back()

    def _is_stranger(self) -> bool:
        """Against who knows nothing, password and code are enough, without a new password; unless support took the code
        away, and where there is no code a stranger may cost a mail."""
        is_reset = Intervention.objects.filter(subject=self.account.person_id, kind=Help.RESET, state=State.DONE)
        return self.means in (Means.NOTHING, Means.PHONE) and has_step(self) and not is_reset.exists()

    def _report(self) -> None:
        """What the owner was told of and disowns is undone by that alone."""
        self.owner.report_what_was_not_mine()
        if unexpected := self.account.unexpected():
            raise BreachError(f"a report leaves {unexpected[0]}")

    def _takes_it_back(self) -> None:
        if self.account.reported and self.account.person.links_withheld:
            self.desk.look_at_reports()
        if not self.account.unexpected() and not self.owner.choose_password_by_mail(self.thief.press_on):
            raise BreachError("the thief keeps the owner from a new password")
        self._report()
        self.desk.look_at_reports()
        if not self.owner.choose_password_by_mail(self.thief.press_on):
            raise BreachError("the thief keeps the owner from a new password after a report")
        if not self.owner.come_back(self.thief.press_on):
            raise BreachError("the owner is locked out after taking the account back")
        if unexpected := self.account.unexpected():
            raise BreachError(f"the owner does not get rid of {unexpected[0]}")
        if any(is_in(window) for window in self.thief.windows):
            raise BreachError("the thief is still signed in after the owner took the account back")

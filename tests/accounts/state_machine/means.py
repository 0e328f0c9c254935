"""What an attacker can do with one stolen means (password, mailbox, session ...): a state machine for each."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies
from hypothesis.stateful import initialize, precondition, rule

from tests.accounts.state_machine.machine import Machine, has_step
from tests.accounts.state_machine.model import PASSWORD_LINK, RECOVERY_LINK, Kind, Means


class WithPassword(Machine):
    means = Means.PASSWORD

    @rule()
    def thief_signs_in(self) -> None:
        self.account.act("thief")
        self.thief.sign_in()

    @rule()
    def thief_signs_in_very_often(self) -> None:
        self.account.act("thief")
        self.thief.sign_in_too_often()

    @precondition(has_step)
    @rule()
    def thief_guesses_codes(self) -> None:
        self.account.act("thief")
        self.thief.guess_codes()

    @precondition(has_step)
    @rule()
    def thief_guesses_and_has_it_lifted(self) -> None:
        self.account.act("thief")
        self.thief.guess_and_have_it_lifted()

    @precondition(lambda self: bool(self.account.used))
    @rule()
    def thief_replays(self) -> None:
        self.account.act("thief")
        self.thief.replay()

    @precondition(has_step)
    @rule()
    def thief_tries_an_early_code(self) -> None:
        self.account.act("thief")
        self.thief.try_an_early_code()

    @precondition(has_step)
    @rule()
    def thief_asks_for_help(self) -> None:
        self.account.act("thief")
        self.thief.ask_for_help()
        self.thief.ask_for_the_link_again()

    @rule()
    def thief_takes_over(self) -> None:
        self.account.act("thief")
        self.thief.take_over(self.thief.sign_in())


class WithMailbox(Machine):
    means = Means.MAILBOX

    @rule()
    def thief_chooses_password_by_mail(self) -> None:
        self.account.act("thief")
        self.thief.choose_password_by_mail()

    @precondition(lambda self: bool(self.account.newest_link(PASSWORD_LINK, self.thief.mailboxes)))
    @rule()
    def thief_uses_a_link_that_lies_there(self) -> None:
        self.account.act("thief")
        self.thief.choose_password_by_mail(asks=False)

    @precondition(lambda self: bool(self.account.newest_link(RECOVERY_LINK, self.thief.mailboxes)))
    @rule()
    def thief_follows_recovery_link(self) -> None:
        self.account.act("thief")
        self.thief.follow_recovery_link()

    @precondition(lambda self: bool(self.thief.password))
    @rule()
    def thief_takes_over(self) -> None:
        self.account.act("thief")
        self.thief.take_over(self.thief.sign_in())

    @rule(what=strategies.sampled_from(["report", "cancel"]))
    def thief_presses(self, what: str) -> None:
        self.account.act("thief")
        getattr(self.thief, what)()


class WithPhone(Machine):
    means = Means.PHONE

    @rule()
    def thief_types_code_of_the_phone(self) -> None:
        self.account.act("thief")
        self.thief.type_code_of_the_phone()


class WithSession(Machine):
    means = Means.SESSION

    @initialize(goes_on_elsewhere=strategies.booleans())
    def first_day(self, goes_on_elsewhere: bool) -> None:
        """A copy of the session in which the owner works on, or of one that was left open somewhere."""
        if goes_on_elsewhere:
            self.owner.sign_in_anew()

    @rule()
    def thief_takes_over(self) -> None:
        self.account.act("thief")
        self.thief.take_over(self.thief.stolen)


class WithNothing(Machine):
    means = Means.NOTHING


OF_MEANS: dict[Means, type[Machine]] = {
    made.means: made for made in (WithNothing, WithPassword, WithMailbox, WithPhone, WithSession)
}


def machine(kind: Kind, means: Means, **more: Any) -> type[Machine]:
    """The machine of one account and one means."""
    name = f"{kind.name.title()}{means.name.title()}".replace("_", "")
    return type(name, (OF_MEANS[means],), {"kind": kind, **more})

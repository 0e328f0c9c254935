"""What the page of the caller check says about an outcome."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.support import wording
from accounts.support.caller_check.flows import Outcome
from accounts.support.flows import Refusal


def of(outcome: Outcome | Refusal) -> str:
    """A finished sentence for the worker."""
    return wording.of(outcome) if isinstance(outcome, Refusal) else str(_SENTENCES.get(outcome, ""))


_SENTENCES = {
    Outcome.PASSED: _("The words are right."),
    Outcome.WRONG: _("These are not the words. Ask the caller to read them again."),
    Outcome.USED_UP: _("Wrong again, and that was the last try. Send new words, or do not help this caller."),
    Outcome.NOT_SENT: _("There are no words to check, or they are too old. Send new ones."),
    Outcome.TOO_MANY: _("This person got words a few times already in the last hour. Wait a while."),
    Outcome.GUESSED: _(
        "Too many wrong words for this person lately: we send no new ones. "
        "You can still unlink the old device: that link goes to the mailbox, whoever calls."
    ),
    Outcome.WORKER_GUESSES: _(
        "You typed wrong words too often today. You cannot check callers for now, and your administrators know. "
        "Let a colleague help this caller."
    ),
}

"""Texts for refusals."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.support.flows import Refusal
from accounts.support.models import Intervention


def of(refusal: Refusal | None) -> str:
    """A finished sentence for the worker; empty when nothing is refused."""
    return str(_SENTENCES[refusal]) if refusal else ""


def waits_for_approval(asked: Intervention) -> str:
    """Why the new address is not stored yet, and what to do."""
    facts = {"address": asked.new_address, "at": date_format(timezone.localtime(asked.ready_at), "j F H:i")}
    sentence = _(
        "The e-mail address is not changed yet: somebody else may read this mailbox. "
        "Store %(address)s here again from %(at)s on, or after a colleague of support has approved it."
    )
    return sentence % facts


_SENTENCES = {
    Refusal.NOT_ALLOWED: _("You have no right to help people."),
    Refusal.OUT_OF_SCOPE: _("You do not work for the people of this organisation."),
    Refusal.ONESELF: _("This is your own account. Ask a colleague for help."),
    Refusal.OUTRANKED: _("This person has rights that you do not have. Ask an administrator."),
    Refusal.OPENS_ELSEWHERE: _(
        "This person can also open an environment of another organisation. "
        "Ask support that works for every organisation."
    ),
    Refusal.REPORTED: _("This person has reported “this was not me”. An administrator looks at that report first."),
    Refusal.INACTIVE: _("This account is not active. An administrator activates it first."),
    Refusal.NO_SECOND_STEP: _("This person has no second step: the password is enough to sign in."),
    Refusal.NOTHING_TO_LIFT: _("No waiting time is running."),
    Refusal.NO_CODE: _(
        "There is no code any more: it was used, or it is over. Was it used? Then sign this person out everywhere."
    ),
    Refusal.MONTH_IS_FULL: _(
        "Too many wrong codes this month: nobody can lift this. A recovery code still works, "
        "and so does a browser in which this person signed in before."
    ),
    Refusal.LIFTED_OFTEN: _(
        "Lifted a few times already in the last day. Wait, or let this person choose a new password."
    ),
    Refusal.PASSWORD_CLOSED: _(
        "Too many wrong passwords: let this person first choose a new one with “Forgot your password?”."
    ),
    Refusal.NOT_CHECKED: _("First check who is calling: you read this code out."),
    Refusal.CHANGED_ADDRESS: _(
        "You or a colleague of your organisation changed this e-mail address. "
        "Ask support that works for every organisation."
    ),
    Refusal.STOPPED: _(
        "You have helped many people in the last hour. You cannot go on for now, and your administrators know."
    ),
    Refusal.ALREADY_ASKED: _("You have asked for this already. Look under Approvals."),
    Refusal.NOT_READY: _("This is no longer open, or not yet."),
    Refusal.NOT_ONES_OWN: _("One worker asks and carries it out; another one approves."),
}

"""Messages about invitations that were sent from a page, as far as the mail server answered."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import limits
from accounts.mail.outcomes import Outcomes

NAMED = 20  # people whose mail was refused, in one message


def told(mails: Outcomes, again: int, *, left: int = 0) -> Iterator[tuple[str, str]]:
    """Wait shortly for the outcomes of ``again`` invitations. Yields (message level, text) of those known by then.
    ``left``: how many people got none."""
    mails.wait(limits.MAIL_OUTCOME_WAIT.total_seconds())
    found = list(mails.found)
    refused = [one for one in found if one.refusal]
    if taken := len(found) - len(refused):
        yield (
            "success",
            ngettext("%(count)d invitation is sent.", "%(count)d invitations are sent.", taken) % {"count": taken},
        )
    for one in refused[:NAMED]:
        text = _("The mail server refused the invitation for %(address)s: %(answer)s")
        if not one.is_final:
            text = _("The mail server did not take the invitation for %(address)s yet, and gets it again: %(answer)s")
        yield "error" if one.is_final else "warning", text % {"address": one.to, "answer": one.refusal}
    if more := len(refused[NAMED:]):
        text = ngettext("%(count)d more invitation was refused.", "%(count)d more invitations were refused.", more)
        yield "error", text % {"count": more}
    if waiting := again - len(found):
        text = ngettext(
            "%(count)d invitation is on its way; whether it arrives is not known yet.",
            "%(count)d invitations are on their way; whether they arrive is not known yet.",
            waiting,
        )
        yield "info", text % {"count": waiting}
    if left:
        yield "warning", left_out(left)


def left_out(count: int) -> str:
    text = ngettext(
        "%(count)d person got none: has a password, signs in otherwise, is deactivated, or got %(most)d today.",
        "%(count)d people got none: they have a password, sign in otherwise, are deactivated, or got %(most)d today.",
        count,
    )
    return text % {"count": count, "most": limits.INVITATION_MAILS}

"""Messages that say why a code was refused, and what to do now."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.clock_skew import duration_in_words
from accounts.two_factor.models import Passkey, RecoveryCodeSet
from accounts.two_factor.verification import Outcome, VerificationResult


def refusal(answer: VerificationResult) -> str:
    """In one or two sentences, with the end of the waiting time."""
    text = _explanation(answer)
    if answer.closes:
        return f"{text} {_closed()}"
    if answer.waits_until and answer.outcome is not Outcome.WAITING:
        text = f"{text} {_wait(answer)}"
    return text


def _explanation(answer: VerificationResult) -> str:
    is_recovery = answer.factor == RecoveryCodeSet.kind
    match answer.outcome:
        case Outcome.WAITING:
            return _wait(answer)
        case Outcome.CLOSED:
            return _closed()
        case _ if answer.factor == Passkey.kind:
            return _passkey_explanation(answer)
        case Outcome.SEVERAL_CODES:
            return _("That is more than one recovery code. Paste or type one of them.")
        case Outcome.SUPPORT_CODE:
            return _(
                "That looks like a code of support. "
                "You type it while signing in, under “Phone lost?” or “Device lost?”."
            )
        case _ if is_recovery:
            return _recovery_code_explanation(answer.outcome)
        case _:
            return _app_explanation(answer)


def _passkey_explanation(answer: VerificationResult) -> str:
    match answer.outcome:
        case Outcome.NOT_A_CODE:
            return _("Your browser sent no passkey that we can read. Try again, or use another way.")
        case Outcome.EXPIRED | Outcome.USED:
            return _("This page was open too long, or was used already. Try again.")
        case Outcome.UNKNOWN_PASSKEY:
            return _(
                "We do not know this passkey any more. Use another way. Did you remove it here yourself? "
                "Then remove it from your device too."
            )
        case Outcome.LINKED_ALREADY:
            return _("This passkey was added already.")
        case Outcome.TOO_MANY:
            return _("You cannot add another passkey. Remove one first.")
        case Outcome.COUNT_FELL:
            return _(
                "We refuse this passkey, because there may be a copy of it. Use another way, and remove this passkey. "
                "We have sent you a mail about it."
            )
        case Outcome.UNREADABLE:
            return _(
                "We cannot check your passkey now. That is our fault, not yours. Use another way, or ask support. "
                "Number for support: %(reference)s."
            ) % {"reference": answer.reference or "-"}
        case Outcome.BUSINESS_ACCOUNT:
            return _("Your organisation takes the business account only. Sign in with that.")
        case Outcome.NOT_YET_ALONE:
            return _(
                "This passkey does not sign in by itself yet. Sign in with your password once more; then we ask for it."
            )
        case Outcome.INACTIVE:
            return _("You cannot sign in with this passkey. Ask whoever manages the accounts in your organisation.")
        case _:
            return _("Your passkey was not accepted. Try again, or use another way.")


def _recovery_code_explanation(outcome: Outcome) -> str:
    if outcome is Outcome.WRONG:
        return _("This recovery code is not right, or was used already. Try the next one on your list.")
    return _("A recovery code has 16 letters and digits. Look at your list and type it again.")


def _app_explanation(answer: VerificationResult) -> str:
    match answer.outcome:
        case Outcome.NOT_A_CODE:
            return _("A code has exactly 6 digits. Look in the authenticator app and type it again.")
        case Outcome.RECOVERY_CODE:
            return _("That is a recovery code. Here only the 6-digit code from the authenticator app counts.")
        case Outcome.USED:
            return _(
                "This code was used already, or is too old. "
                "Wait until the app shows the next one, at most half a minute."
            )
        case Outcome.CLOCK_OFF:
            return _clock_off(answer.minutes_off)
        case Outcome.UNREADABLE:
            return our_fault(answer.reference)
        case _ if answer.owner:
            return _other_app_explanation(answer)
        case _:
            return _("This code is not right. Look in the authenticator app, and type the code it shows now.")


def our_fault(reference: str) -> str:
    return _(
        "We cannot check your code now. That is our fault, not yours, and it does not count as a wrong code. "
        "Use a recovery code, or ask support. Number for support: %(reference)s."
    ) % {"reference": reference or "-"}


def _other_app_explanation(answer: VerificationResult) -> str:
    assert answer.owner is not None  # noqa: S101 - asked just before
    name, at = answer.owner.name, answer.owner.ended_at
    facts = {"name": name, "date": date_format(timezone.localtime(at), "j F") if at else ""}
    match answer.outcome:
        case Outcome.OTHER_DEVICE:
            return _("This is a code of “%(name)s”. Choose that device, and type the next code that it shows.") % facts
        case Outcome.LINKED_ALREADY:
            text = _("This is a code of “%(name)s”, which is linked already.") % facts
        case Outcome.REPLACED:
            text = _("This is a code of “%(name)s”, which was replaced by another phone on %(date)s.") % facts
        case Outcome.REMOVED:
            text = _("This is a code of “%(name)s”, which was removed on %(date)s.") % facts
        case _:
            text = _("This is a code of a set-up that was not finished, so it does not work.")
    cure = _("Does your app show Assetmaps more than once? Then type the code of the other one, the newest.")
    return f"{text} {cure}"


def _clock_off(minutes: int) -> str:
    facts = {"time": duration_in_words(minutes)}
    if minutes > 0:
        what = _("The clock of your phone is %(time)s ahead.") % facts
    else:
        what = _("The clock of your phone is %(time)s behind.") % facts
    if abs(minutes) * 60 <= limits.TOTP_DIAGNOSIS.total_seconds():
        cure = _(
            "Let it set the time itself. iPhone: Settings > General > Date & Time > Set Automatically. "
            "Android: Settings > System > Date & time > Set time automatically. Then type the new code."
        )
    else:
        cure = _(
            "Often the time zone or summer time is wrong. Let it set both itself. "
            "iPhone: Settings > General > Date & Time > Set Automatically. Android: Settings > System > Date & time > "
            "Set time automatically, and Set time zone automatically. Then type the new code."
        )
    return f"{what} {cure}"


def _closed() -> str:
    return _(
        "There were too many wrong codes, so signing in with a code is closed. Somebody may know your "
        "password. Choose a new one with “Forgot your password?”; after that you can try again."
    )


def _wait(answer: VerificationResult) -> str:
    assert answer.waits_until is not None  # noqa: S101 - every waiting answer has its time
    until = timezone.localtime(answer.waits_until)
    today = until.date() == timezone.localdate()
    at = date_format(until, "H:i") if today else date_format(until, "j F H:i")
    return _("There were too many wrong codes. You can try again after %(time)s.") % {"time": at}

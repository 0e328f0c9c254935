from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.support import wording
from accounts.support.caller_check import flows
from accounts.support.caller_check.flows import Outcome
from accounts.support.caller_check.forms import WordsForm
from accounts.support.flows import Refusal, may_help
from accounts.support.pages import about_person, page


@require_POST
@about_person
def send(request: PersonRequest, subject: User) -> HttpResponse:
    outcome = flows.send(subject, request.user, Origin.of(request))
    if outcome is not Outcome.SENT:
        messages.error(request, _sentence(outcome))
    return redirect("support_caller_check", subject.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
def caller_check(request: PersonRequest, subject: User) -> HttpResponse:
    """Type what the caller reads back; the words themselves are on no page."""
    form = WordsForm(request.POST or None)
    if request.method != "POST":
        context = {
            "subject": subject,
            "form": restore(request, form),
            "waiting": flows.waiting(subject, request.user),
            "passed": flows.has_passed(subject, request.user),
            "refusal": wording.of(may_help(request.user, subject)),
            "minutes": int(limits.CALLER_CHECK.total_seconds()) // 60,
        }
        return page(request, "caller_check.html", _("Check the caller"), **context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.answer(subject, request.user, form.cleaned_data["words"], Origin.of(request))
    if outcome is Outcome.PASSED:
        messages.success(request, _sentence(outcome))
        return redirect("support_person", subject.pk)
    form.add_error("words" if outcome is Outcome.WRONG else None, _sentence(outcome))
    return redirect_with_errors(request, form)


def _sentence(outcome: Outcome | Refusal) -> str:
    match outcome:
        case Outcome.PASSED:
            return _("The words are right: the caller reads the mailbox of this account.")
        case Outcome.WRONG:
            return _("These are not the words. Ask the caller to read them again.")
        case Outcome.USED_UP:
            return _("These are not the words, and that was the last try. Send new words, or do not help this caller.")
        case Outcome.NOT_SENT:
            return _("There are no words to check, or they are too old. Send new ones.")
        case Outcome.TOO_MANY:
            return _("This person got words a few times already in the last hour. Wait a while, or call back.")
        case Outcome.GUESSED:
            return _(
                "So many wrong words were typed for this person lately that no new ones are sent. "
                "A reset still works: its link goes to the mailbox, whoever calls."
            )
        case Outcome.WORKER_GUESSES:
            return _(
                "You typed wrong words many times in the last day. Checking callers is stopped for now, "
                "and your administrators have been told. A colleague can help this caller."
            )
        case Refusal():
            return wording.of(outcome)
        case _:
            return ""

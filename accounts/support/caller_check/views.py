from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.support import wording as support_wording
from accounts.support.caller_check import flows, wording
from accounts.support.caller_check.flows import Outcome
from accounts.support.caller_check.forms import WordsForm
from accounts.support.flows import may_help
from accounts.support.pages import about_person, page

FOR_CODE = {"voor": "code"}  # the worker wants to give a code: the right words lead on to that page


def _is_for_code(values: QueryDict) -> bool:
    return values.get("voor") == FOR_CODE["voor"]


@require_POST
@about_person
def send(request: PersonRequest, subject: User) -> HttpResponse:
    outcome = flows.send(subject, request.user, Origin.of(request))
    if outcome is not Outcome.SENT:
        messages.error(request, wording.of(outcome))
    page_of_words = reverse("support_caller_check", args=[subject.pk])
    return redirect(f"{page_of_words}?{urlencode(FOR_CODE)}" if _is_for_code(request.POST) else page_of_words)


@require_http_methods(["GET", "HEAD", "POST"])
@about_person
def caller_check(request: PersonRequest, subject: User) -> HttpResponse:
    """Enter what the caller reads back; no page shows the words themselves."""
    form = WordsForm(request.POST or None)
    if request.method != "POST":
        context = {
            "subject": subject,
            "form": restore(request, form),
            "waiting": flows.waiting(subject, request.user),
            "passed": flows.has_passed(subject, request.user),
            "wrong_words": flows.wrong_words(subject).count(),
            "refusal": support_wording.of(may_help(request.user, subject)),
            "for_code": _is_for_code(request.GET),
            "minutes": int(limits.CALLER_CHECK.total_seconds()) // 60,
        }
        return page(request, "caller_check.html", _("Check the caller"), **context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.answer(subject, request.user, form.cleaned_data["words"], Origin.of(request))
    if outcome is Outcome.PASSED:
        messages.success(request, wording.of(outcome))
        return redirect("support_bridge_code" if _is_for_code(request.GET) else "support_person", subject.pk)
    form.add_error("words" if outcome is Outcome.WRONG else None, wording.of(outcome))
    return redirect_with_errors(request, form)

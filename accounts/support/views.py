from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.requests import PersonRequest
from accounts.support import flows
from accounts.support.flows import Outcome
from accounts.support.forms import ResetForm

PERSON_PAGE = "admin:accounts_user_change"


@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: PersonRequest, user_id: int) -> HttpResponse:
    """Ask for the reason and a confirmation, then reset. Reached from the person's page in the administration."""
    if not request.user.has_perm(flows.PERMISSION):
        raise PermissionDenied
    subject = get_object_or_404(User, pk=user_id)
    form = ResetForm(request.POST or None)
    if request.method != "POST":
        context = admin.site.each_context(request) | {
            "title": _("Reset two-step authentication"),
            "form": restore(request, form),
            "subject": subject,
            "refusal": _sentence(flows.may_reset(request.user, subject)),
        }
        return render(request, "admin/accounts/reset_second_factor.html", context)
    if not form.is_valid():
        return redirect_with_errors(request, form)
    outcome = flows.reset_second_factor(
        subject, actor=request.user, reason=form.cleaned_data["reason"], origin=Origin.of(request)
    )
    tell = messages.success if outcome is Outcome.RESET else messages.error
    tell(request, _sentence(outcome))
    return redirect(PERSON_PAGE, subject.pk)


def _sentence(outcome: Outcome | None) -> str:
    match outcome:
        case Outcome.RESET:
            return _("The second step is reset, all sessions are ended, and the person has been told by mail.")
        case Outcome.NOTHING_TO_RESET:
            return _("This person has no second step, so there is nothing to reset.")
        case Outcome.ONESELF:
            return _("You cannot reset your own second step. Ask a colleague.")
        case Outcome.OUTRANKED:
            return _("This person has rights that you do not have. Ask an administrator.")
        case Outcome.NOT_ALLOWED:
            return _("You may not reset a second step.")
        case None:
            return ""

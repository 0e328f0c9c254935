from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.post_redirect_get import redirect_with_errors, restore
from accounts.two_factor.challenge import flows
from accounts.two_factor.forms import CodeForm
from accounts.two_factor.verification import Outcome


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verification_code(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("overview")
    pending = flows.pending(request.session)
    if pending is None:
        return _begin_again(request)
    form = CodeForm(request.POST or None, focus=True)
    if request.method != "POST":
        return render(request, "accounts/two_factor/challenge.html", {"form": restore(request, form)})
    if not form.is_valid():
        return redirect_with_errors(request, form)
    answer = flows.answer(pending.user, form.cleaned_data["code"], Origin.of(request))
    if answer.outcome is not Outcome.ACCEPTED:
        form.refuse(answer)
        return redirect_with_errors(request, form)
    flows.forget(request.session)
    sessions.sign_in(request, pending.user, device=answer.device, origin=Origin.of(request))
    return redirect(pending.target)


def _begin_again(request: HttpRequest) -> HttpResponse:
    if flows.MARKER in request.session:
        flows.forget(request.session)
        messages.info(request, _("It took more than five minutes to type the code. Please sign in again."))
    return redirect("sign_in")

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.audit.origin import Origin
from accounts.organisations.models import Membership
from accounts.requests import PersonRequest
from environments import flows
from environments.models import Environment


@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    environments = list(Environment.objects.open_to(request.user).order_by("name", "pk"))
    context: dict[str, object] = {"environments": environments}
    if not environments:
        context["membership"] = Membership.objects.filter(user=request.user).select_related("organisation").first()
    return render(request, "environments/overview.html", context)


@require_safe
def open_environment(request: PersonRequest, slug: str) -> HttpResponse:
    environment = flows.open_environment(request.user, slug, Origin.of(request))
    if environment is None:
        raise Http404  # the same for "does not exist" and "is not yours"
    return redirect(environment.address)


open_environment.leads_away = True  # type: ignore[attr-defined]  # to another site; see the middleware `stepping_stone`

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from environments import flows, tile_markup, tiles
from environments.flows import Opening, Outcome
from environments.forms import LeaveForm, OverviewForm
from environments.models import Environment, Logo, Picture


@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    form = OverviewForm(request.GET)
    shown = tiles.overview(request.user, form.words, form.number)
    context: dict[str, object] = {
        "overview": shown,
        "sections": tile_markup.of(shown),
        "words": form.words,
        "longest": limits.SEARCH_LONGEST,
    }
    if form.words or not shown.is_short:  # else there is no search field
        context["slash_key"] = flows.slash_key_works(request.user)
    if not shown.total:
        context["membership"] = getattr(request.user, "membership", None)
    return render(request, "environments/overview.html", context)


@require_safe
def open_environment(request: PersonRequest, slug: str) -> HttpResponse:
    opening = flows.open_environment(request.user, slug, Origin.of(request))
    context = {"environment": _or_404(opening)}
    match opening.outcome:
        case Outcome.CLOSED:
            return render(request, "environments/closed.html", context)
        case Outcome.ASK_FIRST:
            return render(request, "environments/leave.html", context | {"others": opening.others})
    return redirect(context["environment"].address)


open_environment.is_external = True  # type: ignore[attr-defined]  # to another site; see the middleware `external_redirects`


@require_POST
def go_on(request: PersonRequest, slug: str) -> HttpResponse:
    opening = flows.continue_to(request.user, slug, LeaveForm(request.POST).hosts, Origin.of(request))
    environment = _or_404(opening)
    # Closed meanwhile, or moved to another host than the warning named: that page says so.
    return redirect(environment.address if opening.outcome is Outcome.OPENED else resolve_url("open_environment", slug))


def _or_404(opening: Opening) -> Environment:
    if opening.environment is None:
        raise Http404  # the same for "does not exist" and "is not yours"
    return opening.environment


@require_POST
def make_favourite(request: PersonRequest, slug: str) -> HttpResponse:
    return _set_favourite(request, slug, is_favourite=True)


@require_POST
def no_favourite(request: PersonRequest, slug: str) -> HttpResponse:
    return _set_favourite(request, slug, is_favourite=False)


def _set_favourite(request: PersonRequest, slug: str, *, is_favourite: bool) -> HttpResponse:
    if not flows.set_favourite(request.user, slug, is_favourite=is_favourite):
        raise Http404
    if not request.accepts("text/html"):  # the script, which changes the star itself
        return HttpResponse(status=204)
    back = OverviewForm(request.POST).kept
    return redirect(f"{resolve_url('overview')}{'?' if back else ''}{urlencode(back)}#omgeving-{slug}")


@require_POST
def slash_key_on(request: PersonRequest) -> HttpResponse:
    flows.set_slash_key(request.user, works=True)
    return redirect("overview")


@require_POST
def slash_key_off(request: PersonRequest) -> HttpResponse:
    flows.set_slash_key(request.user, works=False)
    return redirect("overview")


@require_safe
def picture(request: PersonRequest, slug: str, version: int, width: int) -> HttpResponse:
    """For people who may open the environment. The browser caches it but revalidates every time, so the next user of
    the same computer does not see it."""
    found = Picture.objects.filter(
        environment__slug=slug,
        environment__access__user=request.user,
        environment__picture_version=version,
        width=width,
    )
    return _file(request, found.values_list("pk", "webp").first())


@require_safe
def logo(request: PersonRequest, slug: str, version: int) -> HttpResponse:
    """For people who may open an environment of the organisation; cached as a picture is."""
    of_theirs = Environment.objects.open_to(request.user).filter(organisation__slug=slug)
    found = Logo.objects.filter(pk=version, organisation__in=of_theirs.values("organisation"))
    return _file(request, found.values_list("pk", "webp").first())


def _file(request: PersonRequest, found: tuple[int, bytes | memoryview] | None) -> HttpResponse:
    if found is None:
        raise Http404
    etag = f'"{found[0]}"'  # another picture has another row
    whole = HttpResponse(bytes(found[1]), content_type="image/webp", headers={"ETag": etag})
    patch_cache_control(whole, private=True, no_cache=True)
    return get_conditional_response(request, etag=etag, response=whole) or whole

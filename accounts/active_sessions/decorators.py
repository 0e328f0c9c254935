from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

View = Callable[..., HttpResponseBase]


def no_sign_of_life(view: View) -> View:
    """For what a page asks by itself: an abandoned screen must not keep its session alive. Put it above the others."""
    view.is_no_sign_of_life = True  # type: ignore[attr-defined]
    return view


def is_sign_of_life(request: HttpRequest) -> bool:
    """Does this request show that the person is there? Known also before Django has looked the view up."""
    try:
        found = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return True
    return not getattr(found.func, "is_no_sign_of_life", False)

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

View = Callable[..., HttpResponseBase]


def no_sign_of_life(view: View) -> View:
    """For what a page or a browser asks by itself: an abandoned screen must not keep its session alive. Put it above
    the others."""
    view.is_no_sign_of_life = True  # type: ignore[attr-defined]
    return view


def is_sign_of_life(request: HttpRequest) -> bool:
    """Does this request show that the person is there? Known also before Django has looked the view up."""
    try:
        found = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return False  # no view, so nothing saves the session; browsers try such addresses by themselves
    return not getattr(found.func, "is_no_sign_of_life", False)

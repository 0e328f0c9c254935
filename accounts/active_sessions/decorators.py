"""User activity: which requests keep a session alive, and which do not."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

View = Callable[..., HttpResponseBase]


def background_request(view: View) -> View:
    """For views that a page or a browser requests by itself. These requests are no user activity, so an unattended
    screen does not keep its session alive. The outermost decorator."""
    view.is_background_request = True  # type: ignore[attr-defined]
    return view


def is_user_activity(request: HttpRequest) -> bool:
    """Does this request count as activity of the user? Works also before Django has resolved the view."""
    try:
        found = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return False  # no view, so nothing saves the session; browsers try such addresses by themselves
    return not getattr(found.func, "is_background_request", False)

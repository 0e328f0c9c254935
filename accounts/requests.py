"""The type of a request behind the sign-in, for views."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User

DEMAND = "accounts.demand"  # where a request keeps the demand of the person's organisation, once it was looked up


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in; the middleware lets nobody else reach such a view."""

    user: User


def person(request: HttpRequest) -> User:
    """Who is signed in, in places where the framework gives a plain request."""
    return cast(User, request.user)

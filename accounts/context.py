"""What pages outside the house show about the person. Lazy: a page that does not ask spends no query."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.requests import person
from accounts.two_factor.recovery_codes import flows as recovery_codes


def questions(request: HttpRequest) -> dict[str, object]:
    """``recovery_question``: is it time to ask whether the recovery codes are still at hand?"""

    def is_due() -> bool:
        user = getattr(request, "user", None)
        return bool(
            user and user.is_authenticated and user.is_verified() and recovery_codes.question_is_due(person(request))
        )

    return {"recovery_question": SimpleLazyObject(is_due)}

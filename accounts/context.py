"""What pages outside the house show about the person. Lazy: a page that does not ask spends no query."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.organisations import demands
from accounts.organisations.demands import Demand
from accounts.requests import DEMAND, person
from accounts.two_factor.recovery_codes import flows as recovery_codes


def questions(request: HttpRequest) -> dict[str, object]:
    """``recovery_question``: is it time to ask whether the recovery codes are still at hand? ``announced_demand``: the
    second step that the organisation demands from a later day, for who has none yet."""

    def is_due() -> bool:
        user = getattr(request, "user", None)
        return bool(
            user and user.is_authenticated and user.is_verified() and recovery_codes.question_is_due(person(request))
        )

    def announced() -> Demand | None:
        demand: Demand | None = request.META.get(DEMAND)  # looked up for nobody who has a second step, and for no staff
        return None if demands.holds(demand) else demand

    return {"recovery_question": SimpleLazyObject(is_due), "announced_demand": SimpleLazyObject(announced)}

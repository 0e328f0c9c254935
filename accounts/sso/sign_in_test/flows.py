"""The test sign-in: to the provider and back, and what would have happened. Nobody is made, linked or signed in."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import rank
from accounts.sso import assurance, identities
from accounts.sso.flows import Arrival
from accounts.sso.models import Connection
from accounts.sso.provider.tokens import Claims, IdToken
from accounts.sso.refusal_reasons import Reason
from accounts.unicode_text import without_control_characters

KEY = "sso_trial"  # in the session of the administrator
Session = MutableMapping[str, Any]


def conclude(session: Session, arrival: Arrival, *, actor: User, origin: Origin) -> None:
    """Keep in the administrator's session what came back, for the page; and that the settings work, if they do."""
    result: dict[str, Any] = {
        "organisation": arrival.connection.organisation_id,
        "at": timezone.now().isoformat(),
        "reason": arrival.reason.value if arrival.reason else "",
    }
    if arrival.token is not None and arrival.reason is None:
        result["vouched"] = arrival.vouched.value
        result["claims"] = _readable(arrival.token.claims)
        result["tells_time"] = arrival.token.authenticated_at is not None
        result["foreseen"] = rehearse(arrival, arrival.token, origin)
        _note(arrival, actor, origin)
    session[KEY] = result


def result_of(session: Session, organisation_id: int) -> dict[str, Any] | None:
    """The newest result for this organisation; it ends with the session."""
    found: dict[str, Any] | None = session.get(KEY)
    return found if found and found["organisation"] == organisation_id else None


@transaction.atomic
def _note(arrival: Arrival, actor: User, origin: Origin) -> None:
    """That it works counts for the settings with which it was tried, not for those of somebody who saves meanwhile."""
    tried = arrival.connection
    same = Connection.objects.filter(
        pk=tried.pk, issuer=tried.issuer, client_id=tried.client_id, secret_set_at=tried.secret_set_at
    )
    same.update(tested_at=timezone.now())
    detail: dict[str, str | int] = {"vouched": arrival.vouched.value}
    record(Event.SSO_TESTED, subject=None, actor=actor, organisation=tried.organisation, origin=origin, detail=detail)


@transaction.atomic
def rehearse(arrival: Arrival, token: IdToken, origin: Origin) -> dict[str, Any]:
    """Do what a sign-in does, look, and take it all back: entries and mails too. So it never tells something else."""
    connection = arrival.connection
    is_new = identities.find(connection, token.subject) is None
    with transaction.atomic():
        foreseen = _sign_in(connection, arrival, token, origin)
        transaction.set_rollback(True)
    return foreseen | {"is_new": is_new}


def _sign_in(connection: Connection, arrival: Arrival, token: IdToken, origin: Origin) -> dict[str, Any]:
    if assurance.is_refused(connection, arrival.vouched):
        return {"refusal": Reason.NO_SECOND_STEP.value}
    found = identities.person_of(connection, token, origin)
    if isinstance(found, Reason):
        return {"refusal": found.value}
    decides = rank.organisation_decides_over(found)
    # By the name of the relation: environments lie above this room.
    opened = found.environments.order_by("name").values_list("name", flat=True)
    seen = {"refusal": "", "is_above": not decides}
    return seen | {"email": found.email, "name": found.get_full_name(), "environments": list(opened)}


def _readable(claims: Claims) -> list[list[str]]:
    """Names and values as texts, bounded: a provider may put much into a token."""
    shown = []
    for name, value in list(claims.items())[: limits.SSO_TRIAL_CLAIMS]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        shown.append(
            [without_control_characters(str(name))[:100], without_control_characters(text)[: limits.SSO_TRIAL_VALUE]]
        )
    return shown

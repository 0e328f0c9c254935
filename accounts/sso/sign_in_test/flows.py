"""The test sign-in: a real authentication request, and what a sign-in would have done. Nothing is created or linked."""

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
from accounts.sso.callback import CallbackResult
from accounts.sso.models import Connection
from accounts.sso.provider.tokens import Claims, IdToken
from accounts.sso.refusal_reasons import Reason
from accounts.unicode_text import without_control_characters

SESSION_KEY = "sso_trial"  # in the session of the administrator
Session = MutableMapping[str, Any]


def conclude(session: Session, result: CallbackResult, *, actor: User, origin: Origin) -> None:
    """Keep the outcome in the administrator's session for the page, and record a success for these settings."""
    kept: dict[str, Any] = {
        "organisation": result.connection.organisation_id,
        "at": timezone.now().isoformat(),
        "reason": result.reason.value if result.reason else "",
    }
    if result.token is not None and result.reason is None:
        kept["vouched"] = result.vouched.value
        kept["claims"] = _readable(result.token.claims)
        kept["tells_time"] = result.token.authenticated_at is not None
        kept["foreseen"] = simulate_sign_in(result, result.token, origin)
        _record_success(result, actor, origin)
    session[SESSION_KEY] = kept


def result_of(session: Session, organisation_id: int) -> dict[str, Any] | None:
    """The newest result for this organisation; it ends with the session."""
    found: dict[str, Any] | None = session.get(SESSION_KEY)
    return found if found and found["organisation"] == organisation_id else None


@transaction.atomic
def _record_success(result: CallbackResult, actor: User, origin: Origin) -> None:
    """A success counts for the settings that were tested, not for those that somebody saved meanwhile."""
    tried = result.connection
    same = Connection.objects.filter(
        pk=tried.pk, issuer=tried.issuer, client_id=tried.client_id, secret_set_at=tried.secret_set_at
    )
    same.update(tested_at=timezone.now())
    detail: dict[str, str | int] = {"vouched": result.vouched.value}
    record(Event.SSO_TESTED, subject=None, actor=actor, organisation=tried.organisation, origin=origin, detail=detail)


@transaction.atomic
def simulate_sign_in(result: CallbackResult, token: IdToken, origin: Origin) -> dict[str, Any]:
    """Run the code of a real sign-in and roll it back, with its audit entries and mails; so both always agree."""
    connection = result.connection
    is_new = identities.find(connection, token.subject) is None
    with transaction.atomic():
        simulated = _simulated(connection, result, token, origin)
        transaction.set_rollback(True)
    return simulated | {"is_new": is_new}


def _simulated(connection: Connection, result: CallbackResult, token: IdToken, origin: Origin) -> dict[str, Any]:
    if assurance.must_refuse(connection, result.vouched):
        return {"refusal": Reason.NO_SECOND_STEP.value}
    found = identities.find_or_provision(connection, token, origin)
    if isinstance(found, Reason):
        return {"refusal": found.value}
    decides = rank.organisation_decides_over(found)
    # By the name of the relation: the package of environments is above this one.
    opened = found.environments.order_by("name").values_list("name", flat=True)
    seen = {"refusal": "", "is_above": not decides}
    return seen | {"email": found.email, "name": found.get_full_name(), "environments": list(opened)}


def _readable(claims: Claims) -> list[list[str]]:
    """Names and values as text, cut: a provider may put much into a token."""
    shown = []
    for name, value in list(claims.items())[: limits.SSO_TRIAL_CLAIMS]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        shown.append(
            [without_control_characters(str(name))[:100], without_control_characters(text)[: limits.SSO_TRIAL_VALUE]]
        )
    return shown

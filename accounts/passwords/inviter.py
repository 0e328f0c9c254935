"""Who invites somebody, for the mail of the invitation."""

from __future__ import annotations

from accounts.mail.untrusted_text import greeting_name
from accounts.models import User
from accounts.organisations import scope


def named(user: User, actor: User | None) -> dict[str, str]:
    """``organisation``: the one of the invited; ``inviter``: the name of who invites, where that is one of its own
    people. Never an address, and nobody who works for every organisation: those are unknown to the invited. Both may
    be empty."""
    membership = getattr(user, "membership", None) if user.pk else None
    if membership is None:
        return {"organisation": "", "inviter": ""}
    is_colleague = actor is not None and scope.organisation_id_of(actor) == membership.organisation_id
    name = greeting_name(actor.get_full_name()) if actor and is_colleague else ""
    return {"organisation": membership.organisation.name, "inviter": name}

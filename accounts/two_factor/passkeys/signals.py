"""What a page tells the browser about somebody's passkeys, so that its password manager offers no other (W3C Web
Authentication Level 3, section 5.1.10, "Signal Credential Changes to the Authenticator")."""

from __future__ import annotations

import json
from collections.abc import Iterable, MutableMapping
from typing import Any

from accounts.models import User
from accounts.two_factor import previous_devices
from accounts.two_factor.models import Passkey, PasskeyHandle
from accounts.two_factor.passkeys import ceremonies, judgement, rp

CHANGED = "passkeys_changed"  # in the session, until a page has told it


REMOVED = "passkeys_removed"  # in the session: digests of what it removed itself


def note_removal(session: MutableMapping[str, Any], removed: Iterable[Passkey]) -> None:
    """This session has just removed these. Also when none is left: the next page then says so."""
    session[CHANGED] = True
    session[REMOVED] = session.get(REMOVED, []) + [one.digest for one in removed]


def for_page(session: MutableMapping[str, Any], user: User, passkeys: Iterable[Passkey]) -> str:
    """JSON with the arguments of the browser's functions; empty when there is nothing to tell.

    Without the list of passkeys that count as long as one that another session removed may come back by a report: a
    password manager deletes what is not on that list, perhaps before its owner has read the mail about the removal.
    """
    mine = list(passkeys)
    if not (session.pop(CHANGED, False) if CHANGED in session else mine) or not rp.can_have_passkeys():
        return ""
    handle = PasskeyHandle.objects.filter(user=user).values_list("handle", flat=True).first()
    if handle is None:
        return ""
    facts: dict[str, str | list[str]] = {
        "rpId": rp.identifier(),
        "userId": ceremonies.encode(bytes(handle)),
        "name": user.email,
        "displayName": user.email,
    }
    if not previous_devices.restorable_passkeys(user).exclude(digest__in=session.get(REMOVED, [])).exists():
        facts["credentials"] = [ceremonies.encode(bytes(one.credential_id)) for one in mine]
    return json.dumps(facts)


def unknown(credential: str) -> str:
    """JSON with the arguments of `signalUnknownCredential`, for an answer that was refused. ``credential``: as posted.
    Empty for a passkey that we have, and for one that its owner may get back: a device may delete it for good."""
    answer = judgement.read(credential)
    if answer is None:
        return ""
    digest = ceremonies.digest_of(answer.credential_id)
    if Passkey.objects.filter(digest=digest).exists() or previous_devices.may_come_back(digest):
        return ""
    return json.dumps({"rpId": rp.identifier(), "credentialId": ceremonies.encode(answer.credential_id)})

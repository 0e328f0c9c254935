"""What pages with another way to prove oneself ask of a passkey, for their templates."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User
from accounts.two_factor.passkeys import binding, flows, rp
from accounts.two_factor.passkeys.ceremonies import Ceremony, Purpose


def for_second_factor(user: User, session: SessionBase) -> dict[str, Ceremony]:
    """``passkey``: the question after a right password; nothing where browsers offer no passkeys."""
    return _context(user, session, Purpose.SECOND_FACTOR)


def for_proof(user: User, session: SessionBase) -> dict[str, Ceremony]:
    """The same for fresh proof, and for switching off."""
    return _context(user, session, Purpose.PROOF)


def _context(user: User, session: SessionBase, purpose: Purpose) -> dict[str, Ceremony]:
    if not rp.can_have_passkeys():
        return {}
    return {"passkey": flows.question_for(user, purpose, binding.of_session(session))}

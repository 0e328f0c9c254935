"""The session engine (`SESSION_ENGINE`).

Own code instead of ``django.contrib.sessions.backends.db`` because that one stores the session keys readable, does not
know whose a session is, and spends five statements on a change of key; this one stores a digest, ends sessions by
person, and saves a changed key and changed data in one statement.

What a session holds is sealed, and bound to its key: a mailed link that was opened, or the state and verifier of a
sign-in at a provider, would otherwise be readable in the database and in every copy of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, SessionBase, UpdateError
from django.core import signing
from django.db.models import CharField, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import encryption, limits
from accounts.active_sessions import read_along
from accounts.active_sessions.models import Session
from accounts.active_sessions.read_along import ReadAlong
from accounts.models import User
from accounts.policy import Vouched
from accounts.prepared_queries import Parameter, PreparedUpdate, insert

log = logging.getLogger(__name__)

PENDING_USER = "pending_user"  # whose second factor is still open
STARTED, ADDRESS, BROWSER = "started", "address", "browser"
KNOWN_SINCE = "known_since"
SIGN_IN = "sign_in"  # a random name of this sign-in, which stays when the key changes
UPSTREAM = "upstream"  # of a session that a provider opened: a digest of its name there
VOUCHED = "vouched"  # and what that provider vouched for
PASSWORD_TOO = "password_too"  # noqa: S105 - of a session that a provider opened: the password was shown just before
IDLED = "idled"  # in the session of staff: longer without user activity than the administration allows
STALE = "stale"  # the person signed in at the provider too long ago for this sign-in to be fresh proof


KEY_LENGTH = 32
# Each character for seven bytes. The bytes that are left over are not used: they would make some characters likelier.
_LEFT_OVER = bytes(range(256 - 256 % len(VALID_KEY_CHARS), 256))
_CHARACTER_OF_BYTE = "".join(VALID_KEY_CHARS[byte % len(VALID_KEY_CHARS)] for byte in range(256)).encode()


def of(request: HttpRequest) -> SessionStore:
    """The request's session, by its real type."""
    return cast(SessionStore, request.session)


def person_of(session: SessionBase) -> User | None:
    """The person of the session, signed in or before the second factor; read together with the session."""
    row = cast(SessionStore, session).row
    return row.user if row else None


def vouched(session: SessionBase) -> Vouched:
    """What a provider vouched for when this session began."""
    try:
        return Vouched(session.get(VOUCHED, ""))
    except ValueError:
        return Vouched.NOTHING


def along_of(session: SessionBase, user: User) -> ReadAlong | None:
    """What was read together with the session of this person; None once the session was written, because something may
    have changed with it."""
    along = cast(SessionStore, session).along
    return along if along and along.person == user.pk else None


def may_have_provider(session: SessionBase, user: User) -> bool:
    """False when no provider signs in for the organisation of this person, so that nothing need be asked about it."""
    along = along_of(session, user)
    return along is None or along.has_provider


def may_be_vouched_for(session: SessionBase, user: User) -> bool:
    """False when none vouches for the second factor of its people."""
    along = along_of(session, user)
    return along is None or along.is_vouched_for


@PreparedUpdate
def _replace_row() -> tuple[QuerySet[Session], dict[str, object]]:
    columns = {field.name: Parameter(field.attname, field) for field in Session._meta.concrete_fields}
    return Session.objects.filter(digest=Parameter("present", CharField())), {**columns}


def fresh_key() -> str:
    """A session key of 165 random bits, so collisions need no check (ASVS 7.2.3).

    Django's `get_random_string` asks the operating system for each character, which takes thirty times as long.
    """
    key = b""
    while len(key) < KEY_LENGTH:  # as good as always once
        key += secrets.token_bytes(2 * KEY_LENGTH).translate(_CHARACTER_OF_BYTE, _LEFT_OVER)
    return key[:KEY_LENGTH].decode()


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _owner(key: str) -> str:
    return f"session:{digest_of(key)}"


def expiry(started: datetime, seen: datetime) -> datetime:
    """When a session ends by itself: the idle limit, but never past the overall limit (NIST SP 800-63B-4 2.2.3)."""
    return min(started + limits.SESSION_OVERALL, seen + limits.SESSION_IDLE)


class SessionStore(SessionBase):
    _get_session: Callable[..., dict[str, Any]]  # Django's own, which its type stubs leave out
    row: Session | None = None  # as last read or written
    along: ReadAlong | None = None  # what was read with the row, until something is written
    codes_asked_at: datetime | None = None  # when the person was last asked about the recovery codes
    written: tuple[str | None, str] | None = None  # key and data as last written

    def load(self) -> dict[str, Any]:
        key = self.session_key
        row, self.along = read_along.find(digest_of(key)) if key else (None, None)
        self.row, self.codes_asked_at = row, self.along.codes_asked_at if self.along else None
        if row is None:
            self._session_key = None  # never adopt a key that an attacker may have set (session fixation)
            return {}
        return self.decode(row.data)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Sealed for this session: in the row of another one it cannot be opened."""
        plain = self.serializer().dumps(session_dict).decode("latin-1")
        return encryption.seal_text(plain, owner=_owner(self.session_key or ""))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What a row holds; nothing when no key opens it, or it belongs to another session."""
        text = session_data.decode("ascii") if isinstance(session_data, bytes) else session_data
        if ":" in text:
            return self._decode_of_before(text)
        try:
            plain = encryption.unseal_text(text, owner=_owner(self.session_key or ""))
        except encryption.SecretUnreadableError as mistake:
            log.warning("a session cannot be read: %s", mistake)
            return {}
        found: dict[str, Any] = self.serializer().loads(plain.encode("latin-1"))
        return found

    def _decode_of_before(self, text: str) -> dict[str, Any]:
        """Data that an earlier version signed without encrypting it; the next change encrypts it. Limited to the life
        of a session, because such data is not bound to a key: a copy of an old row could be put into a new one."""
        try:
            found: dict[str, Any] = signing.loads(
                text, salt=self.key_salt, serializer=self.serializer, max_age=limits.SESSION_OVERALL
            )
        except signing.BadSignature:
            return {}
        return found

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        """Take a fresh key; the row follows at `save`."""
        self._session_key = fresh_key()
        self.row = self.along = None
        self.modified = True

    def cycle_key(self) -> None:
        """Change the key and keep the data; `save` moves the row, so the old key is worthless from then on."""
        self._get_session()  # read the row under its old key first
        self._session_key = fresh_key()
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write key, data and columns in one statement. Raises UpdateError when the session was ended meanwhile."""
        data = self._get_session(no_load=must_create)
        if self.session_key is None or must_create:
            self.create()
        state = (self.session_key, json.dumps(data, sort_keys=True))
        if state == self.written:
            return  # a flow has saved it in its own transaction already
        new = self._row_for(data)
        if self.row is None:
            insert(new)
        elif not self._replace(self.row.digest, new):
            raise UpdateError
        self.row, self.along, self.written = new, None, state

    def _row_for(self, data: dict[str, Any]) -> Session:
        now = timezone.now()
        signed_in = SESSION_KEY in data
        started = datetime.fromisoformat(data[STARTED]) if STARTED in data else now
        ends = expiry(started, now) if signed_in else now + limits.SESSION_IDLE
        return Session(
            digest=digest_of(self.session_key or ""),
            data=self.encode(data),
            user_id=data.get(SESSION_KEY) or data.get(PENDING_USER),
            signed_in=signed_in,
            started_at=started,
            seen_at=now,
            expires_at=ends,
            address=data.get(ADDRESS),
            browser=data.get(BROWSER, ""),
            upstream=data.get(UPSTREAM, ""),
            known_since=data.get(KNOWN_SINCE, 0),
        )

    @staticmethod
    def _replace(digest: str, new: Session) -> bool:
        values = {field.attname: getattr(new, field.attname) for field in Session._meta.concrete_fields}
        return _replace_row(present=digest, **values) == 1

    def delete(self, session_key: str | None = None) -> None:
        digest = digest_of(session_key) if session_key else self.row.digest if self.row else None
        if digest is None and self.session_key:
            digest = digest_of(self.session_key)
        if digest:
            Session.objects.filter(digest=digest).delete()
        if session_key is None:
            self.row = self.along = None

    def touch(self) -> None:
        """Note that the person is still there, at most once in `limits.SESSION_SEEN_EVERY`."""
        now = timezone.now()
        row = self.row
        if row is None or not row.signed_in or now - row.seen_at < limits.SESSION_SEEN_EVERY:
            return
        row.seen_at, row.expires_at = now, expiry(row.started_at, now)
        Session.objects.filter(digest=row.digest).update(seen_at=row.seen_at, expires_at=row.expires_at)

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expires_at__lte=timezone.now()).delete()

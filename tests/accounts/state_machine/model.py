"""The account as a state machine: what there is to know about it, who knows what, and what may never become true.

Nothing of the program is imitated: every step goes through the pages, and only what its actor knows then is noted.
"""

from __future__ import annotations

import base64
import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

import pyotp
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.test import TestCase
from django.utils import timezone

from accounts import limits, outbound_requests
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.sso.models import Connection, Identity
from accounts.support.models import Report
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import AccountRecovery, Authenticator, Passkey
from accounts.two_factor.passkeys import registration
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows as totp
from tests.accounts.sso.browsing import connect, identify
from tests.accounts.sso.provider import Provider
from tests.accounts.state_machine.window import Window, is_in, is_known
from tests.clock import later
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory
from tests.passkeys_client import Device

BEGIN = datetime(2030, 1, 7, 9, tzinfo=UTC)  # always the same, so that every run of one seed does the same
NEXT_CODE = limits.TOTP_STEP + timedelta(seconds=1)
DAY = timedelta(days=1)
OWN_SUBJECT = "persoon-1"  # what the provider calls the owner
LINK = re.compile(r"https://mijn\.assetmaps\.nl(/\S+)")
PASSWORD_LINK, RECOVERY_LINK = "/wachtwoord-instellen/", "/nieuwe-telefoon/"
NOT_ME, CANCEL_HELP, CANCEL_SUPPORT = "/dit-was-ik-niet/", "/hulpvraag-intrekken/", "/hulp-van-support-intrekken/"
ADDRESS_LINK = "/persoonlijke-gegevens/e-mailadres/bevestigen/"


class BreachError(AssertionError):
    """The thief is in, or the owner is out."""


class Means(Enum):
    """The one thing that the thief has."""

    NOTHING = "nothing"
    PASSWORD = "password"
    MAILBOX = "mailbox"
    PHONE = "phone"
    SESSION = "session"


class Kind(Enum):
    """What the account has."""

    SECOND_STEP = "second step"  # password, authenticator app, recovery codes
    PASSWORD_ONLY = "password only"
    PROVIDER = "provider"  # a business account that vouches; no password, no app
    PASSKEY = "passkey only"  # password, a passkey, recovery codes; the app of before was removed
    STAFF = "staff"  # a worker of support: whoever helps them needs a second worker


@dataclass(frozen=True)
class Mail:
    """``by``: whose step caused it."""

    to: str
    subject: str
    body: str
    by: str

    def link(self, part: str) -> str | None:
        return next((found for found in LINK.findall(self.body) if found.startswith(part)), None)


@dataclass
class Phone:
    """An authenticator app with its secret."""

    secret: bytes

    def code(self, ahead: timedelta = timedelta()) -> str:
        return pyotp.TOTP(base64.b32encode(self.secret).decode()).at(int(time.time() + ahead.total_seconds()))


class State(NamedTuple):
    """``apps`` and ``passkeys``: their keys; ``reports``: how many."""

    password: str
    email: str
    apps: tuple[int, ...]
    reports: int
    passkeys: frozenset[int]

    @property
    def has_factor(self) -> bool:
        return bool(self.apps or self.passkeys)


class Clock:
    """Turned forwards only; back at the present when the example is over."""

    def __init__(self) -> None:
        self._turned = ExitStack()
        self._turned.enter_context(time_machine.travel(BEGIN, tick=True))

    def turn(self, by: timedelta) -> None:
        self._turned.enter_context(later(by))

    def stop(self) -> None:
        self._turned.close()


@dataclass
class Account:
    """One account with everything around it.

    ``void``: sessions copied before must open nothing more; ``forgotten``: cookies of known browsers must not count;
    ``reported``: by the owner, after which links for a password may wait until support has looked; ``demanded``: a
    passkey, of everybody in the organisation; ``used``: what the owner posted last to each address, seen by everybody.
    """

    kind: Kind
    means: Means
    by: str = "owner"
    mails: list[Mail] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    device: Device = field(default_factory=Device)  # of the owner, with the owner's passkeys
    recovery_codes: list[str] = field(default_factory=list)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    void: bool = False
    forgotten: bool = False
    reported: bool = False
    demanded: bool = False
    password: str = "de eerste lange zin van de eigenaar"
    provider: Provider | None = None  # at which the owner signs in, and nobody else
    connection: Connection | None = None

    def __post_init__(self) -> None:
        cache.clear()
        outbound_requests.forget()
        self.clock = Clock()
        self._example = ExitStack()
        whole = transaction.atomic()
        whole._from_testcase = True  # as the one around a test: none of the program's own
        self._example.enter_context(whole)
        mails().clear()
        self.organisation = OrganisationFactory()
        self.person_id = self._make_person().pk
        if self.provider:
            self.connection = connect(self.provider, self.organisation)
            identify(self.connection, self.person, OWN_SUBJECT)
        self.addresses = {self.person.email}
        self._known = self.state()

    def _make_person(self) -> User:
        is_staff = self.kind is Kind.STAFF
        person = UserFactory(email="eigenaar@voorbeeld.nl", organisation=self.organisation, in_support=is_staff)
        person.set_password(None if self.kind is Kind.PROVIDER else self.password)
        person.save()
        if self.kind in (Kind.SECOND_STEP, Kind.STAFF, Kind.PASSKEY):
            self._activate(person)
        if self.kind is Kind.PASSKEY:
            self._replace_app_by_passkey(person)
        return person

    def _activate(self, person: User) -> None:
        """With the mail that tells it, about which anybody who reads it may say "this was not me"."""
        origin = Origin("192.0.2.1", "Testbrowser")
        with TestCase.captureOnCommitCallbacks(execute=True):
            pending = totp.begin(person, begun_in="a sign-in")
            self.phones.append(Phone(pending.secret()))
            totp.activate(person, self.phones[0].code(), "Telefoon", origin, begun_in="a sign-in")
            self.recovery_codes = recovery_codes.make(person, origin)

    def _replace_app_by_passkey(self, person: User) -> None:
        """With the mails about both."""
        origin, binding = Origin("192.0.2.1", "Testbrowser"), "of this browser"
        with TestCase.captureOnCommitCallbacks(execute=True):
            asked = registration.question_for(person, binding)
            made = json.dumps(self.device.create(asked.options))
            registration.add(person, asked.token, made, binding=binding, origin=origin)
            authenticators.remove(person, devices.authenticators_of(person)[0], origin)

    @staticmethod
    def link_phone(person: User) -> bytes:
        device = Authenticator(user=person, name="Telefoon", confirmed=True)
        secret = bytes(range(person.pk % 7, person.pk % 7 + limits.TOTP_SECRET_BYTES))
        device.set_secret(secret)
        device.save()
        return secret

    def stop(self) -> None:
        """Forget the example: the next one begins with nothing."""
        mails().clear()
        transaction.set_rollback(True)
        self._example.close()
        self.clock.stop()

    @property
    def person(self) -> User:
        return User.objects.get(pk=self.person_id)

    def act(self, by: str) -> None:
        """From now on what happens is done by this actor."""
        self.collect()
        self.by = by

    def collect(self) -> list[Mail]:
        """The post of all mailboxes so far."""
        for message in mails()[len(self.mails) :]:
            self.mails.append(Mail(message.to[0], message.subject, message.body, self.by))
        return self.mails

    def newest_link(self, part: str, mailboxes: set[str], by: str = "") -> str | None:
        """The newest link of this sort in these mailboxes, whether or not it still works."""
        found = [mail.link(part) for mail in self.collect() if mail.to in mailboxes and by in mail.by]
        return next((link for link in reversed(found) if link), None)

    @property
    def opens_by_itself(self) -> bool:
        """Is the thief's one means all that this account asks? Then it matters that the owner gets it back."""
        return self.kind is Kind.PASSWORD_ONLY and self.means in (Means.PASSWORD, Means.MAILBOX)

    def unexpected(self) -> list[str]:
        """What is bound to the account and is not the owner's."""
        person, own = self.person, {phone.secret for phone in self.phones}
        found = [f"an authenticator app: {device.name}" for device in self.apps() if device.secret() not in own]
        if person.email not in self.addresses:
            found.append(f"an address: {person.email}")
        mine = {credential.id for credential in self.device.credentials}
        passkeys = Passkey.objects.filter(user=person)
        found += [f"a passkey: {one.name}" for one in passkeys if bytes(one.credential_id) not in mine]
        strange = Identity.objects.filter(user=person).exclude(subject=OWN_SUBJECT)
        return found + [f"a business account: {identity.subject}" for identity in strange]

    def apps(self) -> list[Authenticator]:
        return devices.authenticators_of(self.person)

    def judged_guesses(self) -> int:
        """Wrong codes of the app that were held against a secret, of the last month."""
        since = timezone.now() - limits.CODE_CAP_PERIOD
        wrong = AuditEntry.objects.filter(subject=self.person_id, event="code_refused", detail__cause="wrong")
        return wrong.filter(at__gt=since, detail__factor="totp").count()

    def state(self) -> State:
        """What ends every other session when it changes. Of passkeys: when the first factor comes, or one goes; another
        one may be added by a browser itself."""
        person = self.person
        apps = tuple(sorted(device.pk for device in self.apps()))
        mine = frozenset(Passkey.objects.filter(user=person).values_list("pk", flat=True))
        return State(person.password, person.email, apps, Report.objects.filter(user=person).count(), mine)

    def note_change(self) -> None:
        """After every step."""
        now, before = self.state(), self._known
        was_reset = before.has_factor and not now.has_factor
        reported = now.reports != before.reports
        removed, is_first = before.passkeys - now.passkeys, now.has_factor and not before.has_factor
        self.void = self.void or now[:-1] != before[:-1] or bool(removed) or is_first
        self.forgotten = self.forgotten or reported or was_reset
        self._known = now

    def judge(self, owner: list[Window], thief: list[Window], stolen: Window | None) -> None:
        """Raises BreachError when a rule is broken."""
        copies = [stolen] if stolen else []
        if stolen and self.void and is_in(stolen):
            raise BreachError("a stolen session outlived what should have ended it")
        if stolen and self.forgotten and is_known(stolen, self.person):
            raise BreachError("the cookie of a known browser outlived what should have ended it")
        if self.judged_guesses() > limits.CODE_CAP + limits.CODE_FREE_FAILURES:
            raise BreachError(f"{self.judged_guesses()} codes of strangers were judged within a month")
        if AccountRecovery.objects.filter(user=self.person_id) and self.state().has_factor:
            raise BreachError("account recovery leaves an app or a passkey")
        if self.demanded and any(is_in(window) for window in (*owner, *thief, *copies) if not window.showed_passkey):
            raise BreachError("a session goes on that showed no passkey, which is required")
        if self.opens_by_itself:
            return
        if any(is_in(window) for window in thief):
            raise BreachError("the thief is signed in")
        if unexpected := self.unexpected():
            raise BreachError(f"the thief bound {unexpected[0]}")

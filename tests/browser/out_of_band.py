"""What happens behind the screen, and no visitor can do: time passes, mail arrives, somebody signs in elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts import limits
from accounts.active_sessions import reauthentication, store
from accounts.active_sessions.models import Session
from accounts.active_sessions.store import SessionStore
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.policy import Vouched
from accounts.sign_in.completion.flows import PROVIDER
from accounts.sso.models import Connection, MailDomain
from accounts.sso.sign_in_test import flows as sign_in_test
from accounts.two_factor.models import Authenticator
from tests.browser.screen import Screen
from tests.conftest import mails


def session_cookie(screen: Screen) -> str:
    name = settings.SESSION_COOKIE_NAME
    return next(cookie["value"] for cookie in screen.page.context.cookies() if cookie["name"] == name)


def let_proof_grow_old(screen: Screen) -> None:
    """As if the person had last shown password and code more than `limits.FRESH_PROOF` ago."""
    session = SessionStore(session_cookie(screen))
    session[reauthentication.PROVED_AT] = (timezone.now() - limits.FRESH_PROOF - timedelta(seconds=1)).isoformat()
    session.save()


def let_codes_be_new(person: User) -> None:
    """As if the person had signed in with no code for a while: every code of this moment is unused."""
    Authenticator.objects.filter(user=person).update(last_step=-1)


def sign_in_elsewhere(person: User) -> None:
    """One more session of the person, in another browser at another address."""
    session = Session.objects.filter(user=person, signed_in=True).first()
    session.digest = "5" * 64
    session.browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    session.address = "2001:db8:1234:5678:9abc:def0:1234:5678"
    session.save(force_insert=True)


def mailed(page: str) -> str:
    """The address that the newest mail with a link to such a page gives."""
    found = re.findall(rf"{settings.PUBLIC_URL}(/{page}/\S+)", "\n".join(mail.body for mail in mails()))
    assert found, f"no mail with a link to {page}"
    return found[-1]


def agree(organisation: Organisation) -> None:
    """A single sign-on that worked once: findings of each kind, a failure, and a secret that expires soon."""
    now = timezone.now()
    found = [["reached", ""], ["pkce_unsaid", ""], ["issuer_differs", "https://login.elders.nl/een-lange-naam"]]
    made = Connection(
        organisation=organisation,
        issuer="https://login.voorbeeld.nl/realms/gemeente-voorbeeld",
        client_id="mijn-assetmaps",
        secret_set_at=now,
        secret_expires_on=timezone.localdate() + timedelta(days=6),
        findings=found,
        checked_at=now,
        worked_at=now,
        failed_at=now,
        failure="our_secret",
    )
    made.set_secret("geheim")
    made.save()
    MailDomain.objects.create(organisation=organisation, domain="xn--gemeente-n-j7aa.nl", token="x", proved_at=now)


def come_by_provider(screen: Screen, organisation: Organisation) -> None:
    """As if this session had begun at the organisation's provider, which showed a second step."""
    session = SessionStore(session_cookie(screen))
    session[PROVIDER] = organisation.slug
    session[store.VOUCHED] = Vouched.CLAIM.value
    session[store.UPSTREAM] = "5" * 64
    session.save()


def keep_sign_in_test(screen: Screen, organisation: Organisation) -> None:
    """As if this administrator had just tried the provider, which sent what providers send."""
    session = SessionStore(session_cookie(screen))
    claims = {
        "sub": "kQ3v9c0m7Zr1w5Yt",
        "auth_time": "1774000000",
        "amr": '["pwd", "mfa"]',
        "email": "nora.nieuw@gemeente-voorbeeld.nl",
        "name": "Nora Nieuw",
        "groups": '["kaart", "een-groep-met-een-hele-lange-naam-zonder-spaties-erin-zoals-ze-voorkomen"]',
    }
    session[sign_in_test.SESSION_KEY] = {
        "organisation": organisation.pk,
        "at": timezone.now().isoformat(),
        "reason": "",
        "vouched": Vouched.CLAIM.value,
        "tells_time": True,
        "claims": [list(pair) for pair in claims.items()],
        "foreseen": {
            "is_new": True,
            "name": "Nora Nieuw",
            "email": "nora.nieuw@gemeente-voorbeeld.nl",
            "environments": ["Bomen en groen"],
            "refusal": "",
        },
    }
    session.save()


def disagree(organisation: Organisation) -> None:
    """As it was before `agree`."""
    Connection.objects.filter(organisation=organisation).delete()
    MailDomain.objects.filter(organisation=organisation).delete()


def mailed_words() -> str:
    """The two words that the newest mail tells the caller to read out."""
    found = re.findall(r"^    (\w+ \w+)$", "\n".join(mail.body for mail in mails()), re.MULTILINE)
    assert found, "no mail with words"
    return found[-1]

"""Made-up data for every mail, for the preview and the tests. Nothing of it is stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.mail import composing
from accounts.models import User
from accounts.organisations.models import PasskeyFor, SecondStep
from accounts.organisations.notices import Difference
from accounts.organisations.sign_in_policy import Requirement
from accounts.permissions.flows import Rights
from accounts.sso.models import Connection, Vouching
from accounts.support.models import Check, Kind
from environments.models import Role

Context = dict[str, Any]

ORGANISATION = "Gemeente Voorbeeld"
REASON = "Telefoon kwijt, gebeld vanaf het bekende nummer"
AT = datetime(2027, 3, 3, 14, 5, tzinfo=timezone.get_default_timezone())
ENTRY = AuditEntry(
    event=Event.RIGHTS_CHANGED, at=AT, subject_name="noodaccount@voorbeeld.nl", address="192.0.2.7", reason=REASON
)
# A token, as long as a real one.
SIGNED = "MTIzNDU2Nzg5:1u5xVr:3kq0Fh2bUZ-made-up-qkM1Yc6T0dS8sVb4wEoRjN2aLxg"


def _address(page: str) -> str:
    return f"{settings.PUBLIC_URL}/{page}/"


def _notice(**context: Any) -> Context:
    return {"entry": ENTRY, "at": AT, "not_me": _address(f"dit-was-ik-niet/{SIGNED}"), "reason": REASON, **context}


def _by_support(**context: Any) -> Context:
    return _notice(receipt="K7QX-2M4P", **context)


def _demand(days: int) -> Context:
    day: date = timezone.localdate() + timedelta(days=days)
    page = _address("persoonlijke-gegevens/twee-staps-authenticatie/bevestigen")
    return {"requirement": Requirement(ORGANISATION, day), "organisation": ORGANISATION, "address": page}


def _passkey_demand(organisation: str, days: int) -> Context:
    day: date = timezone.localdate() + timedelta(days=days)
    page = _address("persoonlijke-gegevens/passkeys/toevoegen")
    return {"requirement": Requirement(organisation, day), "organisation": organisation, "address": page}


MOVED = {"before": "jan@voorbeeld.nl", "after": "jan.jansen@voorbeeld.nl"}
UNDONE: list[Context] = [
    {"password": "void"},
    {"password": "void", "doubt": "mailbox"},
    {"password": "void", "doubt": "address"},
    {"address": "restored"},
    {"gone": 1, "back": 1, "codes": 1},
    {"gone": 1, "codes": 1, "closed": 1},
    {"passkeys": 1, "closed": 1, "support": 1, "password": "void"},
    {"back": 1, "stolen": 1, "doubt": "mailbox"},
    {"unlinked": 1},
]
NEW_PHONE = _address(f"nieuwe-telefoon/{SIGNED}")
PASSWORD = {"address": _address(f"wachtwoord-instellen/{SIGNED}"), "minutes": 60, "days": 7}
SETUP = _address("beheer/sso/voorbeeld")
OVERVIEW = _address("beheer/organisaties/voorbeeld/tweede-stap")

ADMINISTRATION = {"entry": ENTRY, "at": AT, "actor": "beheer@voorbeeld.nl"}
RANK_CHANGE = {"before": Rights(), "after": Rights(is_staff=True, is_superuser=True, groups=("Support",))}

# By folder of templates, a context for each variant of the mail.
EXAMPLES: dict[str, list[Context]] = {
    "access_changed": [
        {"given": "Bomen", "taken": "Wegen, Riolering", "role": "", "at": AT, "address": _address("overzicht")},
        {"given": "Bomen", "taken": "", "role": Role.EDITOR.label, "at": AT, "address": _address("overzicht")},
    ],
    "administration_changed": [
        ADMINISTRATION
        | {
            "about": "Bomen",
            "differences": [Difference("address", _("address"), "oud.voorbeeld.nl", "bomen.voorbeeld.nl")],
            "address": _address("beheer/environments/environment/1/change"),
        }
    ],
    "address_changed": [_notice(detail=MOVED)],
    "address_changed_by_person": [_notice(detail=MOVED)],
    "address_restored": [{"detail": MOVED, "at": AT}],
    "address_link": [{"link": _address(f"persoonlijke-gegevens/e-mailadres/bevestigen/{SIGNED}"), "hours": 24}],
    "address_taken": [{}],
    "authenticator_added": [_notice(detail={"name": "Werktelefoon"})],
    "passkey_added": [_notice(detail={"name": "iPhone"})],
    "passkey_removed": [_notice(detail={"name": "iPhone"})],
    "passkey_count_fell": [_notice(detail={"name": "iPhone"})],
    "authenticator_removed": [_notice(detail={"name": "Werktelefoon"})],
    "authenticator_replaced": [_notice()],
    "bridge_code_issued": [_by_support(minutes=10)],
    "bridge_code_withdrawn": [_notice()],
    "caller_check_sent": [_notice(words="appel rivier", minutes=5)],
    "demand_changed": [
        {
            "organisation": ORGANISATION,
            "actor": "beheer@voorbeeld.nl",
            "before": SecondStep.OPTIONAL.label,
            "after": SecondStep.REQUIRED.label,
            "people": {"people": 40, "without": without},
            "address": OVERVIEW,
            "at": AT,
        }
        for without in (1, 12)
    ],
    "deactivated": [_notice()],
    "details_changed_by_other": [_notice(detail=MOVED | {"before": "Jan Jansen", "after": "Jan de Vries"})],
    "emergency_sign_in": [_notice(), {"entry": ENTRY, "at": AT}],
    "emergency_waits": [{"entry": ENTRY, "at": AT}],
    "environment_address_asked": [
        ADMINISTRATION
        | {
            "environment": "Bomen",
            "organisation": ORGANISATION,
            "before": "oud.voorbeeld.nl",
            "after": "bomen.voorbeeld.nl",
            "hours": 24,
            "address": _address("beheer/omgevingen/1/adres"),
        }
    ],
    "emergency_void": [
        {
            "who": "noodaccount@voorbeeld.nl",
            "organisation": ORGANISATION,
            "address": _address("beheer/sso/voorbeeld/noodaccount"),
        }
    ],
    "help_asked": [{"address": _address(f"hulp-intrekken/{SIGNED}"), "reference": "H4T7K2QM", "at": AT}],
    "intervention_asked": [
        _by_support(what=kind.label, by_two=by_two, hours=24, cancel=_address(f"hulp-van-support-intrekken/{SIGNED}"))
        for kind, by_two in ((Kind.RESET, False), (Kind.LIFT_WAIT, True))
    ]
    + [
        {
            "what": Kind.ADDRESS.label,
            "new_address": "jansen@voorbeeld.nl",
            "receipt": "K7QX-2M4P",
            "hours": 24,
            "at": AT,
        },
    ],
    "invitation": [
        PASSWORD | {"organisation": organisation, "inviter": inviter}
        for organisation, inviter in ((ORGANISATION, "Anna de Vries"), (ORGANISATION, ""), ("", ""))
    ],
    "link_withheld": [{}],
    "organisation_changed": [
        _notice(detail={"before": before, "after": after})
        for before, after in ((ORGANISATION, "Wonen aan de Dijk"), ("-", ORGANISATION), (ORGANISATION, "-"))
    ],
    "password_changed": [_notice(), _notice(detail={"first": "yes"})],
    "password_link": [PASSWORD],
    "password_treated_as_stolen": [_notice()],
    "password_void": [
        {"address": _address("inloggen/sso/voorbeeld"), "is_demanded": demanded, "was_asked": asked}
        for demanded, asked in ((True, True), (False, True), (False, False))
    ],
    "person_removed": [{"at": AT}],
    "rank_changed": [
        ADMINISTRATION | {"subject": "jan@voorbeeld.nl", "address": _address("beheer/accounts/user/1/change")} | context
        for context in (RANK_CHANGE, {})
    ],
    "reactivated": [_notice()],
    "recovery_code_used": [_notice(detail={"left": left}) for left in (9, 1)],
    "recovery_codes_made": [_notice()],
    "recovery_link": [{"address": NEW_PHONE, "hours": 24}],
    "report_looked_at": [{"check": Check.CALLED_BACK.label, "reason": REASON, "at": AT}],
    "reported_not_me": [_notice(undone=undone) for undone in UNDONE],
    "passkey_demand_changed": [
        {
            "organisation": organisation,
            "actor": "beheer@voorbeeld.nl",
            "before": PasskeyFor.NOBODY.label,
            "after": PasskeyFor.STAFF.label,
            "people": {"people": 40 if stopped else 0, "stopped": stopped},
            "released": released,
            "address": _address(page),
            "at": AT,
        }
        for organisation, stopped, released, page in (
            (ORGANISATION, 1, 0, "beheer/organisaties/voorbeeld/passkey"),
            ("", 12, 0, "beheer/passkey-beheerders"),
            (ORGANISATION, 0, 40, "beheer/organisaties/voorbeeld/passkey"),
        )
    ],
    "passkey_reminder": [_passkey_demand(name, days) for name in (ORGANISATION, "") for days in (14, 0)],
    "rights_changed": [_notice(**RANK_CHANGE), _notice(group="Support")],
    "second_step_activated": [_notice()],
    "second_step_reminder": [_demand(14), _demand(0)],
    "second_step_reset": [
        _by_support(hours=24, **link) for link in ({"link": NEW_PHONE}, {"link": ""}, {"link": "", "only_told": True})
    ],
    "second_step_switched_off": [_notice()],
    "sessions_ended_by_support": [_by_support()],
    "sign_ins_crowd": [_notice()],
    "spraying_suspected": [
        {"refused": 240, "people": 103, "networks": 87, "hours": 1, "at": AT, "address": _address("beheer/activiteit")}
    ],
    "sso_linked": [_notice()],
    "sso_secret_expires": [{"organisation": ORGANISATION, "last_day": date(2027, 3, 17), "page": SETUP}],
    "sso_settings_changed": [
        {
            "organisation": ORGANISATION,
            "actor": "beheer@voorbeeld.nl",
            "entry": AuditEntry(at=AT, event=Event.SSO_CHANGED),
            "changes": [(Connection._meta.get_field("vouching").verbose_name, Vouching.AMR.label)],
            "address": SETUP,
            "at": AT,
        }
    ],
    "wait_lifted": [_by_support()],
    "many_look_ups": [
        {"worker": "desk@voorbeeld.nl", "number": 100, "at": AT, "address": _address("beheer/activiteit")}
    ],
    "worker_stopped": [
        {"worker": "desk@voorbeeld.nl", "number": 10, "hours": 1, "at": AT, "address": _address("beheer/activiteit")}
    ],
    "wrong_codes": [_notice()],
}


def messages_of(template: str, language: str, *, first_name: str = "Jan") -> list[EmailMultiAlternatives]:
    person = User(email="jan.jansen@voorbeeld.nl", first_name=first_name, language=language)
    return [composing.compose(template, person, **context) for context in EXAMPLES[template]]

"""What each kind of mail is called, wherever somebody reads which mails were sent."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit.events import Event

# By folder of templates. A mail that is named after an event is called as the event is.
_WITHOUT_EVENT: dict[str, Promise] = {
    "access_changed": _("Notice: access to environments changed"),
    "address_link": _("Link to confirm a new e-mail address"),
    "address_taken": _("Notice: somebody tried to use this e-mail address"),
    "administration_changed": _("Notice to administrators: changed in the administration"),
    "emergency_void": _("Notice to administrators: password of the emergency account void"),
    "invitation": _("Invitation"),
    "link_withheld": _("Notice: no link for a new password"),
    "many_look_ups": _("Alarm: a support worker looked at many people"),
    "passkey_demand_changed": _("Notice to administrators: passkey required"),
    "passkey_reminder": _("Reminder of the passkey"),
    "password_link": _("Link for a new password"),
    "password_void": _("Notice: sign in with the business account"),
    "rank_changed": _("Notice to superusers: rights or account changed"),
    "recovery_link": _("Link to link a new device"),
    "second_step_reminder": _("Reminder of the second step"),
    "sso_secret_expires": _("Notice to administrators: secret of single sign-on expires"),
    "sso_settings_changed": _("Notice to administrators: single sign-on changed"),
}
# What somebody gets as an administrator: it is about others, also of other organisations.
TO_ADMINISTRATORS = frozenset(
    {"administration_changed", "emergency_void", "many_look_ups", "passkey_demand_changed", "rank_changed"}
    | {"sso_secret_expires", "sso_settings_changed", Event.DEMAND_CHANGED, Event.EMERGENCY_SIGN_IN}
    | {Event.EMERGENCY_WAITS, Event.ENVIRONMENT_ADDRESS_ASKED, Event.SPRAYING_SUSPECTED, Event.WORKER_STOPPED}
)


def name_of(template: str) -> str:
    """In the active language. Of a mail that an earlier release sent, and this one does not know, its own name."""
    if template in Event.values:
        return str(Event(template).label)
    return str(_WITHOUT_EVENT.get(template, template))

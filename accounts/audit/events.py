"""The security events, and which of them are mailed to the person."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.TextChoices):
    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    PASSWORD_REFUSED = "password_refused", _("Sign-in refused: password")
    CODE_REFUSED = "code_refused", _("Sign-in refused: code")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_LINK_SENT = "password_link_sent", _("Link to set the password sent")
    INVITED = "invited", _("Invited")
    DETAILS_CHANGED = "details_changed", _("Personal details changed")
    ADDRESS_CHANGED = "address_changed", _("E-mail address changed by an administrator")
    ADDRESS_CHANGE_ASKED = "address_change_asked", _("Change of e-mail address asked for")
    ADDRESS_CHANGE_REFUSED = "address_change_refused", _("Change of e-mail address refused")
    ADDRESS_CHANGED_BY_PERSON = "address_changed_by_person", _("E-mail address changed")
    ADDRESS_RESTORED = "address_restored", _("E-mail address set back after a report")
    DETAILS_CHANGED_BY_OTHER = "details_changed_by_other", _("Personal details changed by an administrator")
    DEACTIVATED = "deactivated", _("Person deactivated")
    SECOND_STEP_ACTIVATED = "second_step_activated", _("Two-step authentication activated")
    ACTIVATION_REFUSED = "activation_refused", _("Activation refused: code")
    SECOND_STEP_SWITCHED_OFF = "second_step_switched_off", _("Two-step authentication switched off")
    SWITCHING_OFF_REFUSED = "switching_off_refused", _("Switching off refused: code")
    SECOND_STEP_RESET = "second_step_reset", _("Old device unlinked by support")
    RESET_REFUSED = "reset_refused", _("Unlinking the old device refused")
    AUTHENTICATOR_ADDED = "authenticator_added", _("Authenticator app added")
    AUTHENTICATOR_REPLACED = "authenticator_replaced", _("Authenticator app replaced by a new phone")
    AUTHENTICATOR_REMOVED = "authenticator_removed", _("Authenticator app removed")
    AUTHENTICATOR_RENAMED = "authenticator_renamed", _("Authenticator app renamed")
    PASSKEY_ADDED = "passkey_added", _("Passkey added")
    PASSKEY_REMOVED = "passkey_removed", _("Passkey removed")
    PASSKEY_RENAMED = "passkey_renamed", _("Passkey renamed")
    PASSKEY_REFUSED = "passkey_refused", _("Passkey refused")
    PASSKEY_COUNT_FELL = "passkey_count_fell", _("Passkey refused: perhaps copied")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("New recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    RECOVERY_CODE_REFUSED = "recovery_code_refused", _("Recovery code refused")
    IDENTITY_CONFIRMED = "identity_confirmed", _("Identity confirmed")
    IDENTITY_REFUSED = "identity_refused", _("Confirming the identity refused")
    PASSWORD_TREATED_AS_STOLEN = (
        "password_treated_as_stolen",
        _("Too many wrong codes: sign-in closed until a new password"),
    )
    SIGN_INS_CROWD = "sign_ins_crowd", _("Warned: many sign-ins from unknown browsers")
    WRONG_CODES = "wrong_codes", _("Warned: wrong codes after the right password")
    SESSION_ENDED = "session_ended", _("Session ended by the person")
    ALL_OTHER_SESSIONS_ENDED = "all_other_sessions_ended", _("All other sessions ended by the person")
    REPORTED_NOT_ME = "reported_not_me", _("Reported: this was not me")
    REPORT_LOOKED_AT = "report_looked_at", _("Report “this was not me” looked at")
    RECOVERY_LINK_SENT = "recovery_link_sent", _("Link to link a new device sent")
    HELP_ASKED = "help_asked", _("Help asked: device lost")
    HELP_CANCELLED = "help_cancelled", _("Request for help cancelled")
    # Support.
    PERSON_LOOKED_UP = "person_looked_up", _("Looked up by support")
    CALLER_CHECK_SENT = "caller_check_sent", _("Words to check the caller sent")
    CALLER_CHECKED = "caller_checked", _("Caller checked by the mailed words")
    WAIT_LIFTED = "wait_lifted", _("Waiting time lifted by support")
    SESSIONS_ENDED_BY_SUPPORT = "sessions_ended_by_support", _("Signed out everywhere by support")
    BRIDGE_CODE_ISSUED = "bridge_code_issued", _("Code to link a new device given by support")
    BRIDGE_CODE_WITHDRAWN = "bridge_code_withdrawn", _("Code to link a new device withdrawn by support")
    INTERVENTION_ASKED = "intervention_asked", _("Help by support asked for, waits for approval")
    INTERVENTION_APPROVED = "intervention_approved", _("Help by support approved by a second worker")
    INTERVENTION_CANCELLED = "intervention_cancelled", _("Help by support cancelled")
    WORKER_STOPPED = "worker_stopped", _("Support worker blocked for a while: too many actions")
    # The administration.
    PEOPLE_IMPORTED = "people_imported", _("People invited from a list")
    PEOPLE_EXPORTED = "people_exported", _("List of people exported")
    REACTIVATED = "reactivated", _("Person activated again")
    RIGHTS_CHANGED = "rights_changed", _("Rights changed")
    ORGANISATION_CHANGED = "organisation_changed", _("Moved to another organisation")
    GROUP_ADDED = "group_added", _("Group of rights added")
    GROUP_CHANGED = "group_changed", _("Group of rights changed")
    GROUP_DELETED = "group_deleted", _("Group of rights deleted")
    ORGANISATION_ADDED = "organisation_added", _("Organisation added")
    ORGANISATION_EDITED = "organisation_edited", _("Organisation changed")
    ORGANISATION_DELETED = "organisation_deleted", _("Organisation deleted")
    ENVIRONMENT_ADDED = "environment_added", _("Environment added")
    ENVIRONMENT_CHANGED = "environment_changed", _("Environment changed")
    ENVIRONMENT_DELETED = "environment_deleted", _("Environment deleted")
    ENVIRONMENT_ADDRESS_ASKED = "environment_address_asked", _("New address of an environment asked for")
    ENVIRONMENT_ADDRESS_CHANGED = "environment_address_changed", _("Address of an environment changed")
    ENVIRONMENT_ADDRESS_CANCELLED = "environment_address_cancelled", _("New address of an environment cancelled")
    KEYS_ROTATED = "keys_rotated", _("Stored secrets encrypted with the newest key")
    BACKED_UP = "backed_up", _("Backup of the database made")
    DATABASE_RESTORED = "database_restored", _("Backup of the database restored")
    PERSON_EXPORTED = "person_exported", _("Data of a person exported")
    PERSON_REMOVED = "person_removed", _("Person removed")
    DATABASE_MOVED = "database_moved", _("Moved to another database")
    ACCESS_GIVEN = "access_given", _("Access to an environment given")
    ACCESS_TAKEN = "access_taken", _("Access to an environment taken away")
    DEMAND_CHANGED = "demand_changed", _("What an organisation demands changed")
    REMINDED = "reminded", _("Reminded of the second step")
    QUEUE_RETRIED = "queue_retried", _("Work of the queue tried again")
    AUDIT_EXPORTED = "audit_exported", _("Security activity exported")
    SPRAYING_SUSPECTED = "spraying_suspected", _("Alarm: many refused sign-ins")
    # The business account.
    SSO_REFUSED = "sso_refused", _("Sign-in with the business account refused")
    SSO_LINKED = "sso_linked", _("Business account linked")
    SSO_ARRIVED = "sso_arrived", _("Account made at the first visit with the business account")
    SSO_SESSION_ENDED = "sso_session_ended", _("Session ended by the organisation's provider")
    EMERGENCY_SIGN_IN = "emergency_sign_in", _("Sign-in with the emergency account of the organisation")
    EMERGENCY_WAITS = "emergency_waits", _("Warned: the emergency account has to wait after wrong attempts")
    ENVIRONMENT_OPENED = "environment_opened", _("Environment opened")
    # Setting up single sign-on.
    SSO_CHANGED = "sso_changed", _("Single sign-on changed")
    SSO_SECRET_SET = "sso_secret_set", _("Secret of single sign-on set")
    SSO_KEY_PAIR_MADE = "sso_key_pair_made", _("Key pair for single sign-on made")
    SSO_KEY_PAIR_USED = "sso_key_pair_used", _("Key pair for single sign-on taken into use")
    SSO_TESTED = "sso_tested", _("Single sign-on tested")
    SSO_SWITCHED_ON = "sso_switched_on", _("Single sign-on switched on")
    SSO_SWITCHED_OFF = "sso_switched_off", _("Single sign-on switched off")
    SSO_EXPIRY_WARNED = "sso_expiry_warned", _("Warned: the secret of single sign-on expires")
    DOMAIN_ADDED = "domain_added", _("Mail domain added")
    DOMAIN_PROVED = "domain_proved", _("Mail domain proved")
    DOMAIN_REMOVED = "domain_removed", _("Mail domain removed")


# What support does is mailed too, by its own flow, because those mails need a link, words or a receipt.
MAILED = frozenset(
    {
        Event.PASSWORD_CHANGED,
        Event.ADDRESS_CHANGED,
        Event.ADDRESS_CHANGED_BY_PERSON,
        Event.SECOND_STEP_ACTIVATED,
        Event.SECOND_STEP_SWITCHED_OFF,
        Event.AUTHENTICATOR_ADDED,
        Event.AUTHENTICATOR_REPLACED,
        Event.AUTHENTICATOR_REMOVED,
        Event.PASSKEY_ADDED,
        Event.PASSKEY_REMOVED,
        Event.PASSKEY_COUNT_FELL,
        Event.RECOVERY_CODES_MADE,
        Event.RECOVERY_CODE_USED,
        Event.PASSWORD_TREATED_AS_STOLEN,
        Event.SIGN_INS_CROWD,
        Event.WRONG_CODES,
        Event.SSO_LINKED,
        Event.EMERGENCY_SIGN_IN,
    }
)

# A way to sign in begins, ends or is used up. After a change of address the earlier one is told as well, until a second
# factor that is older than a week has vouched for it (`unproved`): the present mailbox may be a thief's.
WAYS_IN = frozenset(
    {
        Event.PASSWORD_CHANGED,
        Event.ADDRESS_CHANGED_BY_PERSON,
        Event.SECOND_STEP_ACTIVATED,
        Event.SECOND_STEP_SWITCHED_OFF,
        Event.AUTHENTICATOR_ADDED,
        Event.AUTHENTICATOR_REPLACED,
        Event.AUTHENTICATOR_REMOVED,
        Event.PASSKEY_ADDED,
        Event.PASSKEY_REMOVED,
        Event.RECOVERY_CODES_MADE,
        Event.RECOVERY_CODE_USED,
        Event.SSO_LINKED,
    }
)

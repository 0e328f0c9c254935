"""What was lost in one part of the run: read in the database and at the mail server, beside the portal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from accounts import limits
from accounts.audit.events import MAILED, Event
from tests.resilience.portal import Stage

# Seconds after which a notice counts as lost, and a list as half done: the tasks of a worker that was killed are begun
# anew after `limits.TASK_WORKER_LOST`, and a mail server that was away is tried again after the first of MAIL_WAITS.
DONE_WITHIN = (limits.TASK_WORKER_LOST + limits.MAIL_WAITS[0] + limits.MAIL_WAITS[1]).total_seconds()
# Each of these leads to one mail to the person of the entry: the notices, and the mails with a link.
WITH_MAIL = sorted({*MAILED, Event.PASSWORD_LINK_SENT, Event.INVITED})
# What belongs together and is done in one transaction: counts people in whom one half is missing.
_ENTRIES = "(SELECT count(*) FROM audit_auditentry e WHERE e.subject_id = u.id AND e.event = '%s')"
HALVES = {
    "an activation": f"""SELECT count(*) FROM accounts_user u WHERE {_ENTRIES % "second_step_activated"} <>
        (SELECT count(*) FROM two_factor_authenticator a
         WHERE a.user_id = u.id AND a.confirmed AND a.linked_in IS NOT NULL)""",
    "a recovery code": f"""SELECT count(*) FROM accounts_user u WHERE {_ENTRIES % "recovery_code_used"} <>
        (SELECT count(*) FROM two_factor_recoverycode c JOIN two_factor_recoverycodeset s ON s.id = c.code_set_id
         WHERE s.user_id = u.id AND c.used_at IS NOT NULL)""",
    "a new password": f"""SELECT count(*) FROM accounts_user u
        WHERE ({_ENTRIES % "password_changed"} > 0) <> (u.password <> %s) AND u.email LIKE 'nieuw%%'""",
    "an invitation": f"""SELECT count(*) FROM people_importline l LEFT JOIN accounts_user u ON u.email = l.address
        WHERE l.state = 'done' AND l.is_new AND (u.id IS NULL OR {_ENTRIES % "invited"} <> 1)""",
    "a list": """SELECT count(*) FROM people_peopleimport i WHERE confirmed_at IS NOT NULL AND (finished_at IS NULL OR
        EXISTS (SELECT 1 FROM people_importline l WHERE l.batch_id = i.id AND l.state IN ('new', 'known')))""",
}


class Ledger:
    """Of one part: from its making until `complaints`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._newest = stage.rows("SELECT coalesce(max(id), 0) FROM audit_auditentry")[0][0]
        self._mails = len(stage.mailbox.recipients)

    def owed(self) -> Counter[str]:
        """By address, the mails that are still to come; waits until there are none, or DONE_WITHIN."""
        until = time.monotonic() + DONE_WITHIN
        while (owed := self._owed()) and time.monotonic() < until:
            time.sleep(0.2)
        return owed

    def _owed(self) -> Counter[str]:
        # As whole words of SQL: these are names of ours.
        events = ", ".join(f"'{event}'" for event in WITH_MAIL)
        entries = self._stage.rows(
            f"SELECT u.email FROM audit_auditentry e JOIN accounts_user u ON u.id = e.subject_id "
            f"WHERE e.id > %s AND e.succeeded AND e.event IN ({events})",
            self._newest,
        )
        owed = Counter(email for (email,) in entries if email not in self._stage.refused)
        return owed - self._stage.mailbox.counts(self._mails)

    def complaints(self) -> Iterator[str]:
        """In sentences."""
        if owed := self.owed():
            yield f"{owed.total()} mails were lost, of {', '.join(sorted(owed)[:3])}"
        until = time.monotonic() + DONE_WITHIN
        while self._half_done("a list") and time.monotonic() < until:
            time.sleep(0.5)
        for what in HALVES:
            if found := self._half_done(what):
                yield f"{what} is half done: {found} times"
        verified = self._stage.command("verify_audit_trail")
        if verified.returncode:
            yield f"the audit trail is not whole: {(verified.stdout + verified.stderr).strip().splitlines()[-1:]}"

    def _half_done(self, what: str) -> int:
        """How often."""
        values = [self._stage.password] if what == "a new password" else []
        question = HALVES[what] if values else HALVES[what].replace("%%", "%")
        return int(self._stage.rows(question, *values)[0][0])

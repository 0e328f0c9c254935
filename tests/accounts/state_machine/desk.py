"""Support, its lead and the organisation's administrator: honest people who do what the pages let them do."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.mfa_policy.passkeys.flows import page_of as page_of_demand
from accounts.models import User
from accounts.organisations.models import PasskeyFor
from accounts.support import group
from accounts.support.models import Check, Intervention, Kind, Report
from tests.accounts.state_machine import passkeys
from tests.accounts.state_machine.model import NEXT_CODE, Account, Phone
from tests.accounts.state_machine.window import Window
from tests.accounts.support.desk_pages import APPROVALS, REPORTS, WHY, page_of
from tests.factories import UserFactory
from tests.pages import CODE, SIGN_IN, text
from tests.passkeys_client import Device

PASSWORD = "de lange zin van een collega"
READ_OUT = re.compile(r"(?<![-\w])[2-9A-Z]{4}-[2-9A-Z]{4}(?![-\w])")
MAILED_WORDS = re.compile(r"^    (\w+ \w+)$", re.MULTILINE)
Reader = Callable[[], str]  # how the caller comes by the two words in the mailbox


class Desk:
    """A worker who helps callers, and a lead who approves, and looks at reports, after speaking to the owner on the
    number that is known: what no mail and no caller can replace."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._people: dict[str, tuple[User, Phone]] = {}
        self._device = Device()  # of the administrator

    def _window(self, role: str) -> Window:
        """Signed in just now, through the pages."""
        if role not in self._people:
            person = UserFactory(email=f"{role}@voorbeeld.nl", **self._traits(role))
            if role == "administrator":
                person.groups.add(Group.objects.get(name=group.ORGANISATION_ADMINISTRATORS))
            person.set_password(PASSWORD)
            person.save()
            self._people[role] = person, Phone(Account.link_phone(person))
        person, phone = self._people[role]
        self.account.clock.turn(NEXT_CODE)
        window = Window("192.0.2.7")
        if role == "administrator" and self._device.credentials:
            passkeys.sign_in(window, self._device)
            return window
        window.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        window.post(CODE, {"code": phone.code()})
        return window

    def _traits(self, role: str) -> dict[str, object]:
        if role == "administrator":
            return {"staff": True, "organisation": self.account.organisation}
        return {"in_support": True} if role == "worker" else {"superuser": True}

    def set_address(self, address: str) -> None:
        """By the administrator of the organisation, whom the owner asked."""
        person = self.account.person
        names = {"first_name": person.first_name, "last_name": person.last_name, "language": "nl"}
        page = f"/beheer/accounts/user/{person.pk}/change/"
        self._window("administrator").post(page, {"email": address, **names, "is_active": "on"})

    def demand_passkeys(self) -> None:
        """Of everybody in the organisation from today, by its administrator, who has used one."""
        window = self._window("administrator")
        if passkeys.add(window, self._device, self._people["administrator"][0]):
            page, today = page_of_demand(self.account.organisation), timezone.localdate().isoformat()
            passkeys.demand(self._window("administrator"), page, today)
        self.account.organisation.refresh_from_db()
        self.account.demanded = self.account.organisation.passkey_for == PasskeyFor.EVERYBODY

    def help(self, kind: Kind, *, words: Reader | None = None, is_owner: bool = False) -> str:
        """What the caller is told: a code, or nothing. ``words``: None when the caller cannot read the mailbox."""
        person, worker = self.account.person, self._window("worker")
        if words:
            worker.post(f"{page_of(person)}beller/versturen/")
            worker.post(f"{page_of(person)}beller/", {"words": words()})
        answer = worker.post(page_of(person, kind), {"reason": WHY})
        if is_owner and getattr(answer, "url", "") == APPROVALS:
            answer = self._approve_and_carry_out(worker)
        if not getattr(answer, "url", "").endswith("/code/eenmalig/"):
            return ""
        return READ_OUT.findall(text(worker.get(answer.url)))[0]

    def _approve_and_carry_out(self, worker: Window) -> object:
        asked = Intervention.objects.filter(subject=self.account.person_id).latest("asked_at")
        self._window("lead").post(f"{APPROVALS}{asked.pk}/goedkeuren/")
        return worker.post(f"{APPROVALS}{asked.pk}/uitvoeren/")

    def carry_out_what_waited(self) -> None:
        """What was asked a day ago and nobody cancelled."""
        for asked in Intervention.objects.filter(subject=self.account.person_id, state__in=Intervention.OPEN):
            self._window("worker").post(f"{APPROVALS}{asked.pk}/uitvoeren/")

    def look_at_reports(self) -> None:
        """Only after the lead has spoken to the owner."""
        lead = self._window("lead")
        for report in Report.objects.filter(user=self.account.person_id, looked_at=None):
            lead.post(f"{REPORTS}{report.pk}/bekeken/", {"check": Check.CALLED_BACK})

    def words_from(self, mailboxes: set[str]) -> Reader:
        """The words as somebody reads them who can open these mailboxes."""

        def read() -> str:
            bodies = [mail.body for mail in self.account.collect() if mail.to in mailboxes]
            found = [words for body in bodies for words in MAILED_WORDS.findall(body)]
            return found[-1] if found else "niets gekregen"

        return read

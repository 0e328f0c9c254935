"""Replaces Django's command, which leaves no audit entry, mails nobody and ends no session.

Django takes a command from the first app that has it: `accounts` stands before `django.contrib.auth` in INSTALLED_APPS.
"""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from accounts.audit.origin import CONSOLE
from accounts.mail import outcomes
from accounts.models import User
from accounts.passwords import flows

TRIES = 3


class Command(BaseCommand):
    help = "Sets the password of one person, who hears of it by mail; all sessions of that person end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            person = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {email}.") from None
        with override("en"):  # as everything else that the commands say
            password = self._prompt(person)
        with outcomes.collect() as mails:
            flows.set_on_server(person, password, CONSOLE)
        mails.wait()
        sent = "" if mails.refused else ", and a mail is sent"
        self.stdout.write(f"The password of {person.email} is changed, all sessions are ended{sent}.")
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))

    def _prompt(self, person: User) -> str:
        for _try in range(TRIES):
            password = getpass.getpass()
            try:
                validate_password(password, person)
            except ValidationError as refusal:
                self.stderr.write(" ".join(refusal.messages))
                continue
            if getpass.getpass("Password (again): ") == password:
                return password
            self.stderr.write("The two passwords are not the same.")
        raise CommandError(f"Nothing is changed: {TRIES} attempts failed.")

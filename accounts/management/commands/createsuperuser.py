"""Replaces Django's command, which lets whoever runs it avoid the rules for passwords.

Django takes a command from the first app that has it: `accounts` stands before `django.contrib.auth` in INSTALLED_APPS.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import override

from accounts import flows
from accounts.audit.origin import CONSOLE
from accounts.mail import outcomes
from accounts.models import User

VARIABLE = "DJANGO_SUPERUSER_PASSWORD"
WITHOUT = ' without a password: choose one by "Wachtwoord vergeten?" on the sign-in page'


class Command(createsuperuser.Command):
    help = "Creates a superuser, with a password that keeps to the rules. The audit trail has an entry of it."

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):  # as everything else that the commands say
            try:
                email, password = self._prompt(options) if options["interactive"] else self._from_options(options)
                with outcomes.collect() as mails:
                    flows.create_superuser(email, password, CONSOLE)
            except ValidationError as refusal:
                raise CommandError(_in_one_line(refusal)) from None
            except (KeyboardInterrupt, EOFError):
                raise CommandError("Nobody was created.") from None
        mails.wait()
        if options["verbosity"] >= 1:
            self.stdout.write(f"The superuser {email} was created{'' if password else WITHOUT}.")
        if mails.refused:  # no reason to stop: the first superuser may come before the mail server
            self.stderr.write(outcomes.describe(mails.refused))

    def _from_options(self, options: dict[str, Any]) -> tuple[str, str | None]:
        """Address and password from the options and the environment; an empty password is none."""
        email = (options["email"] or os.environ.get("DJANGO_SUPERUSER_EMAIL", "")).strip()
        if not email:
            raise CommandError("--noinput takes the address from --email or DJANGO_SUPERUSER_EMAIL.")
        _judge_address(email)
        password = os.environ.get(VARIABLE, "").rstrip("\r\n")
        if not password.isprintable():
            raise CommandError(f"{VARIABLE} contains a line end, an invisible character or a byte that is not UTF-8.")
        return email, password or None

    def _prompt(self, options: dict[str, Any]) -> tuple[str, str]:
        if hasattr(self.stdin, "isatty") and not self.stdin.isatty():
            raise CommandError("Nobody can be asked here. Use --noinput with --email, or run this in a terminal.")
        email = (options["email"] or "").strip()
        while self._is_refused(_judge_address, email):
            email = input("E-mail address: ").strip()
        while True:
            password = getpass.getpass()
            if self._is_refused(validate_password, password, User(email=email)):
                continue
            if password == getpass.getpass("Password (again): "):
                return email, password
            self.stderr.write("The two passwords are not the same.")

    def _is_refused(self, judge: Callable[..., object], *values: object) -> bool:
        if not values[0]:
            return True
        try:
            judge(*values)
        except ValidationError as refusal:
            self.stderr.write(_in_one_line(refusal))
            return True
        return False


def _judge_address(email: str) -> None:
    """Raise ValidationError unless somebody can have this address."""
    User(email=email).full_clean(exclude={"password"})


def _in_one_line(refusal: ValidationError) -> str:
    return " ".join(dict.fromkeys(refusal.messages))

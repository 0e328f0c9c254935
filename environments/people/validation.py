"""Validation of the lines of a list of people."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User, only_ascii
from accounts.organisations import memberships, scope
from accounts.organisations.models import Organisation
from environments.models import Environment, Role
from environments.people import flows, list_reader
from environments.people.models import ImportLine, State, Why
from environments.people.reading import choices

LONGEST_NAME = 150
LONGEST_ADDRESS = 254


class LineValidator:
    """Validates lines. Created anew for every batch, because data change in between."""

    def __init__(self, worker: User, organisation: Organisation, addresses: Iterable[str]) -> None:
        self.may_give = worker.has_perm(flows.MAY_GIVE)
        self.organisation = organisation
        self.named: dict[str, Environment] = {}
        for environment in organisation.environments.all():
            self.named |= {environment.name.lower(): environment, environment.slug: environment}
        wanted = [address.lower() for address in addresses]
        found = User.objects.filter(email__lower__in=wanted).select_related("membership")
        self.known = {user.email.lower(): user for user in found}
        theirs = (user for user in found if scope.organisation_id_of(user) != organisation.pk)
        self.foreign = memberships.foreign(set(wanted), organisation.pk)
        # Existing people elsewhere, whom an answer would reveal; in a proved domain every address is refused.
        self.elsewhere = {user.email.lower() for user in theirs} - self.foreign.keys()

    def validate(self, line: ImportLine) -> None:
        """Set the state, the reason and whether the person is new on the line."""
        line.why, line.about = self._wrong(line)
        line.is_new = line.address.lower() not in self.known
        line.state = State.WRONG if line.why else State.NEW if line.is_new else State.KNOWN

    def environments_of(self, line: ImportLine) -> list[Environment]:
        return [self.named[name.lower()] for name in list_reader.environment_names(line.environments)]

    def _wrong(self, line: ImportLine) -> tuple[str, str]:
        if not line.address:
            return Why.NO_ADDRESS, ""
        if not is_address(line.address):
            return Why.BAD_ADDRESS, line.address[:100]
        if max(len(line.first_name), len(line.last_name)) > LONGEST_NAME:
            return Why.LONG_NAME, ""
        names = list_reader.environment_names(line.environments)
        for name in () if names else (line.first_name, line.last_name):
            if name.lower() in self.named:
                return Why.NAME_OF_ENVIRONMENT, name[:100]
        if names and not self.may_give:
            return Why.MAY_NOT_GIVE, ""
        for name in names:
            if name.lower() not in self.named:
                return Why.NO_SUCH_ENVIRONMENT, name[:100]
        if flaw := _wrong_choice(line, bool(names)):
            return flaw
        return self._elsewhere(line.address.lower()), ""

    def _elsewhere(self, address: str) -> str:
        """The same reason for every person of another organisation and every address in its mail domains, so that it
        does not reveal who exists there."""
        known = self.known.get(address)
        if known is not None and scope.organisation_id_of(known) == self.organisation.pk:
            return "" if known.is_active else Why.NOT_ACTIVE
        return Why.ELSEWHERE if known is not None or address in self.foreign else ""


def role_of(line: ImportLine) -> Role:
    """The role of a validated line in its environments; without one the least."""
    return Role(choices.role_of(line.role) or Role.READER)


def language_of(line: ImportLine) -> str:
    """The language of a validated line; without one the usual."""
    return choices.language_of(line.language) or settings.LANGUAGE_CODE


def _wrong_choice(line: ImportLine, has_environments: bool) -> tuple[str, str] | None:
    if line.role and not choices.role_of(line.role):
        return Why.NO_SUCH_ROLE, line.role[:100]
    if line.language and not choices.language_of(line.language):
        return Why.NO_SUCH_LANGUAGE, line.language[:100]
    if not has_environments and role_of(line) != Role.READER:
        return Why.ROLE_OF_NOTHING, ""
    return None


def is_address(text: str) -> bool:
    try:
        validate_email(text)
        only_ascii(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_ADDRESS

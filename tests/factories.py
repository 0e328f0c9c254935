"""People and what belongs to them, with traits: `UserFactory(with_totp=True)`."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.organisations.models import Membership, Organisation
from accounts.support import group
from accounts.two_factor.models import Authenticator, Passkey
from environments.models import Access, Environment

PASSWORD = "een lange zin als wachtwoord"
_HASH = make_password(PASSWORD)  # one hash for all: hashing anew for every person would take minutes


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Organisatie {n}")
    slug = factory.Sequence(lambda n: f"organisatie-{n}")


class AuthenticatorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Authenticator

    name = "Telefoon"
    confirmed = True

    @classmethod
    def _create(cls, model_class: type[Authenticator], *args: Any, **kwargs: Any) -> Authenticator:
        device = model_class(*args, **kwargs)
        device.set_secret(os.urandom(20))
        device.save()
        return device


class PasskeyFactory(factory.django.DjangoModelFactory):
    """A passkey that no device of the test holds."""

    class Meta:
        model = Passkey

    name = "Laptop"

    @classmethod
    def _create(cls, model_class: type[Passkey], *args: Any, **kwargs: Any) -> Passkey:
        name = os.urandom(32)
        digest = hashlib.sha256(name).hexdigest()
        passkey = model_class(*args, credential_id=name, digest=digest, **kwargs)
        passkey.set_public_key(b"no key")
        passkey.save()
        return passkey


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True)
        superuser = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence(lambda n: f"persoon{n}@voorbeeld.nl")
    first_name = "Per"
    last_name = "Soon"
    password = _HASH

    @factory.post_generation
    def with_totp(self, create: bool, wanted: bool | None, **kwargs: Any) -> None:
        if wanted:
            AuthenticatorFactory(user=self)

    @factory.post_generation
    def in_support(self, create: bool, wanted: bool | None, **kwargs: Any) -> None:
        if wanted:
            self.is_staff = True
            self.save()
            self.groups.add(support_group())

    @factory.post_generation
    def organisation(self, create: bool, wanted: Organisation | None, **kwargs: Any) -> None:
        if wanted:
            Membership.objects.create(user=self, organisation=wanted)
            self.organisation_key = wanted.pk  # as `memberships.join` does, which refuses some addresses
            self.save(update_fields=["organisation_key"])


def support_group() -> Group:
    """As the migrations made it; made anew, which takes 50 statements, where a test removed it."""
    return Group.objects.filter(name=group.SUPPORT).first() or group.ensure_groups()


class EnvironmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Environment
        skip_postgeneration_save = True

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Omgeving {n}")
    slug = factory.Sequence(lambda n: f"omgeving-{n}")
    address = factory.LazyAttribute(lambda e: f"https://{e.slug}.voorbeeld.nl/")

    @factory.post_generation
    def people(self, create: bool, wanted: list[User] | None, told: bool = False, **facts: Any) -> None:
        """`people__told=True`: they have been told that it is on another domain, so it opens at once."""
        for person in wanted or []:
            Access.objects.create(user=person, environment=self, **({"known_host": self.host} if told else {}), **facts)

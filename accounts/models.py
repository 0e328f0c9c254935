"""Users. The e-mail address is the user name; the packages of `accounts` keep everything else about a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import NameField, SearchKeyField, with_keys
from accounts.prefix_search import Plain, last_word
from accounts.prepared_queries import Parameter, PreparedUpdate

# `email__lower=…` matches without regard to case and uses the index of the constraint below.
models.EmailField.register_lookup(Lower)

# Plain letters only: then "the same address" means the same on every database, and no look-alike letter can
# make two addresses seem one.
only_ascii = RegexValidator(r"\A[\x21-\x7e]*\Z", _("Use only plain letters, digits and signs in the e-mail address."))


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__lower=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Without a password the person chooses one by a mailed link.

        Raises ValidationError when the password breaks a rule of AUTH_PASSWORD_VALIDATORS: nothing leads past them.
        """
        user = self.model(email=email.strip(), **fields)
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    email = models.EmailField(
        _("e-mail address"),
        unique=True,
        validators=[only_ascii],
        error_messages={"unique": _("Somebody with this e-mail address exists already.")},
    )
    first_name = NameField(_("first name"), max_length=150, blank=True)
    last_name = NameField(_("last name"), max_length=150, blank=True)
    first_name_key = SearchKeyField(source="first_name", max_length=300)
    last_name_key = SearchKeyField(source="last_name", max_length=300)
    # The names of languages stay untranslated: one must be able to find one's own.
    language = models.CharField(
        _("language"), max_length=2, choices=[("nl", "Nederlands"), ("en", "English")], default="nl"
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick this instead of deleting somebody: all sessions end at once.")
    )
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May open the administration, after the second step.")
    )
    date_joined = models.DateTimeField(_("added on"), default=timezone.now, editable=False)
    # Part of every mailed link: counting on makes all of them void.
    links_issued = models.PositiveIntegerField(default=0, editable=False)
    # Part of the links of one purpose: a new one makes the earlier ones of that purpose void, and no others. Otherwise
    # anybody who asks for a link to a forgotten password would take an invitation away.
    invitations_issued = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    resets_issued = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    address_links_issued = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # No link for a password goes to the address: its owner reported that somebody else reads there, or that it is not
    # theirs. Until somebody of support has spoken to them.
    links_withheld = models.BooleanField(default=False, db_default=False, editable=False)
    # The organisation of the membership, copied: with it one index holds the people of an organisation in order of
    # address, and 100,000 of them are counted without reading their rows. Null without an organisation. On PostgreSQL
    # triggers keep it exact (`accounts.organisations.copies`); elsewhere nothing reads it.
    organisation_key = models.BigIntegerField(null=True, editable=False)
    # Has this person a confirmed app or a passkey? The same kind of copy: ask `accounts.two_factor.devices`.
    is_protected = models.BooleanField(default=False, db_default=False, editable=False)
    # The person answered "never" to the offer of a passkey.
    no_passkey_offers = models.BooleanField(default=False, db_default=False, editable=False)
    # Part of the cookie of a known browser: counting on makes every such cookie void.
    known_browsers_epoch = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    # What django-otp's middleware puts on the person of a request.
    is_verified: Callable[[], bool]
    otp_device: Any

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_person_an_address",
                violation_error_message=_("Somebody with this e-mail address exists already."),
            )
        ]
        # For the list of people in the administration: a search by any beginning, and each of its filters in the order
        # of its pages, so that no page reads more than it shows.
        indexes = [
            models.Index(Plain("email"), name="people_by_address"),
            models.Index(Plain("first_name_key"), name="people_by_first_name_key"),
            models.Index(Plain("last_name_key"), name="people_by_last_name_key"),
            models.Index(Plain(last_word("last_name_key")), name="people_by_last_word_key"),
            models.Index(fields=["email"], name="people_staff", condition=models.Q(is_staff=True)),
            models.Index(fields=["id"], name="people_superusers", condition=models.Q(is_superuser=True)),
            models.Index(fields=["email"], name="people_not_active", condition=models.Q(is_active=False)),
            models.Index(fields=["email"], name="people_never_came", condition=models.Q(last_login=None)),
            models.Index(Coalesce("last_login", "date_joined"), name="people_last_seen"),
            models.Index(
                fields=["organisation_key", "email", "id", "is_active", "is_staff", "last_login", "is_protected"],
                name="members_by_address",
            ),
            models.Index(
                fields=["organisation_key", "id"],
                name="people_without_password",
                condition=models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
            ),
        ]
        permissions = [("reset_second_factor", "Can reset the second step of a person")]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """A name is never stored without its search key. ``last_login`` alone is what every sign-in stores."""
        if update_fields == ["last_login"] and _note_sign_in(pk=self.pk, now=self.last_login):
            return
        super().save(*args, update_fields=with_keys(User, update_fields), **kwargs)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.email


@PreparedUpdate
def _note_sign_in() -> tuple[models.QuerySet[User], dict[str, object]]:
    now = Parameter("now", models.DateTimeField())
    return User.objects.filter(pk=Parameter("pk", models.BigAutoField())), {"last_login": now}

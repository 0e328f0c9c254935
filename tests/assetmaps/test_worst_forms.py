"""Every field of every form gets the worst that somebody can send, and the work grows no faster than the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.test import RequestFactory

from accounts.audit_pages.forms import SearchForm
from accounts.lazy_views import load_administration
from accounts.mfa_policy.passkeys.forms import PasskeyDemandForm
from accounts.models import User
from accounts.organisations.forms import ShortNameForm
from accounts.passwords.forms import ChangePasswordForm, NewPasswordForm
from accounts.sign_in.fresh_proof.forms import ProofForm
from accounts.sso.credentials.forms import KeyPairForm, ProviderForm
from accounts.sso.issuers import normalise
from accounts.sso.setup.forms import EmergencyAccountForm
from accounts.sso.setup.kinds import Kind
from accounts.support.forms import MailedQuestionForm
from accounts.two_factor.devices import Situation
from accounts.two_factor.forms import CodeForm, NamedCodeForm
from accounts.two_factor.models import Authenticator
from environments.people.forms import ChooseOrganisationForm, ImportForm, PersonForm
from tests.factories import EnvironmentFactory, UserFactory
from tests.worst_inputs import WORST, Sorting, check_growth

load_administration()

pytestmark = pytest.mark.django_db
OURS = ("accounts.", "environments.", "assetmaps.")
# Judged by what they do with a text, without a length of their own; each says why.
WITHOUT_LENGTH = {
    ("ImportForm", "text"),  # a whole list; the body of a request bounds it
    ("OverviewForm", "zoek"),  # stands in the address, which is bounded; cut, so that a link stays good
    ("OverviewForm", "pagina"),
    ("PasskeyForm", "ceremony"),  # filled in by a script; the flow has a length for them, and words that somebody sees
    ("PasskeyForm", "credential"),
}

OF_HEADERS = {"at signs", "brackets", "quotes", "backslashes", "semicolons in quotes", "letters", "zeros", "lines"}


def built(form: type[forms.BaseForm], person: User) -> Callable[..., forms.BaseForm]:
    """How to make this form; one with arguments of its own is missing here, and fails, until it is added."""
    choice = [("1", "Telefoon"), ("2", "Tablet")]
    phones = [Authenticator(pk=1, name="Telefoon"), Authenticator(pk=2, name="Tablet")]
    options: dict[type, dict[str, object]] = {
        ProofForm: {"mine": Situation(phones)},
        PasskeyDemandForm: {"of_staff": False},
        CodeForm: {"choice": choice},
        NamedCodeForm: {"choice": choice},
        NewPasswordForm: {"user": person},
        ChangePasswordForm: {"user": person, "is_present_password": person.check_password},
        SearchForm: {"with_organisation": True},
        KeyPairForm: {"for_entra": False},
        ProviderForm: {"kind": Kind.ENTRA, "find_issuer": normalise},
        EmergencyAccountForm: {"people": [(1, "Mede Werker")]},
        ChooseOrganisationForm: {"worker": person},
        ImportForm: {"worker": person},
        MailedQuestionForm: {"question": "Was jij dit?", "leave": "Ja", "do": "Nee"},
    }
    return lambda **given: form(**options.get(form, {}), **given)


def subclasses(form: type) -> Iterator[type]:
    for one in form.__subclasses__():
        yield one
        yield from subclasses(one)


def of_the_administration(person: User) -> Iterator[tuple[str, Callable[..., forms.BaseForm]]]:
    request = RequestFactory().get("/beheer/")
    request.user = person
    for model, pages in admin.site._registry.items():
        name = f"{model.__name__} in the administration"
        if pages.has_add_permission(request):
            yield name, pages.get_form(request, None)
        if pages.has_change_permission(request) and (instance := model._base_manager.first()):
            yield name, pages.get_form(request, instance, change=True)
        for inline in pages.get_inline_instances(request):
            yield f"{inline.model.__name__} in a list", inline.get_formset(request).form


def every_form(person: User) -> Iterator[tuple[str, Callable[..., forms.BaseForm]]]:
    for path in sorted(one for name in OURS for one in (settings.BASE_DIR / name.rstrip(".")).rglob("forms.py")):
        import_module(".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts))
    for form in sorted({*subclasses(forms.Form), *subclasses(forms.ModelForm)}, key=repr):
        # Those made for a request have the name of what they are made of; they come from the administration.
        of_administration = issubclass(form, (PersonForm, ShortNameForm))
        if form.__module__.startswith(OURS) and not of_administration:
            yield form.__name__, built(form, person)
    yield from of_the_administration(person)


def filled(form: forms.BaseForm, name: str, text: str) -> dict[str, object]:
    """Everything else is right where that can be known, so that the worst text gets as far as it can."""
    data = QueryDict(mutable=True)
    for other, field in form.fields.items():
        choices = [str(value) for value, _label in getattr(field, "choices", []) if value]
        data[form.add_prefix(other)] = choices[0] if choices else "1"
    data[form.add_prefix(name)] = text
    if name == "new_password1":
        data["new_password2"] = text
    return {"data": data}


def judged(build: Callable[..., forms.BaseForm], like: forms.BaseForm, name: str, text: str) -> bool:
    return build(**filled(like, name, text)).is_valid()


def test_no_field_of_any_form_makes_more_work_than_the_text_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(superuser=True)
    EnvironmentFactory(people=[person])
    Sorting(monkeypatch)
    of_forms = {kind: worst for kind, worst in WORST.items() if kind not in OF_HEADERS}
    seen = 0
    for title, build in every_form(person):
        form = build()
        for name in form.fields:
            for kind, worst in of_forms.items():
                work = partial(judged, build, form, name)
                check_growth(work, worst, f"{title}.{name}, {kind}")
                seen += 1
    assert seen > 1000


def test_every_text_field_has_a_length_of_its_own() -> None:
    person = UserFactory(superuser=True)
    EnvironmentFactory(people=[person])
    without = set()
    for title, build in every_form(person):
        for name, field in build().fields.items():
            bounded = any(isinstance(rule, MaxLengthValidator) for rule in field.validators)
            if isinstance(field, forms.CharField) and not bounded:
                without.add((title, name))
    assert without == WITHOUT_LENGTH

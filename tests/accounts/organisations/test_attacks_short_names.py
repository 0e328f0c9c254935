"""A short name that became free would lead whoever has the old address to somebody else; and trying names would tell
which there are."""

from __future__ import annotations

from functools import partial
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from accounts.audit.origin import Origin
from accounts.organisations import flows, short_names
from accounts.organisations.models import Organisation, ShortName
from accounts.organisations.short_names import TakenError
from environments import flows as environments
from environments.changes import flows as changes
from environments.models import Environment
from tests.environments.people.staff import administrator, superuser
from tests.factories import EnvironmentFactory, OrganisationFactory
from tests.pages import at_once, shown, signed_in

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser")
ORGANISATIONS, ENVIRONMENTS = "/beheer/organisations/organisation/", "/beheer/environments/environment/"
REFUSED = "Deze korte naam kun je niet gebruiken. Kies een andere."
ROWS = {f"group_mappings-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


def organisation_values(name: str, slug: str) -> dict[str, str]:
    return {"name": name, "slug": slug, "colour": "#1f6f54", "contact": ""}


def environment_values(organisation: Organisation, name: str, slug: str) -> dict[str, object]:
    return ROWS | {"organisation": organisation.pk, "name": name, "slug": slug, "address": "https://x.voorbeeld.nl/"}


@pytest.mark.parametrize("how", ["renamed", "deleted"])
def test_short_name_of_an_organisation_that_became_free_is_not_given_to_another(how: str) -> None:
    client, first = signed_in(superuser()), OrganisationFactory(name="Eerst", slug="eerst")
    page = f"{ORGANISATIONS}{first.pk}/"
    if how == "renamed":
        client.post(f"{page}change/", organisation_values("Eerst", "anders"))
    else:
        client.post(f"{page}delete/", {"post": "yes"})
    assert not Organisation.objects.filter(slug="eerst").exists()
    for typed in ("eerst", "Eerst"):
        assert REFUSED in shown(client, f"{ORGANISATIONS}add/", organisation_values("Tweede", typed))
    other = OrganisationFactory()
    assert REFUSED in shown(client, f"{ORGANISATIONS}{other.pk}/change/", organisation_values("Ander", "eerst"))
    assert not Organisation.objects.filter(slug__iexact="eerst").exists()
    if how == "renamed":
        client.post(f"{page}change/", organisation_values("Eerst", "eerst"))
        first.refresh_from_db()
        assert first.slug == "eerst", "its own it may take back"
        client.post(f"{page}change/", organisation_values("Eerste", "eerst"))
        assert Organisation.objects.get(pk=first.pk).name == "Eerste"


@pytest.mark.parametrize("how", ["renamed", "deleted"])
def test_short_name_of_an_environment_that_became_free_is_not_given_to_another(how: str) -> None:
    client, first = signed_in(superuser()), EnvironmentFactory(name="Wegen", slug="wegen")
    page = f"{ENVIRONMENTS}{first.pk}/"
    if how == "renamed":
        client.post(f"{page}change/", environment_values(first.organisation, "Wegen", "straten"))
    else:
        client.post(f"{page}delete/", {"post": "yes"})
    assert not Environment.objects.filter(slug="wegen").exists()
    theirs = OrganisationFactory()
    assert REFUSED in shown(client, f"{ENVIRONMENTS}add/", environment_values(theirs, "Nep", "wegen"))
    client.post(f"{ENVIRONMENTS}add/", environment_values(theirs, "Nep", "paden"))
    assert list(Environment.objects.filter(organisation=theirs).values_list("slug", flat=True)) == ["paden"]
    client.post(f"{ORGANISATIONS}add/", organisation_values("Wegen", "wegen"))
    assert Organisation.objects.filter(slug="wegen").exists(), "an organisation and an environment may have the same"


def test_a_name_that_is_taken_and_one_that_was_are_refused_in_the_same_words() -> None:
    client = signed_in(superuser())
    OrganisationFactory(slug="bezet")
    gone = EnvironmentFactory(slug="weg")
    environments.delete(gone, actor=superuser(), origin=HERE)
    EnvironmentFactory(slug="bezet")
    for slug in ("bezet", "weg"):
        page = shown(client, f"{ENVIRONMENTS}add/", environment_values(gone.organisation, "Nieuw", slug))
        assert REFUSED in page
        assert "bestaat al" not in page
    assert REFUSED in shown(client, f"{ORGANISATIONS}add/", organisation_values("Nieuw", "bezet"))


# ASVS 8.4.1
def test_administrator_of_one_organisation_tries_no_names_of_organisations() -> None:
    mine, theirs = OrganisationFactory(name="Mijn", slug="mijn"), OrganisationFactory(name="Hun", slug="hun")
    client, page = signed_in(administrator(mine)), f"{ORGANISATIONS}{mine.pk}/change/"
    for name, slug in (("Hun", "mijn"), ("Mijn", "hun"), ("Nieuw", "nieuw")):
        client.post(page, organisation_values(name, slug) | {"contact": f"bel {slug}"})
        mine.refresh_from_db()
        assert (mine.name, mine.slug, mine.contact) == ("Mijn", "mijn", f"bel {slug}")
    assert theirs.name not in shown(client, page)


def test_flows_refuse_what_no_page_asked_about() -> None:
    boss, theirs = superuser(), OrganisationFactory(slug="van-hen")
    assert short_names.reserve(ShortName.Kind.ORGANISATION, "van-hen", owner=theirs.pk)
    with pytest.raises(TakenError):
        flows.add(Organisation(name="N", slug="Van-Hen"), actor=boss, origin=HERE)
    mine = EnvironmentFactory(slug="mijn")
    short_names.reserve(ShortName.Kind.ENVIRONMENT, "ooit", owner=mine.pk + 1)
    mine.slug = "ooit"
    with pytest.raises(TakenError):
        changes.change(mine, actor=boss, origin=HERE)
    assert Environment.objects.get(pk=mine.pk).slug == "mijn"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_a_short_name() -> None:
    tasks = [partial(short_names.reserve, ShortName.Kind.ORGANISATION, "begeerd", owner=n) for n in range(1, 6)]
    assert sorted(at_once(tasks)) == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("migration", "kind"),
    [
        ("accounts.organisations.migrations.0006_short_names", "organisation"),
        ("environments.migrations.0006_keep_short_names", "environment"),
    ],
)
def test_present_ones_are_kept_from_the_beginning(migration: str, kind: str) -> None:
    environment = EnvironmentFactory(slug="Wegen", organisation__slug="Dorp")
    import_module(migration).keep_present_ones(apps, None)
    kept = ShortName.objects.get(kind=kind)
    owner = environment if kind == "environment" else environment.organisation
    assert (kept.slug, kept.owner) == (owner.slug.lower(), owner.pk)


def test_who_may_change_an_environment_of_one_organisation_reads_nothing_of_others() -> None:
    mine, theirs = EnvironmentFactory(slug="mijn-kaart"), EnvironmentFactory(slug="hun-kaart", name="Hun kaart")
    worker = administrator(mine.organisation)
    worker.user_permissions.add(*Permission.objects.filter(codename__in=["change_environment", "add_environment"]))
    page = shown(
        signed_in(worker), f"{ENVIRONMENTS}{mine.pk}/change/", environment_values(mine.organisation, "M", "hun-kaart")
    )
    assert REFUSED in page
    assert theirs.name not in page

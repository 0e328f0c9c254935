"""The pages of the administration that `benchmarks.large` asks for: each list with each filter and order, each search,
dry run, overview, waiting list and download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

ALL = "superuser"
PEOPLE = "admin:accounts_user_changelist"
NEW_LINES, KNOWN_LINES = 2_500, 2_500


@dataclass(frozen=True)
class Page:
    """``posted``: None for a page to get. A download is asked for up to its first line."""

    name: str
    address: str
    posted: dict[str, str] | None = None
    expected: tuple[int, ...] = (200,)

    def ask(self, client: object) -> int:
        answer = client.get(self.address) if self.posted is None else client.post(self.address, self.posted)
        if answer.streaming:
            next(iter(answer.streaming_content))
            answer._iterator.close()  # the test client's own, which keeps the connection to the database
        return answer.status_code


def pages(who: str) -> Iterator[Page]:
    from benchmarks import large_passkeys

    yield Page("start page", "/beheer/")
    yield from _people()
    yield from _access()
    yield from _environments()
    yield from _organisations(who)
    yield from _second_step(who)
    yield from large_passkeys.pages(who)
    yield from _business_account(who)
    yield from _lists_of_people(who)
    yield from _audit()
    yield from _support()
    if who == ALL:
        yield Page("queue", reverse("queue"))


def _lists(name: str, page: str, queries: tuple[tuple[str, str], ...]) -> Iterator[Page]:
    yield Page(f"{name}: first page", page)
    for what, query in queries:
        yield Page(f"{name}: {what}", f"{page}?{query}")


def largest_organisation():
    from accounts.organisations.models import Organisation

    return Organisation.objects.order_by("pk").first()


def small_organisation():
    from accounts.organisations.models import Organisation

    return Organisation.objects.order_by("pk").last()


def _member(place: int = 500):
    """A person of the largest organisation, without rights."""
    from accounts.organisations.models import Membership

    return Membership.objects.filter(organisation=largest_organisation()).order_by("user_id")[place].user


def _environment():
    from environments.models import Environment

    return Environment.objects.filter(organisation=largest_organisation()).order_by("pk").first()


def _people() -> Iterator[Page]:
    largest, environment, member = largest_organisation().pk, _environment().pk, _member()
    yield from _lists(
        "people",
        reverse(PEOPLE),
        (
            ("by address, descending", "o=-1"),
            ("by a column without order", "o=3"),
            ("search by last name", "q=Bakker"),
            ("search by last word of a name", "q=Berg"),
            ("search by first and last name", "q=anna+bakker"),
            ("search by a letter", "q=b"),
            ("search by address", "q=persoon7777"),
            ("search by eight words", "q=a+b+c+d+e+f+g+h"),
            ("search that finds nobody", "q=zzzz"),
            ("page 50", "p=50"),
            ("page 100, the last", "p=100"),
            ("staff", "is_staff__exact=1"),
            ("not staff", "is_staff__exact=0"),
            ("not active", "is_active__exact=0"),
            ("active", "is_active__exact=1"),
            ("with a second step", "second_step=on"),
            ("with a second step, page 100", "second_step=on&p=100"),
            ("without a second step", "second_step=off"),
            ("with a passkey", "second_step=passkey"),
            ("without a passkey", "second_step=no-passkey"),
            ("invited, never came", "came=never"),
            ("not seen for long", "came=long-ago"),
            ("not seen for long, page 100", "came=long-ago&p=100"),
            ("of an organisation", f"organisation={largest}"),
            ("of an organisation, page 100", f"organisation={largest}&p=100"),
            ("of a small organisation", f"organisation={small_organisation().pk}"),
            ("with access to an environment", f"environment={environment}"),
            ("with access to an environment, page 100", f"environment={environment}&p=100"),
            ("of an organisation, without a second step", f"organisation={largest}&second_step=off"),
            ("of an organisation, not active", f"organisation={largest}&is_active__exact=0"),
            ("of an organisation, never came", f"organisation={largest}&came=never"),
            ("of an organisation, second step and name", f"organisation={largest}&second_step=off&q=Bakker"),
            ("all filters", f"organisation={largest}&environment={environment}&second_step=on&came=long-ago&q=Vos"),
            ("organisations beside the list, by name", "organisation_named=0015"),
        ),
    )
    yield Page("people: one person", reverse("admin:accounts_user_change", args=[member.pk]))
    yield Page("people: history of one person", reverse("admin:accounts_user_history", args=[member.pk]))
    yield Page("people: add", reverse("admin:accounts_user_add"))
    for what, filters in (("all", ""), ("of an organisation", f"organisation={largest}"), ("by name", "q=Bakker")):
        yield Page(f"people: first line of the export, {what}", reverse("people_export"), {"filters": filters})


def _access() -> Iterator[Page]:
    from environments.models import Access

    largest, environment, member = largest_organisation().pk, _environment().pk, _member()
    yield from _lists(
        "access",
        reverse("admin:environments_access_changelist"),
        (
            ("page 100, the last", "p=100"),
            ("by a column without order", "o=2"),
            ("search by name", "q=Bakker"),
            ("search by address", f"q={member.email}"),
            ("of an organisation", f"organisation={largest}"),
            ("of an organisation, page 100", f"organisation={largest}&p=100"),
            ("to an environment", f"environment={environment}"),
            ("to an environment, page 100", f"environment={environment}&p=100"),
            ("to an environment, by name", f"environment={environment}&q=Vos"),
        ),
    )
    row = Access.objects.filter(user=member).first().pk
    yield Page("access: one", reverse("admin:environments_access_change", args=[row]))
    yield Page("access: history of one", reverse("admin:environments_access_history", args=[row]))
    yield Page("access: add", reverse("admin:environments_access_add"))
    yield Page("access: another role", reverse("change_role", args=[row]))
    for field_name, term in (("user", "persoon777"), ("user", "bak"), ("environment", "Kaart 1")):
        query = f"app_label=environments&model_name=access&field_name={field_name}&term={term}"
        yield Page(f"access: choices for “{term}”", f"{reverse('admin:autocomplete')}?{query}")


def _environments() -> Iterator[Page]:
    environment = _environment().pk
    orders = tuple((f"in order {order}", f"o={order}") for order in (1, -1, 2, -2, 3, -3))
    yield from _lists(
        "environments",
        reverse("admin:environments_environment_changelist"),
        (
            *orders,
            ("search by name", "q=Kaart+1"),
            ("search by organisation", "q=Gemeente+0777"),
            ("search that finds nothing", "q=zzzz"),
            ("page 40, the last", "p=40"),
            ("of an organisation", f"organisation={largest_organisation().pk}"),
        ),
    )
    yield Page("environments: one", reverse("admin:environments_environment_change", args=[environment]))
    yield Page("environments: history of one", reverse("admin:environments_environment_history", args=[environment]))
    yield Page("environments: add", reverse("admin:environments_environment_add"))
    yield Page("environments: delete", reverse("admin:environments_environment_delete", args=[environment]))
    yield Page("environments: picture", reverse("change_picture", args=[environment]))
    yield Page("environments: another address", reverse("new_address", args=[environment]))


def _organisations(who: str) -> Iterator[Page]:
    organisation = largest_organisation()
    orders = tuple((f"in order {order}", f"o={order}") for order in (1, -1, 2, -2))
    yield from _lists(
        "organisations",
        reverse("admin:organisations_organisation_changelist"),
        (*orders, ("search by name", "q=Gemeente+0777"), ("page 20, the last", "p=20")),
    )
    yield Page("organisations: one", reverse("admin:organisations_organisation_change", args=[organisation.pk]))
    history = reverse("admin:organisations_organisation_history", args=[organisation.pk])
    yield Page("organisations: history of one", history)
    yield Page("organisations: logo", reverse("change_logo", args=[organisation.slug]))
    yield Page("groups: list", reverse("admin:auth_group_changelist"))
    if who == ALL:
        delete = reverse("admin:organisations_organisation_delete", args=[organisation.pk])
        yield Page("organisations: delete", delete)
        yield Page("groups: one", reverse("admin:auth_group_change", args=[1]))


def _second_step(who: str) -> Iterator[Page]:
    from accounts.mfa_policy.statistics import Group

    page, largest = reverse("organisations"), largest_organisation().slug
    yield Page("second step: organisations", page)
    if who == ALL:
        yield Page("second step: organisations, page 40, the last", f"{page}?p=40")
        yield Page("second step: organisations, by name", f"{page}?q=0777")
        small = small_organisation().slug
        yield Page("second step: overview of a small organisation", reverse("organisation_overview", args=[small]))
        yield Page("second step: dry run of a small organisation", _dry_run(small, days=14))
    overview = reverse("organisation_overview", args=[largest])
    yield Page("second step: overview of 100,000 people", overview)
    for number in (2, 50, 700):
        yield Page(f"second step: overview of 100,000 people, page {number}", f"{overview}?p={number}")
    export = reverse("organisation_export", args=[largest])
    yield Page("second step: first line of the list of 100,000 people", export, {})
    yield Page("second step: choice", reverse("organisation_demand", args=[largest]))
    for days in (0, 1, 14, 45):
        yield Page(f"second step: dry run, in {days} days", _dry_run(largest, days))
    for group in Group:
        yield Page(
            f"second step: dry run, names of group {group.value}", f"{_dry_run(largest, 14)}&groep={group.value}"
        )
    yield Page("second step: dry run, names, page 50", f"{_dry_run(largest, 14)}&groep={Group.PROTECTED.value}&p=50")
    yield Page("second step: dry run, names, page 300", f"{_dry_run(largest, 14)}&groep={Group.PROTECTED.value}&p=300")


def _dry_run(slug: str, days: int) -> str:
    day = timezone.localdate() + timedelta(days)
    return f"{reverse('organisation_demand_check', args=[slug])}?second_step=required&required_from={day}"


def _business_account(who: str) -> Iterator[Page]:
    slug = largest_organisation().slug
    if who == ALL:
        yield Page("business account: organisations", reverse("sso_organisations"))
    for name in ("setup", "provider", "second_step", "people", "emergency_account", "domains", "sign_in_test"):
        yield Page(f"business account: {name.replace('_', ' ')}", reverse(f"sso_{name}", args=[slug]))


def _lists_of_people(who: str) -> Iterator[Page]:
    from benchmarks.large_desk import CONFIRMED, PREVIEWED, import_of

    page = reverse("people_invite")
    yield Page("invite: the page", page)
    new = [f"nieuw{number}@voorbeeld.nl;Nieuwe;Collega" for number in range(NEW_LINES)]
    known = [f"persoon{10 * number + 10}@voorbeeld.nl;Anna;Bakker" for number in range(KNOWN_LINES)]
    listing = {"text": "\n".join([*new, *known])} | (
        {"organisation": largest_organisation().name} if who == ALL else {}
    )
    yield Page("invite: dry run of 5,000 lines", page, listing, (302,))
    for what, number in (("dry run", import_of(PREVIEWED)), ("result", import_of(CONFIRMED))):
        shown = reverse("people_import", args=[number])
        yield Page(f"invite: {what} of 5,000 lines, shown", shown)
        yield Page(f"invite: {what} of 5,000 lines, page 50", f"{shown}?p=50")
    confirmed = import_of(CONFIRMED)
    yield Page("invite: progress", reverse("people_import_progress", args=[confirmed]))
    yield Page("invite: lines that went wrong", reverse("people_import_wrong", args=[confirmed]))


def _audit() -> Iterator[Page]:
    from accounts.audit.models import AuditEntry
    from benchmarks.large_data import BUSY, RARE

    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    former = AuditEntry.objects.filter(event="address_changed").first().detail["before"]
    today = timezone.localdate()
    day = f"since={today - timedelta(200)}&until={today - timedelta(200)}"
    month = f"since={today - timedelta(230)}&until={today - timedelta(200)}"
    small, large = f"organisation={small_organisation().name}", f"organisation={largest_organisation().name}"
    page, export = reverse("audit_activity"), reverse("audit_export")
    queries = (
        ("deep keyset page", f"voor={newest // 20}"),
        ("newer, from deep", f"na={newest // 20}"),
        ("person, whole address", f"person={_member().email}"),
        ("person, beginning of an address", "person=persoon7777"),
        ("person, beginning of a name", "person=Bak"),
        ("person, nobody", "person=niemand@voorbeeld.nl"),
        ("former address", f"person={former}"),
        ("worker", f"worker={BUSY}"),
        ("worker, rare event", f"worker={BUSY}&event={RARE}"),
        ("worker, event that never was", f"worker={BUSY}&event=worker_stopped"),
        ("large organisation", large),
        ("small organisation", small),
        ("frequent event", "event=signed_in"),
        ("rare event", f"event={RARE}"),
        ("event that never was", "event=worker_stopped"),
        ("frequent event, refused: never", "event=signed_in&result=refused"),
        ("eight events", "&".join(f"event={event}" for event in _eight())),
        ("refused", "result=refused"),
        ("succeeded", "result=succeeded"),
        ("day", day),
        ("month", month),
        ("period without entries", "since=2010-01-01&until=2010-12-31"),
        ("large organisation, rare event", f"{large}&event={RARE}"),
        ("small organisation, rare event", f"{small}&event={RARE}"),
        ("large organisation, refused", f"{large}&result=refused"),
        ("small organisation, refused", f"{small}&result=refused"),
        ("small organisation, day", f"{small}&{day}"),
        ("rare event, day", f"event={RARE}&{day}"),
        ("refused, month", f"result=refused&{month}"),
        ("person, rare event, month", f"person={_member().email}&event={RARE}&{month}"),
        ("everything at once", f"{large}&event={RARE}&result=refused&worker={BUSY}&{month}"),
        ("large organisation, refused, deep", f"{large}&result=refused&voor={newest // 20}"),
    )
    yield from _lists("audit", page, queries)
    entry = (
        AuditEntry.objects.filter(organisation=largest_organisation()).order_by("-pk").values_list("pk", flat=True)[0]
    )
    yield Page("audit: one entry", reverse("audit_entry", args=[entry]))
    yield Page("audit: before an export of a month", f"{export}?{large}&{month}")
    yield Page("audit: before an export of all refusals", f"{export}?result=refused")
    since, until = day.replace("since=", "").split("&until=")
    for kind in ("csv", "jsonl"):
        posted = {"since": since, "until": until, "format": kind}
        yield Page(f"audit: first line of the export of a day, {kind}", export, posted)


def _eight() -> list[str]:
    from accounts.audit.events import Event

    return Event.values[:8]


def _support() -> Iterator[Page]:
    member = _member()
    page = reverse("support_find")
    yield Page("support: the page with what waits", page)
    typed = (
        ("whole address", "persoon77770@voorbeeld.nl"),
        ("beginning of an address", "persoon7777"),
        ("last name", "Bakker"),
        ("first and last name", "anna bakker"),
        ("last word of a name", "berg"),
        ("reference", "2345678"),
        ("nobody", "zzzz"),
    )
    for what, who in typed:
        yield Page(f"support: search by {what}", page, {"who": who}, (302,))
    yield Page("support: people found last", page)
    yield Page("support: reports", reverse("support_reports"))
    yield Page("support: approvals", reverse("support_approvals"))
    for name in ("person", "caller_check", "lift_wait", "end_sessions", "bridge_code", "reset"):
        address = reverse(f"support_{name}", args=[member.pk])
        yield Page(f"support: {name.replace('_', ' ')}", address, expected=(200, 302))

"""Finding entries: the index scans find what plain conditions find, and pages neither skip nor repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import limits
from accounts.audit import search
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.search import Search

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
EVENTS = (Event.SIGNED_IN, Event.PASSWORD_REFUSED, Event.SECOND_STEP_RESET)


def entry(number: int, **fields: object) -> AuditEntry:
    return AuditEntry(at=BEGIN + timedelta(hours=number), event=Event.SIGNED_IN, **fields)


def some(count: int, **fields: object) -> list[AuditEntry]:
    return AuditEntry.objects.bulk_create([entry(number, **fields) for number in range(count)])


def ids_of(entries: list[AuditEntry]) -> list[int]:
    return [one.pk for one in entries]


def fits(one: AuditEntry, wanted: Search) -> bool:
    """What the search must find, as plain conditions."""
    return (
        (wanted.people is None or one.subject_id in wanted.people)
        and (wanted.workers is None or one.actor_id in wanted.workers)
        and (wanted.organisation is None or one.organisation_id == wanted.organisation)
        and (not wanted.events or one.event in wanted.events)
        and (wanted.succeeded is None or one.succeeded is wanted.succeeded)
        and (wanted.since is None or one.at >= wanted.since)
        and (wanted.until is None or one.at < wanted.until)
    )


few = st.integers(1, 3)
whom = st.none() | st.lists(few, max_size=2, unique=True).map(tuple)
moments = st.none() | st.integers(0, 40).map(lambda hours: BEGIN + timedelta(hours=hours))
entries = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.booleans(), st.none() | few, st.none() | few, st.none() | few),
    max_size=40,
)
searches = st.builds(
    Search,
    people=whom,
    workers=whom,
    organisation=st.none() | few,
    events=st.lists(st.sampled_from([event.value for event in EVENTS]), max_size=2, unique=True).map(tuple),
    succeeded=st.none() | st.booleans(),
    since=moments,
    until=moments,
)


class TestEveryCombination(TestCase):
    @settings(deadline=None)
    @given(entries, searches)
    def test_finds_exactly_what_plain_conditions_find(self, made: list[tuple], wanted: Search) -> None:
        rows = [
            AuditEntry(
                at=BEGIN + timedelta(hours=number),
                event=event,
                succeeded=succeeded,
                subject_id=subject,
                actor_id=actor,
                organisation_id=organisation,
            )
            for number, (event, succeeded, subject, actor, organisation) in enumerate(made)
        ]
        AuditEntry.objects.bulk_create(rows)
        expected = [one.pk for one in AuditEntry.objects.order_by("-pk") if fits(one, wanted)]
        assert ids_of(search.page(wanted).entries) == expected
        assert search.count(wanted, 1000) == len(expected)
        exported = [one.pk for batch in search.batches(wanted, search.newest_id()) for one in batch]
        assert exported == expected[::-1]
        if expected:
            middle = expected[len(expected) // 2]
            assert ids_of(search.page(wanted, before=middle).entries) == [pk for pk in expected if pk < middle]
            assert ids_of(search.page(wanted, after=middle).entries) == [pk for pk in expected if pk > middle]


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", [Search(), Search(events=("signed_in",)), Search(succeeded=True)])
def test_pages_neither_skip_nor_repeat_while_entries_are_added(wanted: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_PAGE", 5)
    before = ids_of(some(23))
    seen, page = [], search.page(wanted)
    while True:
        seen += ids_of(page.entries)
        some(3)  # meanwhile people sign in
        if not page.older:
            break
        page = search.page(wanted, before=seen[-1])
    assert seen == before[::-1]


@pytest.mark.django_db
def test_newer_leads_back_over_the_same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_PAGE", 5)
    some(15)
    first = search.page(Search())
    second = search.page(Search(), before=first.entries[-1].pk)
    third = search.page(Search(), before=second.entries[-1].pk)
    assert (first.newer, first.older) == (False, True)
    assert (third.newer, third.older) == (True, False)
    back = search.page(Search(), after=third.entries[0].pk)
    assert ids_of(back.entries) == ids_of(second.entries)
    newest = search.page(Search(), after=back.entries[0].pk)
    assert ids_of(newest.entries) == ids_of(first.entries)
    assert (newest.newer, newest.older) == (False, True)


@pytest.mark.django_db
def test_period_finds_entries_of_machines_whose_clocks_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_CLOCK_SAMPLE", 1)
    late, slack = timedelta(hours=5), limits.AUDIT_CLOCK_SKEW
    rows = [entry(n) for n in range(10)]
    rows[4].at = BEGIN + late + slack  # its clock is ahead, so its id is lower than that of earlier entries
    rows[6].at = BEGIN + late - slack  # and this one's is behind
    AuditEntry.objects.bulk_create(rows)
    found = search.page(Search(since=BEGIN + late - slack, until=BEGIN + late + slack + timedelta(seconds=1))).entries
    assert {one.pk for one in found} == {rows[4].pk, rows[5].pk, rows[6].pk}


@pytest.mark.django_db
@pytest.mark.parametrize("years", [-20, 20])
def test_single_entry_of_a_wrong_clock_hides_no_others(years: int) -> None:
    rows = [entry(n) for n in range(100)]
    rows[50].at += timedelta(days=365 * years)
    AuditEntry.objects.bulk_create(rows)
    period = Search(since=BEGIN - timedelta(days=3650), until=BEGIN + timedelta(days=3650))
    assert search.count(period, 1000) == 99


@pytest.mark.django_db
def test_period_is_narrowed_to_the_ids_around_it() -> None:
    made = ids_of(some(100))
    low, high = search._bounds(Search(since=BEGIN + timedelta(hours=40), until=BEGIN + timedelta(hours=60)))
    assert made[40] - low == limits.AUDIT_CLOCK_SAMPLE
    assert high - made[60] == limits.AUDIT_CLOCK_SAMPLE


@pytest.mark.django_db
def test_export_ends_where_it_began_although_entries_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_BATCH", 4)
    made = ids_of(some(10))
    found = []
    for batch in search.batches(Search(), search.newest_id()):
        found += ids_of(batch)
        some(2)
    assert found == made


@pytest.mark.django_db
def test_counting_stops_at_the_most_that_is_asked() -> None:
    some(9)
    assert search.count(Search(), 5) == 5
    assert search.count(Search(events=("signed_in", "signed_out")), 5) == 5
    assert search.count(Search(people=()), 5) == 0


@pytest.fixture
def busy(db: None) -> None:
    """Enough entries for the database to tell its indexes apart, and told how they are spread."""
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                at=BEGIN + timedelta(minutes=n),
                event=Event.values[n % 7],
                succeeded=n % 3 > 0,
                subject_id=n % 601,
                actor_id=n % 607,
                organisation_id=n % 11,
            )
            for n in range(8000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Search(people=(1, 2)), "audit_by_subject"),
        (Search(workers=(1,), succeeded=True), "audit_by_actor"),
        (Search(organisation=1), "audit_by_organisation"),
        (Search(events=("signed_in",)), "audit_by_event"),
        (Search(succeeded=False), "audit_by_event"),
        (Search(organisation=1, succeeded=False), "audit_by_organisation_event"),
        (Search(organisation=1, events=("signed_in",), since=BEGIN), "audit_by_organisation_event"),
    ],
)
def test_every_scan_uses_its_own_index_and_sorts_nothing(busy: None, wanted: Search, index: str) -> None:
    for scans in search._index_scans(wanted):
        for ascending in (False, True):
            plan = search._scan(wanted, scans, scans.values[0], (0, search.HIGHEST_ID), ascending)[:5].explain()
            assert f"{index} " in plan.replace("\n", " ") + " "
            assert "Sort" not in plan
            assert "TEMP B-TREE" not in plan

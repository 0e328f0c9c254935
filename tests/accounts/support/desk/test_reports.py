"""Reports "Dit was ik niet": who sees them, and who may say that they were looked at."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.models import Report
from tests.accounts.support.desk_pages import HERE, REPORTS
from tests.factories import UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True)


def report_of(person: User) -> Report:
    return Report.objects.create(user=person, entry=record(Event.PASSWORD_CHANGED, subject=person, origin=HERE))


def may_look(worker: User) -> User:
    worker.user_permissions.add(Permission.objects.get(codename="change_report"))
    return worker


def test_support_sees_reports_and_does_not_close_them(desk: User) -> None:
    report = report_of(UserFactory(email="gemeld@voorbeeld.nl"))
    client = signed_in(desk)
    page = shown(client, REPORTS)
    assert "gemeld@voorbeeld.nl" in page
    assert "Wachtwoord gewijzigd" in page
    assert "Ik heb dit bekeken" not in page
    assert client.post(f"{REPORTS}{report.pk}/bekeken/").status_code == 403
    report.refresh_from_db()
    assert report.looked_at is None


def test_who_has_the_right_closes_a_report_once_and_it_is_recorded(desk: User) -> None:
    report = report_of(UserFactory())
    client = signed_in(may_look(desk))
    for answer in ("Afgesloten.", "Iemand heeft hier al naar gekeken"):
        assert answer in shown(client, f"{REPORTS}{report.pk}/bekeken/", {"check": "called_back"})
    report.refresh_from_db()
    assert report.looked_by == desk
    assert (
        AuditEntry.objects.filter(event=Event.REPORT_LOOKED_AT, actor=desk, subject=report.user, succeeded=True).count()
        == 1
    )


def test_report_is_not_closed_without_saying_how_the_person_was_recognised(desk: User) -> None:
    report = report_of(UserFactory())
    client = signed_in(may_look(desk))
    for typed in ({}, {"check": "mail"}):
        assert "Kies hoe je deze persoon hebt herkend." in shown(client, f"{REPORTS}{report.pk}/bekeken/", typed)
    report.refresh_from_db()
    assert report.looked_at is None
    assert "Teruggebeld op een nummer dat we al hadden" in shown(client, REPORTS)


def test_nobody_closes_a_report_about_themselves(desk: User) -> None:
    report = report_of(may_look(desk))
    assert "het gaat over jou" in shown(signed_in(desk), f"{REPORTS}{report.pk}/bekeken/", {"check": "in_person"})
    report.refresh_from_db()
    assert report.looked_at is None

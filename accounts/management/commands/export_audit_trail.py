from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.audit.origin import CONSOLE
from accounts.audit.search import Search
from accounts.audit_pages import flows
from accounts.organisations.models import Organisation


class Command(BaseCommand):
    help = "Writes audit entries to a file, of any number. It is recorded, as an export in the administration is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=_day, help="first day, YYYY-MM-DD, in the portal's time zone")
        parser.add_argument("--to", dest="until", type=_day, help="last day, included")
        parser.add_argument("--organisation", default="", help="short name; without it the entries of everybody")
        parser.add_argument("--format", dest="kind", choices=["csv", "jsonl"], default="jsonl")
        parser.add_argument("--output", default="", help="a file that does not exist yet; without it standard output")

    def handle(self, *args: Any, since: date | None, until: date | None, **options: Any) -> None:
        if since and until and since > until:
            raise CommandError("--to lies before --from.")
        organisation = _organisation(options["organisation"])
        wanted = Search(
            organisation=organisation.pk if organisation else None,
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )
        asked = {"from": since, "to": until, "organisation": organisation}
        filters = {name: str(value) for name, value in asked.items() if value}
        made = flows.export_entries(
            wanted, actor=None, filters=filters, kind=options["kind"], origin=CONSOLE, limited=False
        )
        self._write(made, options["output"])

    def _write(self, made: flows.Export, output: str) -> None:
        if not output:
            for part in made.lines:
                self.stdout.write(part, ending="")
            return
        try:
            with Path(output).open("x", encoding="utf-8", newline="") as file:
                file.writelines(made.lines)
        except OSError as mistake:
            raise CommandError(f"{output} could not be written: {mistake.strerror}.") from None
        self.stderr.write(f"Written to {output}.", style_func=str)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year <= 2100:
        raise ValueError(text)
    return day


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _organisation(slug: str) -> Organisation | None:
    if not slug:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organisation with the short name {slug}.")
    return found

"""Everything that is kept about one person, as one file (GDPR, articles 15 and 20): in Dutch, without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import BinaryField, Field, Model, Q
from django.utils import timezone, translation
from django.utils.text import capfirst

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, Repetition
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail.models import OutgoingMail
from accounts.models import User
from accounts.throttling.models import AttemptCounter

# What opens something or is made from it, and what only the program can read. Nobody learns anything about a person.
NOT_SHOWN = frozenset(
    {"password", "digest", "salt", "data", "code", "account", "begun_in", "content", "void_steps", "last_step"}
    | {"message_id", "upstream", "mailbox", "key", "callback", "callback_number", "bucket", "subject"}
)
ELSEWHERE = (User, AuditEntry)  # in parts of their own
EXPLANATION = [
    "Dit bestand bevat alles wat de portal over deze persoon bewaart, op het moment dat hieronder staat.",
    "Tijden staan in UTC (zomertijd: twee uur later in Nederland, wintertijd: een uur later).",
    "Wachtwoorden, herstelcodes en de sleutel van de authenticator-app staan er niet in: die zijn alleen versleuteld "
    "of als controlegetal bewaard, en niemand kan ze lezen. De geheime helft van een passkey blijft op het apparaat: "
    "die hebben wij niet. Een vingerafdruk of gezicht krijgen wij nooit.",
    "'persoon' is het account; 'gegevens' zijn de tabellen waarin deze persoon voorkomt, met per rij de velden; "
    "'beveiligingsactiviteit' is wat er is gebeurd: 'subject' is over wie het ging, 'actor' wie het deed.",
    "Hoelang alles wordt bewaard, staat in de documentatie van de portal bij 'Data'.",
]


def export(user: User, origin: Origin, *, actor: User | None = None) -> Iterator[str]:
    """Record the export, and return the file in pieces: JSON, of which no more than `limits.EXPORT_BATCH` rows are in
    memory at once."""
    record(Event.PERSON_EXPORTED, subject=user, actor=actor, origin=origin)
    return _pieces(user)


def _pieces(user: User) -> Iterator[str]:
    with translation.override("nl"):
        head = {"uitleg": EXPLANATION, "gemaakt_op": timezone.now().isoformat(), "persoon": _row(user)}
        begin = _json(head).removesuffix("\n}")
    yield begin + ',\n"gegevens": {'
    for number, (model, keys) in enumerate(_tables(user)):
        with translation.override("nl"):
            title = f"{capfirst(str(model._meta.verbose_name_plural))} ({model._meta.label})"
        yield f"{',' if number else ''}\n{_json(title)}: ["
        yield from _rows(model, keys, _row)
        yield "]"
    yield '\n},\n"beveiligingsactiviteit": ['
    yield from _rows(AuditEntry, _keys(AuditEntry, Q(subject=user) | Q(actor=user)), _entry)
    yield "]\n}\n"


def models_about_people() -> Iterator[tuple[type[Model], list[str]]]:
    """Every table that names a person, with the columns that do. A new one is among them by itself."""
    for model in apps.get_models(include_auto_created=True):
        names = [
            field.name for field in model._meta.concrete_fields if field.is_relation and field.related_model is User
        ]
        if names and model not in ELSEWHERE:
            yield model, names


def _tables(user: User) -> Iterator[tuple[type[Model], list[Any]]]:
    """Those with rows about the person, and the keys of these."""
    found: list[tuple[type[Model], Any]] = []
    for model, names in models_about_people():
        which = Q()
        for name in names:
            which |= Q(**{name: user})
        found.append((model, which | Q(to__iexact=user.email) if model is OutgoingMail else which))
    found.append((AttemptCounter, Q(subject=f"user:{user.pk}")))
    found.append((Repetition, Q(subject=user.pk)))
    line: Any = apps.get_model("people", "ImportLine")
    found.append((line, Q(address__iexact=user.email)))
    for model, which in found:
        if keys := _keys(model, which):
            yield model, keys


def _keys(model: type[Model], which: Any) -> list[Any]:
    return list(model._base_manager.filter(which).order_by("pk").values_list("pk", flat=True))


def _rows(model: type[Model], keys: list[Any], shown: Callable[[Any], dict[str, Any]]) -> Iterator[str]:
    """In Dutch, and only while they are made: while they are sent, this thread may do something in another language."""
    comma = ""
    for first in range(0, len(keys), limits.EXPORT_BATCH):
        with translation.override("nl"):
            batch = model._base_manager.filter(pk__in=keys[first : first + limits.EXPORT_BATCH]).order_by("pk")
            lines = ",\n".join(_json(shown(row)) for row in batch)
        if lines:
            yield f"{comma}\n{lines}"
            comma = ","


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _entry(entry: AuditEntry) -> dict[str, Any]:
    who = {"gebeurtenis": entry.get_event_display(), "subject": entry.subject_name, "actor": entry.actor_name}
    return _row(entry) | who


def _row(row: Model) -> dict[str, Any]:
    return {_label(field): _plain(row, field) for field in row._meta.concrete_fields if _is_shown(field)}


def _is_shown(field: Field) -> bool:
    return not isinstance(field, BinaryField) and field.name not in NOT_SHOWN and not field.name.endswith("_key")


def _label(field: Field) -> str:
    return f"{field.verbose_name} ({field.name})" if str(field.verbose_name) != field.name else field.name


def _plain(row: Model, field: Field) -> Any:
    value = getattr(row, field.attname)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float, str, list, dict)) else str(value)

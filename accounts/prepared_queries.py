"""Queries and changes whose SQL is made once: for the few that every page or every sign-in needs.

Django makes the SQL of a query anew each time, which for a wide join takes ten times as long as SQLite takes to answer
it. A prepared query is written with the ORM like any other; its SQL, the converters of its columns and the positions of
its values are kept for each database connection. Why, and what for: docs/decisions/0017-prepared-queries.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models import sql
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


class Parameter(models.Value):
    """The place of a value that differs from one call to the next."""

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(name, output_field=output_field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def prepared(self, value: object, connection: Any) -> Any:
        """The value as the database takes it."""
        if self.for_save:
            return self.output_field.get_db_prep_save(value, connection)
        return self.output_field.get_db_prep_value(value, connection)


def _bound(parameters: Iterable[object], values: Mapping[str, object], connection: Any) -> list[Any]:
    return [one.prepared(values[one.value], connection) if isinstance(one, Parameter) else one for one in parameters]


def _kept(key: object, make: Callable[[Any], Any]) -> Any:
    """What ``make`` made for the connection of this thread. Kept on the connection itself, to which it refers: with its
    thread it all goes."""
    connection = connections[DEFAULT_DB_ALIAS]
    kept: dict[object, Any] = vars(connection).setdefault("prepared_queries", {})
    if key not in kept:
        kept[key] = make(connection)
    return kept[key]


class _Compiled(Generic[Row]):
    """The query for one connection: its SQL, and what makes objects of its rows."""

    def __init__(self, queryset: models.QuerySet[Row], connection: Any) -> None:
        self._connection = connection
        compiler = queryset.query.get_compiler(connection=connection)
        self._sql, self._parameters = compiler.as_sql()
        select, klass = compiler.select, compiler.klass_info
        self._converters = [
            (position, converters, expression)
            for position, (converters, expression) in compiler.get_converters(column[0] for column in select).items()
        ]
        self._makes_objects = vars(queryset)["_fields"] is None
        if not self._makes_objects:  # of `values_list`
            return
        first, last = klass["select_fields"][0], klass["select_fields"][-1] + 1
        self._model, self._columns = klass["model"], slice(first, last)
        self._names = [column[0].target.attname for column in select[self._columns]]
        self._related = get_related_populators(klass, select, connection.alias)  # type: ignore[call-arg]  # from 6.1 on
        self._annotations = list(compiler.annotation_col_map.items())

    def run(self, values: dict[str, object]) -> list[Any]:
        connection = self._connection
        with connection.cursor() as cursor:
            cursor.execute(self._sql, _bound(self._parameters, values, connection))
            rows = cursor.fetchall()
        if not self._makes_objects:
            return [tuple(self._converted(row)) for row in rows] if self._converters else rows
        return [self._object(row) for row in (map(self._converted, rows) if self._converters else map(list, rows))]

    def _converted(self, raw: tuple[Any, ...]) -> list[Any]:
        row = list(raw)
        for position, converters, expression in self._converters:
            for convert in converters:
                row[position] = convert(row[position], expression, self._connection)
        return row

    def _object(self, row: list[Any]) -> Row:
        found: Row = self._model.from_db(self._connection.alias, self._names, row[self._columns])
        for related in self._related:
            related.populate(row, found)
        for name, position in self._annotations:
            setattr(found, name, row[position])
        return found


class PreparedQuery(Generic[Row]):
    """``make`` returns the query, with a `Parameter` for each value; called once for each connection. A query of
    `values_list` gives tuples."""

    def __init__(self, make: Callable[[], models.QuerySet[Row]]) -> None:
        self._make = make

    def __call__(self, **values: object) -> list[Row]:
        """The objects that it finds now. ``values``: by the names of the parameters."""
        compiled: _Compiled[Row] = _kept(self, lambda connection: _Compiled(self._make(), connection))
        return compiled.run(values)


class _CompiledUpdate:
    def __init__(self, rows: models.QuerySet[Any], changes: dict[str, object], connection: Any) -> None:
        self._connection = connection
        query: Any = rows.query.chain(sql.UpdateQuery)
        query.add_update_values(changes)
        self._sql, self._parameters = query.get_compiler(connection=connection).as_sql()

    def run(self, values: dict[str, object]) -> int:
        connection = self._connection
        with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
            cursor.execute(self._sql, _bound(self._parameters, values, connection))
            return int(cursor.rowcount)


class PreparedUpdate:
    """``make`` returns the rows and their new values, with a `Parameter` for each value that differs; called once for
    each connection."""

    def __init__(self, make: Callable[[], tuple[models.QuerySet[Any], dict[str, object]]]) -> None:
        self._make = make

    def __call__(self, **values: object) -> int:
        """How many rows it changed. ``values``: by the names of the parameters."""
        compiled: _CompiledUpdate = _kept(self, lambda connection: _CompiledUpdate(*self._make(), connection))
        return compiled.run(values)


class _CompiledInsert:
    """For one model, with or without its key, which the database may give."""

    def __init__(self, model: type[models.Model], has_key: bool, connection: Any) -> None:
        self._connection, self._has_key = connection, has_key
        options = model._meta
        self._fields = [one for one in options.local_concrete_fields if has_key or one is not options.pk]
        query: Any = sql.InsertQuery(model)
        places = SimpleNamespace(**{one.attname: Parameter(one.attname, one) for one in self._fields})
        query.insert_values(self._fields, [places], raw=True)
        compiler = query.get_compiler(connection=connection)
        compiler.returning_fields = None if has_key else [options.pk]
        ((self._sql, self._parameters),) = compiler.as_sql()

    def run(self, row: models.Model) -> None:
        connection = self._connection
        values = {one.attname: one.pre_save(row, add=True) for one in self._fields}
        with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
            cursor.execute(self._sql, _bound(self._parameters, values, connection))
            if not self._has_key:
                (row.pk,) = cursor.fetchone()
        row._state.adding, row._state.db = False, connection.alias


def insert(row: models.Model) -> None:
    """As ``row.save(force_insert=True)``, for a model without parents; no signal is sent, because nothing here listens
    for one (`tests/accounts/test_prepared_queries.py`). Raises IntegrityError when there is such a row."""
    model, has_key = type(row), row.pk is not None
    compiled: _CompiledInsert = _kept((model, has_key), lambda connection: _CompiledInsert(model, has_key, connection))
    compiled.run(row)

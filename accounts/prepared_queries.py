"""Queries whose SQL is made once: for the few that every page or every sign-in needs.

Django makes the SQL of a query anew each time, which for a wide join takes ten times as long as SQLite takes to answer
it. A prepared query is written with the ORM like any other; its SQL, the converters of its columns and the positions of
its values are kept for each database connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
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
        return self.output_field.get_db_prep_value(value, connection)


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
        parameters = [
            one.prepared(values[one.value], connection) if isinstance(one, Parameter) else one
            for one in self._parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            rows = cursor.fetchall()
        converted = map(self._converted, rows) if self._converters else map(list, rows)
        return [self._object(row) for row in converted] if self._makes_objects else [tuple(row) for row in converted]

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
        connection = connections[DEFAULT_DB_ALIAS]
        # On the connection itself, to which the converters refer: with its thread it all goes.
        kept: dict[PreparedQuery[Any], _Compiled[Any]] = vars(connection).setdefault("prepared_queries", {})
        if self not in kept:
            kept[self] = _Compiled(self._make(), connection)
        return kept[self].run(values)

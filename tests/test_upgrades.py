"""Migrations leave a schema with which the code of the release before works: docs/operations.md, "Upgrading".

Old processes run on the new schema until each of them was restarted, and again after an upgrade that went wrong. So a
new column is nullable or has a default in the database, because old code inserts rows without it; and nothing that old
code reads or writes goes, is renamed, or takes less than before.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CharField, IntegerField, Model

OWN = ("accounts", "environments", "django.db.migrations")  # the last: migrations that a test makes
TAKES_AWAY = (
    operations.RemoveField,
    operations.RenameField,
    operations.DeleteModel,
    operations.RenameModel,
    operations.AlterModelTable,
    operations.AddConstraint,
)
# With the reason. A column goes in the release after the one whose code stopped using it: add it here then.
ALLOWED = {
    "organisations.0003_first_day: Create constraint required_has_a_first_day on model organisation":
        "code of before writes neither column of it",
    "organisations.0009_passkeys: Create constraint passkey_has_a_first_day on model organisation":
        "code of before writes neither column of it",
}  # fmt: skip


def faults_of(operation: Operation, app: str, state: ProjectState) -> list[str]:
    """``state``: before the operation. Called only for tables of earlier migrations."""
    if isinstance(operation, TAKES_AWAY):
        return [operation.describe()]
    if isinstance(operation, operations.AlterField):
        before: Any = state.models[app, operation.model_name_lower].fields[operation.name]
        after: Any = operation.field
        shorter = (after.max_length or 10**9) < (before.max_length or 10**9)
        if (before.null and not after.null) or (after.unique and not before.unique) or shorter:
            return [f"{operation.describe()}: it takes less than before"]
    return []


def columns_without_default(state: ProjectState, added: set[tuple[str, str, str]]) -> list[str]:
    """Of the columns that were added to a table of an earlier migration. In the last state: a later migration may have
    given one its default, and code of before runs when all of them were applied."""
    found = []
    for app, model, name in sorted(added):
        field: Any = state.models[app, model].fields.get(name) if (app, model) in state.models else None
        if field is not None and not field.null and not field.many_to_many and field.db_default is NOT_PROVIDED:
            found.append(f"{app}.{model}.{name}")
    return found


def judge(plan: list[Migration]) -> tuple[list[str], list[str]]:
    """What takes something away, and the columns without a default."""
    state, faults, added = ProjectState(), [], set()
    for migration in plan:
        own = type(migration).__module__.startswith(OWN)
        app = migration.app_label
        made = {one.name_lower for one in migration.operations if isinstance(one, operations.CreateModel)}
        for operation in migration.operations:
            model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
            if own and model not in made:
                faults += [f"{app}.{migration.name}: {fault}" for fault in faults_of(operation, app, state)]
                if isinstance(operation, operations.AddField):
                    added.add((app, model, operation.name))
            operation.state_forwards(app, state)
    return faults, columns_without_default(state, added)


def plan() -> list[Migration]:
    graph = MigrationLoader(None).graph
    found: dict[Any, Migration] = {}
    for leaf in graph.leaf_nodes():
        found |= {node: graph.nodes[node] for node in graph.forwards_plan(leaf) if node not in found}
    return list(found.values())


def test_code_of_the_release_before_works_with_the_schema_of_this_one() -> None:
    faults, columns = judge(plan())
    assert set(faults) == set(ALLOWED)
    assert columns == []


def test_migration_that_would_stop_old_processes_is_found() -> None:
    """The judge itself, on each kind of fault."""
    first, second = Migration("0001_initial", "x"), Migration("0002_more", "x")
    name, number = CharField(max_length=9, null=True), IntegerField()
    first.operations = [operations.CreateModel("Thing", [("name", name), ("old", number)], bases=(Model,))]
    second.operations = [
        operations.AddField("thing", "bare", IntegerField(default=0)),
        operations.AddField("thing", "empty", IntegerField(null=True)),
        operations.AddField("thing", "filled", IntegerField(db_default=0)),
        operations.AlterField("thing", "name", CharField(max_length=9)),
        operations.RemoveField("thing", "old"),
        operations.CreateModel("Other", [("name", CharField(max_length=5))]),
        operations.AddField("other", "bare", IntegerField(default=0)),
    ]
    faults, columns = judge([first, second])
    assert len(faults) == 2
    assert columns == ["x.thing.bare"]

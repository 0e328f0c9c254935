"""Every shape of list gives the people that are in it, and nobody else."""

from __future__ import annotations

import pytest

from tests.environments.people.list_shapes import outcome
from tests.environments.people.shapes import SHAPES
from tests.environments.people.shapes.parts import Shape


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_people_of_a_list_are_read_whole(shape: Shape) -> None:
    found = outcome(shape.content)
    assert found.people == list(shape.people)
    assert found.wrong == shape.wrong
    assert set(shape.unused) <= set(found.named)


def test_table_is_as_large_as_was_asked() -> None:
    assert len(SHAPES) > 40
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)

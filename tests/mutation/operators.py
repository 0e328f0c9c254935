"""Faults that cosmic-ray does not make itself: in calls, locks and transactions."""

from __future__ import annotations

from collections.abc import Iterator

import parso
from cosmic_ray.operators.operator import Operator
from parso.tree import NodeOrLeaf

Position = tuple[tuple[int, int], tuple[int, int]]


def trailers(node: NodeOrLeaf, name: str) -> Iterator[int]:
    """Where ``.name`` stands among the children of an expression such as ``rows.name(...)``."""
    for index, child in enumerate(getattr(node, "children", [])):
        if child.type == "trailer" and child.children[0].value == "." and child.children[1].value == name:
            yield index


class ByText(Operator):
    """An operator whose mutants are texts that replace a node."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        raise NotImplementedError

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        for _ in self.texts(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        text = self.texts(node)[index]
        return parso.python.tree.Name(text, node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def code(nodes: list[NodeOrLeaf]) -> str:
    return "".join(node.get_code() for node in nodes).strip()


class RemoveSelectForUpdate(ByText):
    """``rows.select_for_update().get()`` -> ``rows.all().get()``: the row is read without a lock."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        return [
            code(node.children[:index]) + ".all()" + code(node.children[index + 2 :])
            for index in trailers(node, "select_for_update")
        ]


class RemoveAtomicBlock(ByText):
    """``with transaction.atomic():`` -> ``if True:``: what the block did before a failure stays."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        if node.type == "with_stmt" and code([node.children[1]]).endswith(".atomic()"):
            return ["if True" + "".join(child.get_code() for child in node.children[2:])]
        return []


class RemoveAtomicDecorator(Operator):
    """``@transaction.atomic`` removed."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if node.type == "decorator" and ".atomic" in node.get_code():
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> None:
        return None

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class RunBeforeCommit(ByText):
    """``transaction.on_commit(work)`` -> ``work()``: done also when the transaction fails afterwards."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        return [
            "(lambda work, **options: work())" + code(node.children[index + 1 :])
            for index in trailers(node, "on_commit")
        ]


class DropUpdateCondition(ByText):
    """``filter(pk=1, used=None).update(...)`` -> ``filter(pk=1).update(...)``: the second of two requests wins too."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        found = []
        for update in trailers(node, "update"):
            for start in trailers(node, "filter"):
                arguments = node.children[start + 1].children[1]
                if start < update and arguments.type == "arglist":
                    kept = arguments.children[0].get_code().strip()
                    before, after = node.children[: start + 1], node.children[start + 2 :]
                    found.append(f"{code(before)}({kept}){code(after)}")
        return found


class RemoveCall(ByText):
    """A call whose answer nobody uses -> nothing."""

    def texts(self, node: NodeOrLeaf) -> list[str]:
        is_statement = node.parent is not None and node.parent.type in ("simple_stmt", "suite")
        if is_statement and node.type == "atom_expr" and node.children[-1].get_code().startswith("("):
            return ["None"]
        return []


LOCKS = (RemoveSelectForUpdate, RemoveAtomicBlock, RemoveAtomicDecorator, RunBeforeCommit, DropUpdateCondition)

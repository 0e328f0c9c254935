"""A page and what it extends as one list of nodes: each block replaced by its innermost version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.template import Node, NodeList, Template
from django.template.base import TextNode, VariableNode
from django.template.loader_tags import BlockNode, ExtendsNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from assetmaps.folded_templates.nodes import in_scope, is_container, literal, with_children

SUPER = "block.super"


class UnknownParentError(Exception):
    """Which template it extends is known only while rendering, or a block is in a tag that is not known here."""


@dataclass
class Blocks:
    """By name: the versions of a block, that of the page itself first."""

    versions: dict[str, list[BlockNode]] = field(default_factory=lambda: defaultdict(list))

    def add(self, blocks: Iterable[BlockNode]) -> None:
        for block in blocks:
            self.versions[block.name].append(block)

    def content(self, name: str, number: int) -> list[Node]:
        """Version ``number``; nothing where there is none, as for `block.super` in the outermost template."""
        if number >= len(self.versions[name]):
            return []
        nodes = self.versions[name][number].nodelist
        return in_scope(list(self.filled_in(nodes, (name, number))))

    def filled_in(self, nodes: NodeList, inside: tuple[str, int] | None) -> Iterator[Node]:
        """``inside``: the block around the nodes, and which version of it that is."""
        for node in nodes:
            if isinstance(node, BlockNode):
                yield from self.content(node.name, 0)
            elif inside and _is_super(node):
                yield from self.content(inside[0], inside[1] + 1)
            elif is_container(node):
                yield with_children(node, lambda children: self.filled_in(children, inside))
            elif node.get_nodes_by_type(BlockNode) or (inside and _looks_at_block(node)):
                raise UnknownParentError
            else:
                yield node


def flattened(template: Template) -> list[Node]:
    """The nodes of the whole page. Raises `UnknownParentError`."""
    blocks, texts, read = Blocks(), [], [template.origin]
    while extends := _extends(template):
        parent = literal(extends.parent_name)
        if parent is None:
            raise UnknownParentError
        blocks.add(extends.blocks.values())
        texts += [node for node in template.nodelist if isinstance(node, TextNode)]
        template, origin = template.engine.find_template(parent, skip=read)
        read.append(origin)
    blocks.add(node for node in template.nodelist.get_nodes_by_type(BlockNode) if isinstance(node, BlockNode))
    return [*texts, *blocks.filled_in(template.nodelist, None)]


def _extends(template: Template) -> ExtendsNode | None:
    """The tag, which only text may precede."""
    first = next((node for node in template.nodelist if not isinstance(node, TextNode)), None)
    return first if isinstance(first, ExtendsNode) else None


def _is_super(node: Node) -> bool:
    return isinstance(node, VariableNode) and node.filter_expression.token == SUPER


def _looks_at_block(node: Node) -> bool:
    """Does it use the block around it in another way than `{{ block.super }}`?"""
    is_text = isinstance(node, (TextNode, TranslateNode, BlockTranslateNode))
    return not is_text and node.token is not None and "block." in node.token.contents

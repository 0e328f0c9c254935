"""What folding knows about each kind of node, and how a changed copy of one is made: those of Django are shared."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from django.template import Node, NodeList
from django.template.base import FilterExpression, TextNode, VariableNode
from django.template.defaulttags import (
    AutoEscapeControlNode,
    CsrfTokenNode,
    FilterNode,
    FirstOfNode,
    ForNode,
    IfNode,
    NowNode,
    SpacelessNode,
    URLNode,
    WidthRatioNode,
    WithNode,
)
from django.template.library import SimpleNode
from django.template.loader_tags import IncludeNode
from django.templatetags.i18n import (
    BlockTranslateNode,
    GetAvailableLanguagesNode,
    GetCurrentLanguageNode,
    TranslateNode,
)
from django.templatetags.static import StaticNode

# Tags with others inside, and the attributes that hold those. `IfNode` is one too, but keeps them in pairs.
CONTAINERS: dict[type[Node], tuple[str, ...]] = {
    ForNode: ("nodelist_loop", "nodelist_empty"),
    WithNode: ("nodelist",),
    AutoEscapeControlNode: ("nodelist",),
    SpacelessNode: ("nodelist",),
    FilterNode: ("nodelist",),
}
# Tags that leave a value behind when they are told a name for it (`as`), and the attribute that holds the name.
NAMED: dict[type[Node], str] = {
    URLNode: "asvar",
    TranslateNode: "asvar",
    BlockTranslateNode: "asvar",
    StaticNode: "varname",
    NowNode: "asvar",
    FirstOfNode: "asvar",
    WidthRatioNode: "asvar",
    SimpleNode: "target_var",
}
SILENT = (TextNode, VariableNode, CsrfTokenNode, IncludeNode)
SETTING = (GetAvailableLanguagesNode, GetCurrentLanguageNode, URLNode, TranslateNode, BlockTranslateNode)


def is_container(node: Node) -> bool:
    return type(node) is IfNode or type(node) in CONTAINERS


def with_children(container: Node, change: Callable[[NodeList], Iterable[Node]]) -> Node:
    """The same tag around other nodes."""
    changed = copy.copy(container)
    if isinstance(changed, IfNode):
        pairs = changed.conditions_nodelists
        changed.conditions_nodelists = [(condition, NodeList(change(nodes))) for condition, nodes in pairs]
    else:
        for name in CONTAINERS[type(changed)]:
            setattr(changed, name, NodeList(change(getattr(changed, name))))
    return changed


def remembers_nothing(node: Node) -> bool:
    """Can it stand in another template in a scope of its own? Not if it counts how often it was shown, as `cycle` does.
    False for a tag that is not known here."""
    if is_container(node):
        return all(map(remembers_nothing, _children(node)))
    return isinstance(node, SETTING) or leaves_nothing(node)


def leaves_nothing(node: Node) -> bool:
    """Can it stand in another template without a scope? Not if it sets a value. False for a tag that is not known."""
    if is_container(node):
        return all(map(leaves_nothing, _children(node)))
    if isinstance(node, SILENT):
        return True
    named = [name for kind, name in NAMED.items() if isinstance(node, kind)]
    return bool(named) and getattr(node, named[0]) is None and not getattr(node, "takes_context", False)


def _children(container: Node) -> Iterable[Node]:
    if isinstance(container, IfNode):
        return list(container)
    return [node for name in CONTAINERS[type(container)] for node in getattr(container, name)]


def in_scope(nodes: list[Node]) -> list[Node]:
    """The nodes; in a scope of their own where they could leave a value behind."""
    return nodes if all(map(leaves_nothing, nodes)) else [WithNode(None, None, NodeList(nodes))]


def literal(expression: Any) -> str | None:
    """What stands between quotes in a tag, or None when it is anything else."""
    if isinstance(expression, FilterExpression) and isinstance(expression.var, str) and not expression.filters:
        return str(expression.var)
    return None


def in_place_of(plain: Node, node: Node) -> Node:
    """``node``, which says in case of an error that it stands where ``plain`` stood."""
    node.token, node.origin = plain.token, plain.origin
    return node

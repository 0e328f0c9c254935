"""Works out the constant parts of a template in the language of this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.template import Context, Node, NodeList, Template, TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import TextNode, Variable, VariableNode
from django.template.defaulttags import (
    CommentNode,
    FirstOfNode,
    ForNode,
    IfNode,
    LoadNode,
    TemplateTagNode,
    URLNode,
    WithNode,
)
from django.template.loader_tags import IncludeNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import reverse
from django.utils.html import conditional_escape

from assetmaps.folded_templates.inheritance import UnknownParentError, flattened
from assetmaps.folded_templates.lookups import quick_node
from assetmaps.folded_templates.nodes import (
    in_place_of,
    in_scope,
    is_container,
    literal,
    remembers_nothing,
    with_children,
)

ADDRESSES = 4096  # that a process remembers: some hundred environments with their pictures
QUICK = (VariableNode, IfNode, ForNode, WithNode, URLNode, BlockTranslateNode, IncludeNode, FirstOfNode)


def folded(template: Template) -> NodeList:
    """The nodes that make the page; those of Django where it cannot be known before which template it extends."""
    try:
        return NodeList(_folded(flattened(template), template, (str(template.name),)))
    except UnknownParentError:
        return template.nodelist


def _folded(nodes: Iterable[Node], template: Template, inside: tuple[str, ...]) -> list[Node]:
    """``inside``: the templates that these nodes are in, so that one that includes itself comes to an end."""
    changed = [new for node in nodes for new in _fold(node, template, inside)]
    return list(_joined(changed))


def _fold(node: Node, template: Template, inside: tuple[str, ...]) -> list[Node]:
    if type(node) is IncludeNode:
        return _included(node, template, inside)
    if is_constant := CONSTANTS.get(type(node)):
        text = _text(node, template) if is_constant(node) else None
        if text is not None:
            return [TextNode(text)]
    if is_container(node):
        node = with_children(node, lambda nodes: _folded(nodes, template, inside))
    if type(node) not in QUICK:
        return [node]
    quick = quick_node(node)
    if isinstance(quick, BlockTranslateNode):
        return [PhraseNode(quick)]
    return [AddressNode(quick) if isinstance(quick, URLNode) and _is_plain_address(quick) else quick]


def _joined(nodes: list[Node]) -> Iterator[Node]:
    for are_texts, group in groupby(nodes, lambda node: isinstance(node, TextNode)):
        if not are_texts:
            yield from group
        elif text := "".join(node.s for node in group if isinstance(node, TextNode)):
            yield TextNode(text)


def _included(node: IncludeNode, template: Template, inside: tuple[str, ...]) -> list[Node]:
    """The nodes of the other template in place of the tag, where that makes no difference."""
    name = literal(node.template)
    if name is None or node.isolated_context or name in inside:
        return [quick_node(node)]
    try:
        other, _origin = template.engine.find_template(name, skip=[])
        nodes = _folded(flattened(other), other, (*inside, name))
    except (TemplateDoesNotExist, TemplateSyntaxError, UnknownParentError):
        return [quick_node(node)]  # a mistake in it counts only where it is shown
    if not all(map(remembers_nothing, nodes)):
        return [quick_node(node)]
    if not node.extra_context:
        return in_scope(nodes)
    return [quick_node(in_place_of(node, WithNode(None, None, NodeList(nodes), node.extra_context)))]


def _text(node: Node, template: Template) -> str | None:
    """What the node shows; None if that depends on escaping, or if it fails, which it then does where it is shown."""
    try:
        texts = {node.render(_context(template, autoescape=escapes)) for escapes in (True, False)}
    except Exception:
        return None
    return texts.pop() if len(texts) == 1 else None


def _context(template: Template, *, autoescape: bool) -> Context:
    context = Context(autoescape=autoescape)
    context.template = template
    return context


def _always(_node: Any) -> bool:
    return True


def _is_constant_text(node: TranslateNode) -> bool:
    # Its constructor turned the text between quotes into a variable without names.
    text, about = node.filter_expression, node.message_context
    is_literal = isinstance(text.var, Variable) and isinstance(text.var.literal, str) and not text.filters
    return is_literal and not node.asvar and (about is None or literal(about) is not None)


def _is_constant_phrase(node: BlockTranslateNode) -> bool:
    more = node.asvar, node.extra_context, node.plural, node.message_context
    return not any(more) and not node.render_token_list(node.singular)[1]


def _is_constant_file(node: StaticNode) -> bool:
    return node.varname is None and literal(node.path) is not None


def _is_constant_address(node: URLNode) -> bool:
    return not node.args and _is_plain_address(node)


def _is_plain_address(node: URLNode) -> bool:
    """A name without a namespace: one with it could depend on the request."""
    name = literal(node.view_name)
    return name is not None and ":" not in name and not node.kwargs and not node.asvar


CONSTANTS: dict[type[Node], Callable[[Any], bool]] = {
    LoadNode: _always,
    CommentNode: _always,
    TemplateTagNode: _always,
    TranslateNode: _is_constant_text,
    BlockTranslateNode: _is_constant_phrase,
    StaticNode: _is_constant_file,
    URLNode: _is_constant_address,
}


@lru_cache(ADDRESSES, typed=True)
def _address(name: str, *args: str | int) -> str:
    return reverse(name, args=args)


class AddressNode(URLNode):
    """`{% url 'name' value %}`. Working out an address takes as long as ten variables; most are asked for again."""

    def __init__(self, plain: URLNode) -> None:
        super().__init__(plain.view_name, plain.args, plain.kwargs, plain.asvar)
        self.name = literal(plain.view_name)
        in_place_of(plain, self)

    def render(self, context: Context) -> str:
        args = [arg.resolve(context) for arg in self.args]
        if not all(type(arg) in (str, int) for arg in args):  # another may be equal and yet look different
            return super().render(context)
        address = _address(self.name, *args)
        return conditional_escape(address) if context.autoescape else address


class PhraseNode(BlockTranslateNode):
    """`{% blocktranslate %}` with values. Django puts the text to be translated together each time."""

    def __init__(self, plain: BlockTranslateNode) -> None:  # not super's: all is known
        vars(self).update(vars(plain))
        self.texts = [(part, plain.render_token_list(part)) for part in (plain.singular, plain.plural) if part]

    def render_token_list(self, tokens: list[Any]) -> tuple[str, list[str]]:
        text, names = next(found for part, found in self.texts if part is tokens)
        return text, [*names]  # the caller adds to it

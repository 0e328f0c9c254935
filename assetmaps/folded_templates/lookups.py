"""Values by name, as Django finds them, without the steps that are rarely needed.

Django tries each part of a name as a key first, and raises and catches an exception for every attribute. Here an
attribute of an object without keys is taken at once. Whatever fails or is rare goes Django's way, from the beginning.
"""

from __future__ import annotations

import copy
from html import escape
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.forms import BoundField
from django.template import Node
from django.template.base import FilterExpression, Variable, VariableNode
from django.template.context import Context
from django.template.defaulttags import TemplateLiteral
from django.template.smartif import TokenBase
from django.utils.functional import SimpleLazyObject, empty
from django.utils.safestring import SafeString

NO_KEY = (TypeError, AttributeError, KeyError, ValueError, IndexError)  # what Django takes for "no such key"


class UnusualNameError(Exception):
    """Django shall look it up."""


def look_up(context: Context, names: tuple[str, ...]) -> Any:
    """The value of ``names``, the parts between the dots. Raises `UnusualNameError`, or what a property raises."""
    for scope in reversed(context.dicts):
        if names[0] in scope:
            value = scope[names[0]]
            break
    else:
        raise UnusualNameError
    if callable(value):
        value = _called(value)
    for name in names[1:]:
        value = _part(_unwrapped(value) if type(value) is SimpleLazyObject else value, name)
        if callable(value):
            value = _called(value)
    return value


def _part(value: Any, name: str) -> Any:
    kind = type(value)
    if hasattr(kind, "__getitem__") and kind is not BoundField:  # its only keys are numbers
        try:
            return value[name]
        except NO_KEY:
            pass
    return getattr(value, name)


def _unwrapped(lazy: SimpleLazyObject) -> Any:
    """Each attribute of the lazy object itself costs three calls."""
    if lazy._wrapped is empty:
        lazy._setup()
    return lazy._wrapped


def _called(value: Any) -> Any:
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        raise UnusualNameError
    return value()


class QuickVariable(Variable):
    """The variable in an expression with filters."""

    def __init__(self, plain: Variable) -> None:  # not super's, which would parse it again
        self.var, self.literal, self.lookups = plain.var, plain.literal, plain.lookups
        self.translate, self.message_context = plain.translate, plain.message_context
        self.names = tuple(plain.lookups or ())

    def resolve(self, context: Any) -> Any:
        try:
            return look_up(context, self.names)
        except Exception:  # Django decides what it means
            return super().resolve(context)


class QuickExpression(FilterExpression):
    """An expression without filters."""

    def __init__(self, plain: FilterExpression) -> None:  # not super's, which would parse it again
        self.token, self.filters, self.var, self.is_var = plain.token, plain.filters, plain.var, plain.is_var
        self.names = tuple(plain.var.lookups)

    def resolve(self, context: Context, ignore_failures: bool = False) -> Any:
        try:
            return look_up(context, self.names)
        except ObjectDoesNotExist:  # an organisation without a logo; Django makes a list of all names of the object
            if context.template is None:
                raise
            return context.template.engine.string_if_invalid
        except Exception:  # Django decides what it means
            return super().resolve(context, ignore_failures)


class QuickLiteral(TemplateLiteral):
    """A value without filters in a condition."""

    def __init__(self, value: QuickExpression, text: str) -> None:
        super().__init__(value, text)
        self.names = value.names

    def eval(self, context: Any) -> Any:
        try:
            return look_up(context, self.names)
        except Exception:  # the expression decides what it means
            return super().eval(context)


class QuickVariableNode(VariableNode):
    def render(self, context: Context) -> str:
        """Text needs no time zone and no decimal comma, and a whole number nothing where thousands are not grouped."""
        value = self.filter_expression.resolve(context)
        kind = type(value)
        if kind is str:
            return escape(value) if context.autoescape else value
        if kind is SafeString:
            return value
        if kind is int and not settings.USE_THOUSAND_SEPARATOR:
            return str(value)
        return super().render(context)


def quick(part: Any) -> Any:
    """A copy of a part of a node in which every name is looked up quickly."""
    if type(part) is FilterExpression:
        return _quick_expression(part)
    if isinstance(part, TokenBase):  # a condition
        return _quick_condition(part)
    if type(part) in (list, tuple):
        return type(part)(map(quick, part))
    return {name: quick(value) for name, value in part.items()} if type(part) is dict else part


def _quick_condition(plain: TokenBase) -> TokenBase:
    changed = copy.copy(plain)
    vars(changed).update({name: quick(value) for name, value in vars(plain).items()})
    if isinstance(changed, TemplateLiteral) and isinstance(changed.value, QuickExpression):
        return QuickLiteral(changed.value, changed.text)
    return changed


def _quick_expression(plain: FilterExpression) -> FilterExpression:
    if not isinstance(plain.var, Variable) or not plain.var.lookups or plain.var.translate:
        return plain
    if not plain.filters:
        return QuickExpression(plain)
    changed = copy.copy(plain)
    changed.var = QuickVariable(plain.var)
    return changed


def quick_node(node: Node) -> Node:
    """The node with every expression of its own made quick; not the nodes inside it."""
    changed = QuickVariableNode(node.filter_expression) if type(node) is VariableNode else copy.copy(node)
    vars(changed).update({name: quick(value) for name, value in vars(node).items()})
    return changed

"""The loader that `TEMPLATES` names, and the templates that it gives."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

from django.template import Engine, Node, Origin, Template
from django.template.context import Context
from django.template.loaders import cached
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from assetmaps.folded_templates import folding


class FoldedTemplate(Template):
    """A template in one language."""

    def __init__(self, plain: Template, language: str | None) -> None:  # not super's, which would parse it again
        self.name, self.origin, self.engine, self.source = plain.name, plain.origin, plain.engine, plain.source
        self.language = language
        self.nodelist = folding.folded(plain)

    def render(self, context: Context) -> SafeString:
        """Raises what a tag raises, with a note that names the file and the line."""
        if get_language() != self.language:  # it changed since the template was asked for
            return self.engine.get_template(str(self.name)).render(context)
        try:
            return super().render(context)
        except Exception as error:
            _name_the_place(error)
            raise


class Loader(cached.Loader):
    def __init__(self, engine: Engine, loaders: Sequence[Any]) -> None:
        self.folded: dict[tuple[str | None, str], Template] = {}
        super().__init__(engine, loaders)

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        """With ``skip``, as the tag `extends` asks: as Django parsed it, with its blocks."""
        if skip is not None:
            return super().get_template(template_name, skip)
        key = get_language(), template_name
        if key not in self.folded:
            self.folded[key] = FoldedTemplate(super().get_template(template_name), key[0])
        return self.folded[key]

    def reset(self) -> None:
        super().reset()
        self.folded.clear()


def _name_the_place(error: Exception) -> None:
    if getattr(error, "__notes__", None):  # a template inside this one, such as that of a field, did it
        return
    frames = (frame for frame, _line in traceback.walk_tb(error.__traceback__))
    callers = (frame.f_locals.get("self") for frame in frames)
    places = [
        (node.origin.template_name, node.token.lineno) for node in callers if isinstance(node, Node) and node.token
    ]
    if places:
        error.add_note('In template "{!s}", line {}'.format(*places[-1]))
